"""The `format` plugin: each form, and that streaming gives the same."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import Channel, UpstreamFailed, testing
from plugins.format import Format
from plugins.format.plain import plain


def made(plugin: Format, *pieces: str) -> str:
    """What a client gets of a text that comes in these pieces."""
    one = plugin.on_text(Channel("content"))
    if one is None:
        return "".join(pieces)
    return "".join([str(one.feed(piece)) for piece in pieces]) + str(one.flush())


FORMS = [
    Format(to=to, line_ends=ends, prefix=before, suffix=after)  # pyright: ignore
    for to, ends, before, after in product(
        ("none", "html", "text"), (None, "\n", "\r\n"), ("", ">> "), ("", " <<")
    )
]


@given(st.text(alphabet="a*`#\r\n -"), st.data(), st.sampled_from(FORMS))
def test_the_cut_changes_nothing(text: str, data: st.DataObject, plugin: Format):
    at = data.draw(st.integers(0, len(text)))
    out = made(plugin, text)
    assert made(plugin, *text) == out
    assert made(plugin, text[:at], "", text[at:]) == out


@pytest.mark.parametrize("plugin", FORMS[:4] + FORMS[-4:])
def test_the_laws_hold(plugin: Format):
    testing.check_laws(plugin, "Hi", "# Hi\r\n\r\n*there*\r<b>\n")


@pytest.mark.parametrize("plugin", FORMS)
def test_an_empty_reply_stays_empty(plugin: Format):
    assert made(plugin) == made(plugin, "") == made(plugin, "", "") == ""


def test_prefix_and_suffix_stream_and_come_once():
    one = Format(prefix="[", suffix="]").on_text(Channel("content"))
    assert one is not None
    assert [one.feed(""), one.feed("a"), one.feed("b"), one.flush()] == ["", "[a", "b", "]"]


def test_line_ends():
    text = "a\nb\r\nc\rd\n\r\r\n"
    assert made(Format(line_ends="\n"), *text) == "a\nb\nc\nd\n\n\n"
    assert made(Format(line_ends="\r\n"), text) == "a\r\nb\r\nc\r\nd\r\n\r\n\r\n"
    assert made(Format(to="text", line_ends="\r\n"), "a\n\nb") == "a\r\n\r\nb\r\n"


def test_html():
    out = made(Format(to="html"), "# A\n\n<b> [x](javascript:y) ~~z~~\n\n|c|\n|-|\n|`<d>`|\n")
    assert out == (
        "<h1>A</h1>\n<p>&lt;b&gt; [x](javascript:y) <s>z</s></p>\n<table>\n<thead>\n<tr>\n"
        "<th>c</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td><code>&lt;d&gt;</code></td>\n</tr>\n"
        "</tbody>\n</table>\n"
    )


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("", ""),
        ("# A *b*\n\nc **d** `e < f` ~~g~~\nh  \ni", "A b\n\nc d e < f g\nh\ni\n"),
        (
            "[a](https://b.example) <https://c.example> ![d](e)",
            "a (https://b.example) https://c.example d\n",
        ),
        ("<me@ok.example> [x][y]\n\n[y]: /z", "me@ok.example x (/z)\n"),
        ("- a\n- b\n  - c\n\n  d\n", "- a\n\n- b\n\n  - c\n\n  d\n"),
        ("3. a\n4. b\n   c\n\n- \n- x", "3. a\n4. b\n   c\n\n-\n- x\n"),
        ("|a|b|\n|-|-|\n|1|*2*|\n\nc", "a | b\n1 | 2\n\nc\n"),
        ("> a\n> b\n\n---\n\n```py\n*x*\n  y\n```", "a\nb\n\n*x*\n  y\n"),
        ("<b>x</b> &lt; \\*y\\* 2*3*4", "<b>x</b> < *y* 234\n"),
        ("- ```\n  a\n\n  b\n  ```\n", "- a\n\n  b\n"),
    ],
)
def test_plain_text(markdown: str, expected: str):
    assert plain(markdown) == expected
    assert made(Format(to="text"), *markdown) == expected


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        ("as is", '{"a": [1.10, 12345678901234567890],\n "b": "\\u00e9é"}'),
        ("compact", '{"a":[1.10,12345678901234567890],"b":"\\u00e9é"}'),
        ("pretty", '{\n  "a": [\n    1.10,\n    12345678901234567890\n  ],\n  "b": "\\u00e9é"\n}'),
    ],
)
def test_json(layout: str, expected: str):
    text = '{"a": [1.10, 12345678901234567890],\n "b": "\\u00e9é"}'
    plugin = Format(to="json", layout=layout)  # pyright: ignore
    for said in (text, f"```json\n{text}\n```", f"\n~~~~\r\n{text}\n~~~~\n"):
        assert made(plugin, *said) == expected


def test_a_fence_may_be_kept():
    said = '```json\n{"a": 1}\n```\n'
    assert made(Format(to="json", fence="keep"), said) == said


@pytest.mark.parametrize(
    "text",
    [
        "secret",
        "{'secret': 1}",
        '{"secret": NaN}',
        '{"secret": 1} x',
        "```\n{}",
        "```\nsecret\n```",
        '["secret",]',
        "```json\n1\n~~~",
        "[" * 100_000,
        '"secret\x01"',
        " ",
        '["\ud800"]',
    ],
)
def test_what_is_not_json_ends_the_exchange_without_being_quoted(text: str):
    with pytest.raises(UpstreamFailed) as caught:
        made(Format(to="json"), text)
    assert "not valid JSON" in caught.value.message
    assert "secret" not in caught.value.message
    assert caught.value.__cause__ is None


def test_only_content_of_form_text_is_touched():
    plugin = Format(to="text")
    touched = [
        (kind, form)
        for kind in ("content", "reasoning", "refusal", "arguments", "other")
        for form in ("text", "json")
        if plugin.on_text(Channel(kind, form=form)) is not None
    ]
    assert touched == [("content", "text")]
    assert Format().on_text(Channel("content")) is None
    assert Format.sides() == {"post"}


def test_it_says_whether_it_needs_the_whole_reply():
    assert [Format(to=to).whole for to in ("none", "html", "text", "json")] == [  # pyright: ignore
        False, True, True, True,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"to": "html"}, []),
        ({"line_ends": "\n"}, []),
        ({"to": "json", "layout": "pretty"}, []),
        ({}, ["nothing"]),
        ({"to": "json", "prefix": "x"}, ["prefix"]),
        ({"to": "text", "layout": "pretty"}, ["layout", "json"]),
        ({"to": "html", "fence": "keep"}, ["fence"]),
        ({"to": "json", "fence": "keep", "layout": "pretty"}, ["layout", "strip"]),
    ],
)
def test_problems_are_named(options: dict[str, object], words: list[str]):
    problems = Format(**options).problems()  # pyright: ignore
    assert len(problems) == bool(words)
    assert all(word in problems[0] for word in words)
