"""The `sanitize` plugin as a whole: its modes, options and channels; and HTML mode."""

from html import unescape

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_sanitize_oracle import CDN, RENDERERS, VECTORS, leaks_in_html

from pipeline import Channel, testing
from plugins.format import Format
from plugins.sanitize import Sanitize
from plugins.sanitize.html import ATTRIBUTES, TAGS
from plugins.sanitize.markdown import LONGEST
from plugins.sanitize.urls import Images, Links, prefix

HTML = Sanitize(mode="html", images=(CDN,))


def clean(plugin: Sanitize, *pieces: str) -> str:
    """What a client gets of a text that comes in these pieces."""
    one = plugin.on_text(Channel("content"))
    assert one is not None
    return "".join([str(one.feed(piece)) for piece in pieces]) + str(one.flush())


def check_page(page: str) -> None:
    """An independent parser finds nothing but what is allowed."""
    assert not [*leaks_in_html(page, images=CDN)], page
    for element in html5lib.parseFragment(page, namespaceHTMLElements=False).iter():
        if not isinstance(element.tag, str) or element.tag == "DOCUMENT_FRAGMENT":
            continue
        assert element.tag in TAGS
        assert {*element.attrib} <= {*ATTRIBUTES.get(element.tag, ()), *ATTRIBUTES["*"]}


@pytest.mark.parametrize("text", VECTORS)
def test_html_is_clean_however_it_was_made_and_cleaning_it_again_changes_nothing(text: str):
    for page in (text, *(render(text) for render in RENDERERS.values())):
        out = clean(HTML, page)
        check_page(out)
        assert clean(HTML, out) == out


TAG_SOUP = st.lists(
    st.sampled_from(
        "< > </ <b <b> </b> <p> <table> <td> <a> <math> <mi> <svg> <style> <title> <!-- --> ]]> "
        "<![CDATA[ <img src= onerror=a() href= javascript:a \" ' ` = / & &lt; &#x6a; <noscript> "
        "<select> <template> <textarea> <script> </script> <plaintext> \n \x00 x".split(" ")
    ),
    max_size=14,
).map("".join)


@settings(max_examples=300, deadline=None)
@given(TAG_SOUP)
def test_html_soup_is_clean(text: str):
    out = clean(HTML, text)
    check_page(out)
    assert clean(HTML, out) == out


def test_html_shows_what_it_does_not_allow():
    assert clean(HTML, "<b>a</b><script>b</script>") == "<b>a</b>&lt;script&gt;b&lt;/script&gt;"
    assert clean(HTML, '<a href="javascript:a" title=t>b</a>') == '<a title="t">b</a>'
    assert clean(HTML, '<img src="https://evil.example/x" alt="a">') == '<img alt="a">'
    assert clean(HTML, f'<img src="{CDN}x" alt="a">') == f'<img src="{CDN}x" alt="a">'
    only_b = Sanitize(mode="html", tags=("b",), attributes={}, protocols=())
    assert clean(only_b, '<b title="x">a</b><i>c</i>') == "<b>a</b>&lt;i&gt;c&lt;/i&gt;"


def test_formatted_replies_come_through():
    markdown = (
        "# T\n\n| a | b |\n|:-:|---|\n| 1 | `<x>` |\n\n```cpp\nvector<int> v; // a && b\n```\n\n"
        "1. one\n2. two [l](https://ok.example/?a=1&b=2)\n\n> q *e* **s** ~~d~~\n\n<script>\n"
    )
    page = Format(to="html")
    result = testing.exchange([page, Sanitize(mode="html")], "x", markdown)
    assert "<table>" in result.text and "<td><code>&lt;x&gt;</code></td>" in result.text
    assert '<pre><code class="language-cpp">vector&lt;int&gt; v; // a &amp;&amp; b' in result.text
    assert '<a href="https://ok.example/?a=1&amp;b=2">l</a>' in result.text
    assert "&lt;script&gt;" in result.text
    check_page(result.text)


