"""The `normalize` plugin: what it changes, what it must not, and how long it takes."""

# ruff: noqa: RUF001 — the letters of other scripts are what is tested

import unicodedata
from contextlib import AsyncExitStack
from time import perf_counter
from typing import Any

import anyio
import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline import testing
from pipeline.core.chain import Chain, Link
from pipeline.core.exchange import Exchange
from pipeline.core.request import Request
from pipeline.core.watch import Watch
from pipeline.dialects.openai import OpenAIChat
from plugins.normalize import LONGEST_MARKS, ON_THE_LOOP, Normalize, Normalizing, trim

DIALECT = OpenAIChat()


def run(plugin: Normalize, body: dict[str, Any]) -> dict[str, Any]:
    """The body that comes out of a chain with this plugin."""

    async def main() -> dict[str, Any]:
        async with AsyncExitStack() as stack:
            chain = Chain([Link("normalize", plugin.start(stack), True, False)], [], Watch())
            request = Request(body, DIALECT.layout, DIALECT.add_context)
            async with chain.open(Exchange()) as exchange:
                await exchange.request(request)
            return request.finish()

    return anyio.run(main)


def say(text: str, **options: Any) -> str:
    """What becomes of a user's text."""
    body = {"model": "m", "messages": [{"role": "user", "content": text}]}
    return run(Normalize(**options), body)["messages"][0]["content"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Cafe\u0301", "Caf\u00e9"),
        ("one\r\ntwo\rthree\x85four\u2028five\x0csix", "one\ntwo\nthree\nfour\nfive\nsix"),
        ("Jo\u200bhn\u2060 \ufeffDo\u00ade", "John Doe"),
        ("\u202ekcatta\u202c \u2066x\u2069\u200f", "kcatta x"),
        ("a\x00b\x1bc\x7fd\x9fe", "abcde"),
        ("ignore \U000e0069\U000e0067\U000e006e this", "ignore  this"),
        # What is removed stood between characters that compose.
        ("e\u200b\u0301", "\u00e9"),
        ("a\tb\n\tc", "a\tb\n\tc"),
        ("ÀB İ ẞ UPPER", "ÀB İ ẞ UPPER"),
        ("m² ﬁ Ａ", "m² ﬁ Ａ"),
    ],
)
def test_one_spelling(text: str, expected: str):
    assert say(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "👩\u200d👩\u200d👧\u200d👦 👩🏽\u200d🚀",
        "🏳\ufe0f\u200d🌈 🏴\u200d☠\ufe0f ❤\ufe0f 1\ufe0f\u20e3 👁\ufe0f\u200d🗨\ufe0f",
        "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "می\u200cخواهم ه\u200d",
        "क्\u200dष क्\u200cष ശ്രീ ර්\u200dය",
        "ភាសា\u200bខ្មែរ",
        "ᠠ\u180b ᠨ\u180eᠠ",
        "葛\U000e0100城",
        "\u05d0\u034f\u05b7",
    ],
)
def test_what_writing_needs_stays(text: str):
    assert say(text) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Jo\u200dhn Jo\u200chn", "John John"),
        ("👩\u200d", "👩"),
        ("\u200d👩", "👩"),
        ("❤\ufe0f\ufe0e\ufe01\U000e0150", "❤\ufe0f"),
        ("a \ufe0f", "a "),
        ("a\U000e0100", "a"),
        ("🏴\U000e0067\U000e0062", "🏴"),
        ("a\U000e0067\U000e0062\U000e0073\U000e007f", "a"),
        ("🏴" + "\U000e0067" * 20 + "\U000e007f", "🏴"),
        ("می\u200c\u200c\u200d\u200bخ", "می\u200cخ"),
        ("th\u200bai ก\u200b!", "thai ก!"),
        ("a\u034fb", "ab"),
    ],
)
def test_what_only_looks_like_writing_goes(text: str, expected: str):
    assert say(text) == expected


def test_white_space_at_line_ends_and_blank_lines():
    assert say("a  \nb\t\n\n\n\n \n\nc") == "a\nb\n\n\nc"
    assert say("\n\n\n\na") == "\n\na"
    assert say("a  b\n    c") == "a  b\n    c"


