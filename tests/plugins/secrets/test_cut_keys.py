"""Keys with a line end inside, by a finder that knows one make of keys."""

import re
from collections.abc import Sequence

import pytest

from plugins.finding.spans import Span
from plugins.secrets.disguised import uncut

KEY = "qk0123456789abcdef0123"


def find(text: str, _free: bool) -> list[Span]:
    return [
        Span(at.start(), at.end(), "API_KEY", 0.9, "test")
        for at in re.finditer(r"qk[0-9a-z]{20}", text)
    ]


def cut(text: str, plain: Sequence[Span] = ()) -> list[str]:
    return [text[one.start : one.end] for one in uncut(find, text, plain)]


@pytest.mark.parametrize("gap", ["\n", "\r\n", "  \n  "])
@pytest.mark.parametrize("around", ["{}", "key = {}, ok", '"{}"', "({})\nand"])
def test_a_cut_key_is_found_as_a_whole(gap: str, around: str) -> None:
    whole = KEY[:9] + gap + KEY[9:]
    assert cut(around.format(whole)) == [whole]


@pytest.mark.parametrize(
    "text",
    [
        "qkabcdefghi\njklmnopqrst",
        f"{KEY} {KEY}\nword",
        f"heading1\n{KEY}",
        f"{KEY}\nheading",
        f"9{KEY[:9]}\n{KEY[9:]}",
        f"x!{KEY[:9]}\n{KEY[9:]}",
        f"{KEY[:9]}\n{KEY[9:]}!x",
        f"{'A' * 40}{KEY[:9]}\n{KEY[9:]}{'A' * 40}",
    ],
)
def test_a_line_end_between_other_things_joins_nothing(text: str) -> None:
    assert cut(text) == []


def test_a_line_that_is_no_base64_may_be_long() -> None:
    whole = f"{'A' * 39}-{KEY[:9]}\n{KEY[9:]}-{'A' * 40}"
    assert cut(whole) == [f"{KEY[:9]}\n{KEY[9:]}"]


@pytest.mark.parametrize("around", [f"{'A' * 40}{{}}", f"{{}}{'A' * 40}"])
def test_one_of_the_lines_may_be_long(around: str) -> None:
    whole = f"{KEY[:9]}\n{KEY[9:]}"
    assert cut(around.format(whole)) == [whole]


def test_only_what_is_surer_than_what_stands_at_the_cut_counts() -> None:
    text = f"key9 = {KEY[:9]}\n{KEY[9:]} key9"
    at = text.index("\n")
    for plain, counts in (
        (Span(0, 4, "API_KEY", 1.0, "test"), True),
        (Span(len(text) - 4, len(text), "API_KEY", 1.0, "test"), True),
        (Span(at - 9, at, "API_KEY", 0.9, "test"), False),
        (Span(at - 9, at + 3, "API_KEY", 0.9, "test"), False),
        (Span(at - 9, at, "API_KEY", 0.8, "test"), True),
    ):
        assert bool(cut(text, [plain])) is counts, plain
