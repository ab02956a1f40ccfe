"""Which lines are sentences, and which code, logs or data; what is part of an identifier."""

import pytest

from plugins.pii.technical import Lines, glued, is_technical


@pytest.mark.parametrize(
    "line",
    [
        "Please schedule: Zainab (PT, 30 min), Mr. Kowalczyk (OT, 45 min), Rosalind (vaccines)",
        "Two children (Mila, 6, and Oskar, 9) came.",
        "I paid 5% more in 2023/24 & he knows what that means for us all.",
        "*Anna* was here with all of us",
        "# Notes by Anna Berg",
        "Class was fine, return it if you like",
        "hello there",
        "",
    ],
)
def test_sentences(line: str) -> None:
    assert not is_technical(line)


@pytest.mark.parametrize(
    "line",
    [
        "foo(bar), baz(qux)",
        "print(x)",
        "call( x ) and ((y))",
        "std::vector -> x",
        "a_b c_d",
        "camelCase fooBar",
        "  @Override a.b",
        "2024-01-01 12:00:01 a/b ok",
        "0x1f 0x2e",
        "class Berg:",
        "from anna import berg",
        '  File "app.py", line 3',
        "    return anna",
    ],
)
def test_code_logs_and_data(line: str) -> None:
    assert is_technical(line)


@pytest.mark.parametrize(
    "around",
    [
        "_{}",
        "{}_x",
        "${}",
        "/{}",
        "%{}",
        "\\{}",
        "a.{}",
        "{}(",
        "{}[",
        "{}=",
        "{}/x",
        "{}\\",
        "{}.x",
    ],
)
def test_parts_of_identifiers_and_paths(around: str) -> None:
    text = around.format("Berg")
    start = text.index("Berg")
    assert glued(text, start, start + 4)


@pytest.mark.parametrize(
    "around", ["{}", "({})", ". {}", ".{}", "{}.", "{}. He", "{},", "'{}'", "-{}"]
)
def test_words_of_sentences(around: str) -> None:
    text = around.format("Berg")
    start = text.index("Berg")
    assert not glued(text, start, start + 4)


def test_each_line_is_judged_by_itself_and_long_ones_in_parts() -> None:
    text = "foo(bar) = baz(qux)\nI met Anna Berg there\n"
    lines = Lines(text)
    assert lines.technical(5)
    assert not lines.technical(text.index("Anna"))
    assert lines.technical(0)
    paragraph = "and then he said it " * 40 + "{a = b; c = d; e = f; g = h}" * 10
    lines = Lines(paragraph)
    assert not lines.technical(10)
    assert lines.technical(len(paragraph) - 5)
