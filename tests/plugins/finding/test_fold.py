"""The shadow of a text: what it says, and where that came from."""

import json
import time
import unicodedata
from base64 import b64encode, urlsafe_b64encode
from itertools import pairwise
from urllib.parse import quote

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from plugins.finding.decoded import MOST
from plugins.finding.fold import fold
from plugins.finding.shadow import Edit, Shadow, whole_graphemes

MAIL = "anna@example.org"


@pytest.mark.parametrize(
    ("text", "shadow"),
    [
        ("an\u200bna@exam\u00adple.org", MAIL),
        ("\u202eanna\u200f@\ufeffexample.org\u202c", MAIL),
        ("anna\uff20example\uff0eorg", MAIL),
        ("anna%40example%2Eorg", MAIL),
        ("anna%2540example.org", MAIL),
        ("M%FCller M%C3%BCller %uD800", "M\u00fcller M\u00fcller %uD800"),
        (r"anna\u0040example.org", MAIL),
        (r"anna\\u0040example.org", MAIL),
        (r"anna\x40example\.org", MAIL),
        ("anna&#64;example&period;org", MAIL),
        ("anna&#x40;example.org", MAIL),
        ("anna&amp;commat;example.org", MAIL),
        ("&#97;&shy;nna@example.org", MAIL),
        ("\u0430nn\u0430@\u0435x\u0430mple.org", MAIL),
        ("\u0430\u0440\u0435@\u0445.\u043e\u0440", "ape@x.op"),
        ("a\u0336n\u0336n\u0336a\u0336@example.org", MAIL),
        ("\U0001d552\U0001d55f\U0001d55f\U0001d552@example.org", MAIL),
        ("".join(chr(0xE0000 + ord(char)) for char in MAIL), MAIL),
        (b64encode(MAIL.encode()).decode(), MAIL),
        (f"x {b64encode(MAIL.encode()).decode().rstrip('=')}.", f"x {MAIL}."),
        (MAIL.encode().hex(), MAIL),
        (quote(b64encode(MAIL.encode()).decode()), MAIL),
        ("\u0664\u0661\u0661\u0661 \uff14\uff11\uff11\uff11", "4111 4111"),
        ("4\ufe0f\u20e31\ufe0f\u20e3 \u2460\u2776\u00b2", "41 112"),
        ("4111\u00a04111\u20114111\u20134111\u2212", "4111 4111-4111-4111-"),
        (r"a\nb\/c \ud83d\ude00", "a\nb/c \U0001f600"),
        ("Jose\u0301 D\u00c989", "Jos\u00e9 DE89"),
        ("M\u0430ri\u0430 \u0421\u043e\u0445", "Maria Cox"),
        ("\u0410\u041277", "AB77"),
        ("89D\u00c9", "89DE"),
        ("020 \u2013 7946\u20140958", "020 - 7946-0958"),
        ("\u1d00\u0274\u0274\u1d00@example.org", MAIL),
    ],
)
def test_disguise_is_undone(text: str, shadow: str) -> None:
    assert fold(text).text == shadow


@pytest.mark.parametrize(
    "text",
    [
        "\u041c\u0430\u0440\u0438\u044f \u0441 Anna, \u0430 \u043e\u043d \u043d\u0435\u0442",
        "\u041a\u0430\u043a \u0442\u0430\u043c \u043c\u0430\u043c\u0430?",
        "\u039c\u03b1\u03c1\u03af\u03b1 \u03ba\u03b1\u03b9 Anna",
        "\u043f\u043e\u0447\u0442\u0430@\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444",
        "Jos\u00e9 and \u0141ukasz \u2013 caf\u00e9s \u2014 \u201cyes\u201d, it\u2019s",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "one \u2013two, three\u2013 four",
        "\u0421\u0430\u0440\u0430",
        "\u0926\u0947\u0935\u0928\u093e\u0917\u0930\u0940",
        "getElementsByClassName internationalization e3b0c44298fc1c149afbf4c8996fb92427ae41e4",
        "100% sure, 5 % off; AT&T, R&D; C:/temp/very/long/path/to/something",
    ],
)
def test_ordinary_text_is_its_own_shadow(text: str) -> None:
    assert fold(text).text == text


def test_coded_run_is_one() -> None:
    run = b64encode(b"Maria Gonzalez, anna@example.org").decode()
    text = f"see {run} there"
    shadow = fold(text)
    at = shadow.text.index("anna")
    start, end = shadow.back(at, at + 4)
    assert text[start:end] == run


def test_coded_run_in_lines() -> None:
    run = b64encode(("x" * 60 + f" {MAIL} " + "y" * 60).encode()).decode()
    lines = "\n".join(run[at : at + 76] for at in range(0, len(run), 76))
    assert MAIL in fold(f"--\n{lines}\n--").text