@given(st.text(alphabet="<>&\"'ab \n"), st.integers(0, 20))
def test_escape_escapes_each_character_where_it_comes(text: str, at: int):
    plugin = Sanitize(mode="escape")
    out = clean(plugin, text[:at], text[at:])
    assert out == clean(plugin, text)
    assert unescape(out) == text
    assert not {*"<>\"'"} & {*out}
    one = plugin.on_text(Channel("content"))
    assert one is not None
    assert one.feed("<b") == "&lt;b"


@pytest.mark.parametrize("mode", ["markdown", "html", "escape"])
def test_only_what_people_read_is_touched(mode: str):
    plugin = Sanitize(mode=mode)  # pyright: ignore
    touched = [
        (kind, form)
        for kind in ("content", "reasoning", "refusal", "arguments", "other")
        for form in ("text", "json")
        if plugin.on_text(Channel(kind, form=form)) is not None
    ]
    assert touched == [("content", "text"), ("reasoning", "text"), ("refusal", "text")]


@pytest.mark.parametrize("mode", ["markdown", "html", "escape"])
def test_the_laws_hold(mode: str):
    plugin = Sanitize(mode=mode)  # pyright: ignore
    testing.check_laws(
        plugin, "Hi", "# Hi\n\n![x](https://evil.example) `<b>` <i>\n\n```\n<a>\n```\n[a](b:c)"
    )


def test_it_says_what_it_holds_back():
    held = {mode: Sanitize(mode=mode).held for mode in ("escape", "markdown", "html")}
    assert held == {"escape": 0, "markdown": LONGEST, "html": None}
    assert [mode for mode in held if Sanitize(mode=mode).whole] == ["html"]  # pyright: ignore
    assert Sanitize.sides() == {"post"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, []),
        ({"images": (CDN,), "links": ()}, []),
        ({"images": ("cdn.example.com",)}, ["images", "item 1"]),
        ({"links": ("https://ok.example", "javascript:x")}, ["links", "item 2"]),
        ({"mode": "escape", "links": ()}, ["escape"]),
        ({"tags": ("b",)}, ["tags", "html"]),
        ({"mode": "html", "tags": ("b", "Script")}, ["script"]),
        ({"mode": "html", "attributes": {"b": ("onClick",)}}, ["onclick"]),
        ({"mode": "html", "attributes": {"b": ("style",)}}, ["style"]),
        ({"mode": "html", "protocols": ("data",)}, ["data"]),
    ],
)
def test_problems_are_named(options: dict[str, object], words: list[str]):
    problems = Sanitize(**options).problems()  # pyright: ignore
    assert len(problems) == bool(words)
    assert all(word in problems[0] for word in words)


@pytest.mark.parametrize(
    "url",
    """https://cdn.example.com/ https://cdn.example.com/imgs http://cdn.example.com/img/a
    https://cdn.example.com.evil.example/img/ https://a@cdn.example.com/img/a
    https://cdn.example.com:8443/img/a https://cdn.example.com/img/../a //cdn.example.com/img/a
    https://cdn.example.com/img/%2e%2E/a https://cdn.example.com/img/..%2fa /img/a img/a
    https://cdn.example.com/img\\..\\a https://cdn.example.com/img/.&Tab;./a
    https://cdn.example.com/img/&period;./a https://cdn.example.com/img/%252e%252e/a
    https://cdn.example.com/img https:cdn.example.com/img/a data:image/png,a""".split(),
)
def test_images_outside_the_prefix(url: str):
    assert not Images((CDN,)).allow(url)


def test_addresses_inside_a_prefix():
    for url in ("a.png", "b/c?d=e&f=%2e%2e#g", "", "%C3%BC.png", "a..b/c", "...d"):
        assert Images((CDN,)).allow(CDN + url)
    assert Images(("https://a.example/b",)).allow("HTTPS://A.example/b?c")
    assert not Images(("https://a.example/b",)).allow("https://a.example/bc")
    assert not Images(()).allow("")
    assert prefix("https://a.example") == prefix("https://a.example/")


def test_links_that_stay_on_the_page_are_never_far():
    limited = Links(("https://ok.example/",))
    for url in ("#a", "/a", "a/b?c", "?d", "https://ok.example/x"):
        assert limited.allow(url)
    for url in ("//a", "/\\a", "\\\\a", "https://a.example/", "mailto:a@b.c", "&#47;/a", "%2f/a"):
        assert not limited.allow(url)
