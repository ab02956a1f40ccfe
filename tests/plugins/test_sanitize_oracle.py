"""What independent parsers make of a text: the judge of every sanitizing test, and its control.

Each renderer has raw HTML on and its own link checks off, so that nothing but the sanitizer stands
between the text and the page.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import html5lib
import mistune
import pytest
from markdown_it import MarkdownIt
from mistune.renderers.html import HTMLRenderer

VECTORS: list[str] = json.loads(
    (Path(__file__).parent.parent / "data" / "markdown_bypasses.json").read_text("utf-8")
)
CDN = "https://cdn.example.com/img/"

RUNNING = {*"script iframe object embed applet base meta link style form input svg math".split()}
ADDRESSES = {*"href src action formaction data poster background cite longdesc srcset".split()}
HARMLESS = {"", "http", "https", "mailto", "tel"}


def _markdown_it(preset: str, *rules: str) -> Callable[[str], str]:
    parser = MarkdownIt(preset, {"html": True}).enable(list(rules))
    parser.validateLink = lambda _url: True  # pyright: ignore
    return parser.render


def _mistune(*plugins: str) -> Callable[[str], str]:
    renderer = HTMLRenderer(escape=False, allow_harmful_protocols=True)
    parser = mistune.create_markdown(renderer=renderer, plugins=list(plugins))
    return lambda text: str(parser(text))


RENDERERS = {
    "commonmark": _markdown_it("commonmark"),
    "gfm-like": _markdown_it("commonmark", "table", "strikethrough"),
    "mistune": _mistune(),
    "mistune with plugins": _mistune("table", "strikethrough", "footnotes"),
    "mistune with extensions": _mistune("table", "url", "math"),
}


def leaks_in_html(page: str, *, images: str = "\0", links: str = "") -> Iterator[str]:
    """Whatever in a page could run, or load what is not under `images`."""
    for element in html5lib.parseFragment(page, namespaceHTMLElements=False).iter():
        tag = element.tag if isinstance(element.tag, str) else ""
        if tag.rpartition("}")[2] in RUNNING:
            yield f"element {tag}"
        for name, value in element.attrib.items():
            name = str(name)
            if name.startswith("on") or name in ("style", "srcdoc"):
                yield f"attribute {tag} {name}"
            if name not in ADDRESSES:
                continue
            # Browsers drop control characters, and spaces in front.
            address = "".join(char for char in value if ord(char) >= 32).strip()
            scheme = address.partition(":")[0] if ":" in address else ""
            if not {*"/?#"} & {*scheme} and scheme.lower() not in HARMLESS:
                yield f"scheme of {tag} {name}"
            if name != "href" and not (address.startswith(images) and ".." not in address):
                yield f"load by {tag} {name}"
            far = links and urlsplit(address).netloc
            if name == "href" and far and not f"{address}/".startswith(links):
                yield f"link by {tag}"


def leaks(text: str, *, images: str = "\0", links: str = "") -> list[str]:
    """Whatever in the page that some renderer makes of Markdown could run, or load unasked."""
    return [
        f"{name}: {leak}"
        for name, render in RENDERERS.items()
        for leak in leaks_in_html(render(text), images=images, links=links)
    ]


def test_vectors_are_many_and_most_of_them_leak_unless_sanitized():
    leaking = [text for text in VECTORS if leaks(text)]
    assert len(VECTORS) > 300
    assert len(leaking) > 250, len(leaking)


@pytest.mark.parametrize("name", RENDERERS)
def test_each_renderer_shows_leaks(name: str):
    for text in (
        "<script>",
        "<img src=/x>",
        "![x](/x)",
        "[x](javascript:y)",
        "`\n\n<b onx=y>z</b>",
    ):
        assert [*leaks_in_html(RENDERERS[name](text))], (name, text)


def test_harmless_texts_do_not_leak():
    assert not leaks("# a\n\n- [b](https://c.example) `<script>`\n\n```\n![x](y)\n```\n")
    assert not leaks(f"![x]({CDN}a.png)", images=CDN)