def test_the_last_line_keeps_its_space():
    assert say("a \nHello ") == "a\nHello "


@pytest.mark.parametrize(
    "code",
    [
        "```\na  \n\n\n\n\nb\t\n```",
        "~~~ py\na  \n```\nb  \n~~~",
        "````\na  \n```\nb  \n````",
        "- ```\n  a  \n  ```",
        "> ```\n> a  \n> ```",
        "```\na  \n      ```\nb  \n```",
        "```\nnever closed  \n\n\n\n\n",
    ],
)
def test_fenced_code_is_left_alone(code: str):
    before, after = "x  \n", "\ny  \n"
    closed = not code.endswith("\n")
    expected = f"x\n{code}" + ("\ny\n" if closed else after)
    assert say(before + code + after) == expected


def test_code_in_a_line_opens_nothing():
    assert say("```x``` \n\n\n\n\ny") == "```x```\n\n\ny"


def test_options_turn_things_off():
    text = "Cafe\u0301\r\nJo\u200bhn\u202e\x00  \nx"
    off = {"form": "none", "line_ends": False, "remove": frozenset(), "white_space": "keep"}
    assert say(text, **off) == text
    assert say(text, **off | {"remove": frozenset({"bidi"})}) == text.replace("\u202e", "")
    assert say("a\x00\u200b", **off | {"remove": frozenset({"control"})}) == "a\u200b"
    assert say("m² ﬁ ㊗\ufe0f", form="NFKC") == "m2 fi 祝\ufe0f"


def test_only_the_roles_that_are_named():
    def body(text: str) -> dict[str, Any]:
        roles = ("system", "developer", "user", "assistant")
        return {"model": "m", "messages": [{"role": role, "content": text} for role in roles]}

    def changed(**options: Any) -> list[str]:
        messages = run(Normalize(**options), body("a\u200bb"))["messages"]
        return [one["role"] for one in messages if one["content"] == "ab"]

    assert changed() == ["user"]
    assert changed(roles=frozenset({"system", "assistant"})) == ["system", "assistant"]


def test_json_keeps_its_keys_numbers_and_white_space():
    arguments = '{"a\u200b": "x\u200b  \\n\\n\\n\\n\\ny", "n": 1.50}'
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": arguments}}
    body = {
        "model": "m",
        "user": "u\u200b",
        "messages": [{"role": "assistant", "tool_calls": [call]}],
    }
    out = run(Normalize(roles=frozenset({"assistant", "user"})), body)
    function = out["messages"][0]["tool_calls"][0]["function"]
    assert function["arguments"] == '{"a\u200b": "x  \\n\\n\\n\\n\\ny", "n": 1.50}'
    assert out["user"] == "u\u200b"


def test_parts_of_one_message_do_not_grow_together():
    parts = [{"type": "text", "text": "Hello "}, {"type": "text", "text": "world\r\n"}]
    out = run(Normalize(), {"model": "m", "messages": [{"role": "user", "content": parts}]})
    assert [one["text"] for one in out["messages"][0]["content"]] == ["Hello ", "world\n"]


def test_a_long_request_is_cleaned_off_the_loop():
    async def threads(text: str) -> bool:
        body = {"model": "m", "messages": [{"role": "user", "content": text}]}
        request = Request(body, DIALECT.layout, DIALECT.add_context)
        done = Normalizing(Normalize()).on_request(request)
        if done is not None:
            await done
        assert "\u200b" not in request.finish()["messages"][0]["content"]
        return done is not None

    assert anyio.run(threads, "a\u200b" * ON_THE_LOOP)
    assert not anyio.run(threads, "a\u200b")


HARD = st.sampled_from(
    [
        *"aE \n\t\r\x01\x0b\x85\u2028ी\u094dक\u0627\u064bأกកᠠ漢ﺎﷺㄱᄀ\u1161™㊗㎏Å½`>~-",
        *"\u200b\u200c\u200d\u2060\u00ad\u034f\u180b\u180e\ufe00\ufe0f\ufeff\U000e0100\u202e\u061c",
        *"\u0301\u0327\u0308\u0344\u0f73\u0f71\u20e3👩🏽🏴\U000e0067\U000e007f",
        "\U000e0067\U000e0062\U000e0073\U000e007f",
        *("```\n", "\n\n\n", " \n", "\u0301" * 16, "\u0344" * 9, "\u0f73" * 14),
    ]
)
TEXTS = st.lists(HARD, max_size=16).map("".join) | st.text(max_size=40)
OPTIONS = st.builds(
    Normalize,
    form=st.sampled_from(["NFC", "NFD", "NFKC", "NFKD", "none"]),
    line_ends=st.booleans(),
    remove=st.frozensets(st.sampled_from(["zero-width", "bidi", "control"])),
    white_space=st.just("trim"),
)


