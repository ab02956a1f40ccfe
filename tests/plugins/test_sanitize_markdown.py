"""Sanitizing Markdown: nothing leaks in any renderer, wherever the stream is cut."""

import re
from random import Random
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_sanitize_oracle import CDN, RENDERERS, VECTORS, leaks

from pipeline import Channel
from plugins.sanitize import Sanitize
from plugins.sanitize.markdown import LONGEST

CLOSED = Sanitize()
OPEN = Sanitize(images=(CDN,))
LIMITED = Sanitize(links=("https://ok.example/",))


def clean(plugin: Sanitize, *pieces: str) -> str:
    """What a client gets of a text that comes in these pieces."""
    one = plugin.on_text(Channel("content"))
    assert one is not None
    return "".join([str(one.feed(piece)) for piece in pieces]) + str(one.flush())


@pytest.mark.parametrize("text", VECTORS)
def test_no_vector_leaks_in_any_cut(text: str):
    for plugin, images in ((CLOSED, "\0"), (OPEN, CDN)):
        out = clean(plugin, text)
        assert not leaks(out, images=images), out
        assert clean(plugin, *text) == out
        for at in range(1, len(text)):
            assert clean(plugin, text[:at], text[at:]) == out, at
    assert not leaks(clean(LIMITED, text), links="https://ok.example/")


@pytest.mark.parametrize("text", VECTORS)
def test_no_vector_leaks_behind_others(text: str):
    """A mark that one text leaves open must not change what the next one is."""
    random = Random(text)
    for separator in ("\n", "\n\n", " "):
        before = separator.join(random.sample(VECTORS, 3))
        assert not leaks(clean(CLOSED, before + separator + text))


PAYLOADS = (
    "<img src=x onerror=a()>",
    "![x](https://evil.example/)",
    "`<img src=x onerror=a()>`",
    "`![x](https://evil.example/)`",
    "[x](javascript:a)",
    "[r]: javascript:a",
    "![r]",
)
WORDS = "x lazy ` `` ``` ``` ```` ~~~ ```py $$ $x$ | |---| --- [ ] `a` [` \\ \\` ]("
MARKS = (
    "",
    "",
    "",
    "https://a.b/`",
    "$`$",
    "``` ",
    "[r]: /x '",
    "`a | b`",
    "`]: /x '`'",
    *WORDS.split(),
)
PARTS = st.sampled_from((*MARKS, *PAYLOADS))
LINES = st.builds(
    "{}{}{} {}".format,
    st.sampled_from(["", "", "", " ", "  ", "   ", "    ", "     ", "\t"]),
    st.sampled_from(
        ["", "", "> ", ">", "- ", "1. ", "2. ", "10) ", "- - ", "> - ", "-\t", "-", "| "]
    ),
    PARTS,
    PARTS,
)
TEXTS = st.builds(
    str.join, st.sampled_from(["\n", "\n", "\n\n", "\r\n", "\r"]), st.lists(LINES, max_size=8)
)


@settings(max_examples=600, deadline=None)
@given(TEXTS, st.data())
def test_no_mixture_of_lines_leaks_in_any_cut(text: str, data: st.DataObject):
    out = clean(CLOSED, text)
    assert not leaks(out), out
    places = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=6)))
    pieces = [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]
    assert clean(CLOSED, *pieces) == out
    assert clean(LIMITED, *pieces) == clean(LIMITED, text)


UNTOUCHED = [
    "`a ```<b>` c\n",
    "`a ``<b>`` c` and ```` ``<d>`` ```` and *`<e>`*, (`<f>`)\n",
    "# Title\n\nSome *emphasis*, **more** and `List<String>` in a < b && c > d; 1 <2, x<=y, <3.\n",
    "```html\n<script>alert(1)</script>\n![x](https://evil.example/)\n```\n\nafter\n",
    "~~~~ js\n~~~\n<b>\n~~~~\n",
    "1. Do this:\n   ```bash\n   cat <file> | grep '<x>'\n   ```\n2. Then this\n   - deeper\n"
    "     ```cpp\n     #include <vector>\n     std::vector<int> v;\n     ```\n",
    "1. First\n\n    ```xml\n    <a>\n\n    </a>\n    ```\n\n2. Second\n",
    "- ```py\n  x: list[<int>]\n  ```\n- next\n",
    "> ```\n> <quoted>\n> ```\n> text\n\n`<b>`\n",
    ' ```json\n{"a": "<b>"}\n ```\n`<c>`\n',
    '| a | b |\n|---|---|\n| `<x>` | [l](https://ok.example/a_(b)?c=d&e=f "t") |\n',
    "- [ ] task\n- [x] done\n  * nested\n    + more\n",
    "[a][b] and [b]\n\n[b]: https://ok.example/x 'Title'\n",
    "<https://ok.example/x?y=z> and <me@ok.example> and https://ok.example and [m](mailto:a@b.c)\n",
    "Formula $a < b$ and \\(x\\) and \\[y\\] and\n\n$$\na < b\n$$\n\n```\n<i>\n```\n",
    "Use ``a ` <b>`` and `a | b`, cost $5, wow! [sic] (really)\n",
    "[INFO]: message\n\nf(a[0]) = b[1]; dict[str]: x; C:\\path\\file\n",
    "line one\r\nline `<two>`\r\n\r\n```\r\n<three>\r\n```\r\n",
    "An unclosed fence:\n```\n<still code>\n",
    f"[relative](../a.md#b) [q](?x) [f](#g) []() [p](<https://ok.example/a b>)\n{'x' * 5000}\n",
]


