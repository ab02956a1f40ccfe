"""What is known to be personal is hidden in every spelling, and nothing else is."""

import random
import time
import unicodedata

import pytest

from pipeline import Text
from plugins.finding.spans import GUESSES, NER, Span
from plugins.hiding.redaction import Redaction
from plugins.hiding.sweep import Known, Sweep

NAME = "José González"


def swept(value: str, text: str, *, is_name: bool = True) -> list[str]:
    sweep = Sweep([Known(value, 0.9, 1, is_name)], shortest=3, surest=0.6)
    return [hit.text for hit in sweep.find(text)]


@pytest.mark.parametrize(
    "spelt",
    [
        "JOSÉ GONZÁLEZ",
        "jose gonzalez",
        unicodedata.normalize("NFD", NAME),
        "José\u00a0González",
        "José\n   González",
        "José **González",
        "josé-gonzález",
        "jose_gonzalez",
        "jose.gonzalez",
        "Jose%20Gonzalez",
        "\uff2aosé González",
        "Jo\u00adsé Gon\u200bzález",
    ],
)
def test_a_name_is_found_as_others_write_it(spelt: str) -> None:
    assert swept(NAME, f"of {spelt}, again") == [spelt]
    assert swept(NAME, f"_{spelt}_") == [spelt]


@pytest.mark.parametrize(
    ("value", "spelt"),
    [
        ("4111 1111 1111 1111", "4111111111111111"),
        ("4111111111111111", "4111-1111-1111-1111"),
        ("+1 (415) 555-0132", "+1 415.555.0132"),
        ("(415) 555-0132", "(415) 555 0132"),
        ("536-90-4399", "\u0665\u0663\u0666904399"),
        ("a.berg@x.example", "A.Berg@X.example"),
        ("O\u2019Brien, Pat", "o'brien, pat"),
        ("田中太郎", "田中太郎"),
    ],
)
def test_a_value_is_found_in_another_grouping(value: str, spelt: str) -> None:
    assert swept(value, f"no: {spelt}.", is_name=False) == [spelt]
    assert swept(value, spelt, is_name=False) == [spelt]


def test_scripts_without_spaces_have_no_word_borders() -> None:
    assert swept("田中太郎", "昨日田中太郎さんは") == ["田中太郎"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Anna Berg", "Anna Bergman, Joanna Berg, Anna, Berg"),
        ("Will", "will, WILL, good_Will_x"),
        ("12 3", "1 23, 123"),
        ("4111111111111111", "14111111111111111 41111111111111112 x4111111111111111"),
        ("a@x.example", "ba@x.example, a@x.examples"),
    ],
)
def test_what_only_looks_alike_stays(value: str, text: str) -> None:
    assert swept(value, text, is_name=value.isalpha()) == []


def test_the_longer_of_two_findings_is_hidden_in_full() -> None:
    """A finding inside a known value once kept the rest of the value from being hidden."""
    texts = [Text("Anna Berg"), Text("ask Anna Berg now"), Text("Dr Anna")]
    found = [
        [Span(0, 9, "PERSON", 0.9, NER)],
        [Span(4, 8, "PERSON", 0.9, NER)],
        [Span(0, 7, "PERSON", 0.9, NER)],
    ]
    redaction = Redaction(shortest=3, surest=0.6)
    redaction.apply(texts, found)
    assert [one.text for one in texts] == ["PERSON_1", "ask PERSON_1 now", "PERSON_3"]


def test_two_findings_that_overlap_are_hidden_together() -> None:
    texts = [Text("Anna Berg"), Text("Anna Berg Lund")]
    found = [[Span(0, 9, "PERSON", 0.9, NER)], [Span(5, 14, "PERSON", 0.9, NER)]]
    redaction = Redaction(shortest=3, surest=0.6)
    redaction.apply(texts, found)
    assert texts[1].text not in ("PERSON_1", "PERSON_2")
    assert redaction.vault.values[texts[1].text] == "Anna Berg Lund"


def test_placeholders_are_not_swept() -> None:
    redaction = Redaction(shortest=3, surest=0.6)
    first, second = [Text("Bo Ek")], [Text("a person")]
    redaction.apply(first, [[Span(0, 5, "PERSON", 0.9, NER)]])
    redaction.apply(second, [[Span(2, 8, "ROLE", 0.9, "deny")]])
    assert first[0].text == "PERSON_1"


def test_a_name_that_comes_to_be_sure_is_hidden_in_earlier_texts() -> None:
    redaction = Redaction(shortest=3, surest=0.6)
    first, second = [Text("Anna? Anna!")], [Text("Anna")]
    redaction.apply(first, [[Span(0, 4, "PERSON", 0.5, NER)]])
    assert first[0].text == "PERSON_1? Anna!"
    redaction.apply(second, [[Span(0, 4, "PERSON", 0.5, NER)]])
    assert first[0].text == "PERSON_1? PERSON_1!"


@pytest.mark.parametrize("source", sorted(GUESSES))
def test_words_of_the_requests_structure_are_nobodys_name(source: str) -> None:
    """A model takes every other tool for a person: "use Grep"."""
    redaction = Redaction(shortest=3, surest=0.6)
    redaction.avoid(["Grep", "mcp__Slack__post"])
    texts = [Text("Grep and Slack for Anna Berg")]
    found = [(0, 4), (9, 14), (19, 28)]
    redaction.apply(texts, [[Span(*at, "PERSON", 0.9, source) for at in found]])
    assert texts[0].text == "Grep and Slack for PERSON_1"
    assert not redaction.knows("Grep")
    assert redaction.knows("call Anna Berg")
    assert not redaction.knows("anna_berg")


@pytest.mark.parametrize("count", [4000])
def test_the_time_does_not_grow_with_the_square_of_the_values(count: int) -> None:
    values = [f"+1 415 {number:07d}" for number in range(count)]
    text = ", ".join(values)
    found: list[Span] = []
    for number, value in enumerate(values):
        start = number * (len(value) + 2)
        found.append(Span(start, start + len(value), "PHONE_NUMBER", 0.9, "phone"))
    redaction = Redaction(shortest=3, surest=0.6)
    begun = time.process_time()
    redaction.apply([Text(text), Text(text)], [found, []])
    assert time.process_time() - begun < 3  # 0.2 s; it was 24 s


@pytest.mark.parametrize(
    "value", ["Anna Berg", "4111 1111", "a.berg@x.example", "(+44) 20-7946", "x1y2z3"]
)
def test_plain_text_is_swept_as_any_other(value: str) -> None:
    known = [Known(value, 0.9, 2, value[0] == "A"), Known(value[2:], 0.9, 2, is_name=False)]
    sweep = Sweep(known, shortest=3, surest=0.6)
    draw = random.Random(value)
    signs = [
        *value,
        *value.upper(),
        value,
        value,
        "_",
        " ",
        "\n",
        "-",
        "%20",
        "&nbsp;",
        "&",
        "1",
        "z",
    ]
    for _ in range(400):
        text = "".join(draw.choices(signs, k=12))
        # A letter that is not ASCII, far away, has every word looked at.
        assert sweep.find(text) == sweep.find(f"{text} ; ; ; ; ; ; ; ; ; \u00fc")