@given(text=TEXTS, options=OPTIONS)
# Taking out the invisible character between them lets marks change places.
@example(text="x\u0301\u200b\u064b\u200dy", options=Normalize())
@example(text="x\u200d\u064b\u2060\u0334", options=Normalize())
@example(text="ก\u200b\u0e38\u2060\u0334", options=Normalize())
def test_twice_is_once(text: str, options: Normalize):
    clean = Normalizing(options).clean
    once = trim(clean(text))
    assert trim(clean(once)) == once


@given(text=TEXTS)
def test_everything_visible_stays(text: str):
    def visible(text: str) -> list[str]:
        text = unicodedata.normalize("NFC", text)
        return [one for one in text if unicodedata.category(one)[0] in "LNPS"]

    def plain(text: str) -> str:
        # What stands apart because something invisible is between must not compose here.
        return "".join(one for one in text if not unicodedata.combining(one))

    text = plain(unicodedata.normalize("NFD", text))
    text = "".join(one for one in text if not "\u1100" <= one <= "\u11ff")
    assert visible(trim(Normalizing(Normalize()).clean(text))) == visible(text)


@given(text=TEXTS)
def test_the_result_has_the_form_asked_for(text: str):
    for form in ("NFC", "NFKD"):
        clean = Normalizing(Normalize(form=form)).clean
        assert unicodedata.is_normalized(form, clean(text))


@pytest.mark.parametrize(
    "text",
    [
        "a" + "\u0301\u0327" * 40_000,
        "a" + "\u0301\u0327\u200b" * 30_000,
        "\u0f73" * 60_000,
        "\u200d" * 100_000,
        "e\u200d" * 50_000,
        "👩" * 100_000,
        "🏴" + "\U000e0067" * 100_000,
        " " * 100_000 + "x \n",
        " \n" * 50_000,
        "- " * 50_000 + " \n",
        "> " * 50_000 + " \n",
        "`" * 100_000 + "x`\n \n",
        "```\n" * 30_000 + " \n",
    ],
    ids=lambda text: ascii(text[:4]),
)
def test_no_text_takes_long(text: str):
    step = Normalizing(Normalize())
    start = perf_counter()
    trim(step.clean(text))
    # Python's own normalization takes seconds for the first of them.
    assert perf_counter() - start < 2


def test_a_run_of_marks_is_broken_and_not_shortened():
    text = "e" + "\u0327" * 70
    cleaned = say(text)
    assert cleaned.count("\u034f") == 2
    runs = unicodedata.normalize("NFD", cleaned).split("\u034f")
    assert all(len(run) <= LONGEST_MARKS + 1 for run in runs)
    assert unicodedata.normalize("NFD", cleaned).replace("\u034f", "") == text
    short = "e" + "\u0327" * 29
    assert say(short) == unicodedata.normalize("NFC", short)


def test_problems():
    assert Normalize().problems() == []
    assert "roles" in Normalize(roles=frozenset()).problems()[0]
    off = Normalize(form="none", line_ends=False, remove=frozenset(), white_space="keep")
    assert "every option is off" in off.problems()[0]


def test_options_come_from_a_table():
    plugin = msgspec.convert({"form": "NFKC", "remove": ["bidi"], "roles": ["tool"]}, Normalize)
    assert plugin == Normalize("NFKC", remove=frozenset({"bidi"}), roles=frozenset({"tool"}))
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"roles": ["usr"]}, Normalize)
    assert msgspec.json.schema(Normalize)
    assert Normalize.sides() == {"pre"}


def test_the_laws_hold():
    testing.check_laws(Normalize(), "Is Fal\u200bcon late? \nYes.", "Fal\u200bcon is late. \n")