@pytest.mark.parametrize("text", UNTOUCHED)
def test_harmless_text_and_code_stay_as_they_are(text: str):
    assert clean(CLOSED, text) == text
    assert clean(CLOSED, *text) == text


@pytest.mark.parametrize(
    "text",
    ["a <b> c", "vector<int> x", "see [x]:\nand y", "f[i](a, b)c", "![alt] text"],
)
def test_neutralised_prose_is_still_read_the_same(text: str):
    render = RENDERERS["commonmark"]
    shown = re.sub(r"</?p>", "", render(clean(CLOSED, text))).strip()
    escaped = re.sub(r"[<!\[\]]", lambda mark: f"&#{ord(mark[0])};", text)
    assert shown == re.sub(r"</?p>", "", render(escaped)).strip()


def test_what_becomes_of_each_construct():
    said = {
        "<b>": "&lt;b>",
        "![a](https://evil.example/)": "&#33;[a](https://evil.example/)",
        "![a][r]": "&#33;[a][r]",
        "[a](javascript:b)": "[a&#93;(javascript:b)",
        "[a]: javascript:b": "[a&#93;: javascript:b",
        "$x<y$": "$x< y$",
        "$`$ <b> `$`": "$`$ < b> `$`",
        "`a\nb` <c": "`a\nb` < c",
    }
    assert {text: clean(CLOSED, text) for text in said} == said


def test_images_stay_only_below_an_allowed_prefix():
    for kept in (f"![a]({CDN}b.png)", f'![]({CDN}c/d.png?e=1 "t")', f"![ü x](<{CDN}e f.png>)"):
        assert (clean(OPEN, kept) == kept) == ("e f" not in kept)
        assert clean(CLOSED, kept) == "&#33;" + kept[1:]


@pytest.mark.parametrize("text", ["https://evil.example/a", "www.evil.example", "evil.example/a?b"])
def test_limited_links_cover_addresses_that_clients_make_into_links(text: str):
    assert text not in clean(LIMITED, f"see {text}, or <{text}> or **{text}**")


def test_limited_links_leave_what_is_allowed():
    text = (
        "https://ok.example/a.b, (https://ok.example), **https://ok.example/** e.g. file.py a/b.c\n"
    )
    assert clean(LIMITED, text) == text
    text = "[l](https://ok.example/) <https://ok.example/a> [r](/b)\n"
    assert clean(LIMITED, text) == text


@pytest.mark.parametrize(
    "tail", ["(.evil.example/a", '".evil', "@evil", "$.evil", "!.evil", "`.evil"]
)
def test_limited_links_judge_all_that_a_client_takes_for_the_address(tail: str):
    assert "https://ok.example" not in clean(LIMITED, f"https://ok.example{tail} b")
    for glued in ("https://ok.example/)(https://evil.example/", "evil.example/https://ok.example/"):
        assert "evil.example" not in clean(LIMITED, glued)


@pytest.mark.parametrize(
    "text",
    [
        "`" + "a" * 2 * LONGEST + "` <img src=x>",
        "x" * (LONGEST - 3) + "![x](https://evil.example/) `<img src=x>",
        "[x](" + "a" * 2 * LONGEST + ") [x](javascript:" + "a" * 2 * LONGEST + ")",
        "[x]: " + "j" * 2 * LONGEST + "\n![x]\n",
        "```" + "a" * 2 * LONGEST + "\n<img src=x>\n```\n<img src=x>",
        "```\n```" + " " * 2 * LONGEST + "\n<img src=x>",
        "```\n" + " " * (LONGEST - 1) + "```\n<img src=x>\n```\n<img src=x>",
        " " * 2 * LONGEST + "```\n<img src=x>",
        "- " * 2 * LONGEST + "```\n<img src=x>",
        "`" * 2 * LONGEST + "<img src=x>" + "`" * 2 * LONGEST,
        "[" * 3000 + "x](javascript:a)" * 3000,
        "<" + "a" * 2 * LONGEST + " onclick=a()>",
        "`" + "a" * (LONGEST - 2) + "``` x ` <img src=x> ``",
        "1" * 2 * LONGEST + ". ```\n<img src=x>",
    ],
)
def test_what_is_longer_than_the_hold_back_is_harmless_too(text: str):
    out = clean(CLOSED, text)
    assert not leaks(out)
    assert clean(CLOSED, *[text[at : at + 7] for at in range(0, len(text), 7)]) == out
    one = CLOSED.on_text(Channel("content"))
    assert one is not None
    given_, taken = 0, 0
    for at in range(0, len(text), 7):
        given_ += len(text[at : at + 7])
        taken += len(str(one.feed(text[at : at + 7])))
        assert given_ - taken <= LONGEST


@pytest.mark.parametrize("text", ["[a](", "`", "![", "<a", "*- ", "]: ", "[", "$$ ", "a\n```\n> "])
def test_time_is_linear(text: str):
    """Twice the text takes about twice the time, also where much is held back."""
    clean(OPEN, text)
    start = perf_counter()
    clean(OPEN, text * (200_000 // len(text)))
    assert perf_counter() - start < 20


def test_a_target_that_is_longer_than_the_hold_back_is_not_believed():
    target = "&Tab;" * LONGEST + "javascript:a"
    for pieces in ([f"[x]: {target}\n"], f"[x]: {target}\n"):
        assert clean(CLOSED, *pieces).startswith("[x&#93;:")


def test_words_flow_on_as_they_come():
    one = CLOSED.on_text(Channel("content"))
    assert one is not None
    assert [one.feed(piece) for piece in ("Hello", " wor", "ld [a", "](", "https://b", ") c")] == [
        "Hello", " wor", "ld [a", "", "", "](https://b) c",
    ]  # fmt: skip