def test_coded_run_without_its_beginning() -> None:
    run = urlsafe_b64encode(("x" * 30 + f" {MAIL} " + "\u00fc" * 9).encode()).decode()
    for lost in range(8):
        assert MAIL in fold(run[lost:]).text


def test_coded_run_without_bound_is_left() -> None:
    run = b64encode(b"a" * MOST).decode()
    assert fold(run).text == run


def test_one_code_in_another_is_left() -> None:
    once = b64encode(MAIL.encode())
    assert fold(b64encode(once + b" ...").decode()).text == f"{once.decode()} ..."


def test_span_is_tight() -> None:
    text = "(\u200ban\u200bna%40example.org\u200b)"
    shadow = fold(text)
    start, end = shadow.back(1, 1 + len(MAIL))
    assert text[start:end] == "an\u200bna%40example.org"


TROUBLE = st.lists(
    st.sampled_from(
        [
            *"a1@ .%&\\\n",
            "4111 1111",
            MAIL,
            "\u200b",
            "\u0301",
            "\u0430",
            "\ufb01",
            "\u2469",
            "%40",
            "%C3%A9",
            r"\u0040",
            "&#64;",
            "&amp;",
            "\U0001f468\u200d\U0001f469",
            "e\u0301",
            "TWFyaWEgR29uemFsZXo=",
            "\U000e0061",
            "\ufdfa",
            "\r\n",
            "\u0928\u093f",
        ]
    )
    | st.characters(exclude_categories=["Cs"]),
    max_size=30,
).map("".join)


@given(TROUBLE, st.data())
def test_every_span_comes_from_somewhere(text: str, data: st.DataObject) -> None:
    shadow = fold(text)
    if not shadow.text:
        return
    start = data.draw(st.integers(0, len(shadow.text) - 1))
    end = data.draw(st.integers(start + 1, len(shadow.text)))
    begin, stop = whole_graphemes(text, *shadow.back(start, end))
    assert 0 <= begin < stop <= len(text)
    hidden = f"{text[:begin]}\0{text[begin:stop]}\0{text[stop:]}"
    assert hidden.replace("\0", "") == text.replace("\0", "")
    for edge in (begin, stop):
        assert edge in (0, len(text)) or not unicodedata.combining(text[edge])


@given(TROUBLE)
def test_spans_in_order_come_from_places_in_order(text: str) -> None:
    shadow = fold(text)
    places = [shadow.back(at, at + 1) for at in range(len(shadow.text))]
    assert places == sorted(places)
    for (_, before), (after, _) in pairwise(places):
        assert after >= before or (after, before) in places


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "M", "Cf", "Cc"]), max_size=20))
def test_edges_are_those_of_graphemes(text: str) -> None:
    marked = "".join(f"{char}\u0301" for char in text)
    edges = {match.start() for match in regex.finditer(r"\X", marked)} | {len(marked)}
    for at in range(len(text)):
        start, end = whole_graphemes(marked, 2 * at, 2 * at + 1)
        assert {start, end} <= edges


def test_mark_belongs_to_its_letter() -> None:
    assert whole_graphemes("be\u0301\u0300d", 2, 3) == (1, 4)


@pytest.mark.parametrize(
    "content", [b"\x00\x01\x02anna@example.org", b"\xff\xfe" * 9, b"\x7f" * 12]
)
def test_bytes_are_no_text(content: bytes) -> None:
    for run in (b64encode(content).decode(), content.hex()):
        assert fold(run).text == run


def test_many_marks_cost_little() -> None:
    text = "a" + "\u0301\u0316" * 50_000
    began = time.process_time()
    assert fold(text).text == "a"
    assert time.process_time() - began < 1.5


def test_edits_of_several_rewritings_add_up() -> None:
    shadow = Shadow("a--b").edited([Edit(1, 3, "")]).edited([Edit(1, 1, "++")])
    assert shadow.text == "a++b"
    assert shadow.back(0, 1) == (0, 1)
    assert shadow.back(3, 4) == (3, 4)
    assert shadow.back(0, 4) == (0, 4)


@pytest.mark.parametrize(
    "unit",
    [
        "On Monday Maria wrote to Robert, at r.fischer@example.com.\n",
        "a\u0301\u0316",
        "\u0301",
        "a\u200b",
        "%41",
        "\uff14",
        "\u0430n",
        "TWFyaWEgR29uemFsZXo= ",
        "kebab-case-identifier-name ",
        "\\",
        "&a",
        "\u0301\u200b",
        "1\u0660\u00e9",
    ],
)
def test_time_is_linear(unit: str) -> None:
    text = unit * (300_000 // len(unit))
    began = time.process_time()
    fold(text)
    assert time.process_time() - began < 1.5


def test_text_in_json_says_the_same() -> None:
    said = "\u00fc \u200b \u0430nna@example.org \U0001f600"
    assert fold(json.dumps(said)).text == fold(f'"{said}"').text
