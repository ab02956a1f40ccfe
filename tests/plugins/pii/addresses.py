"""An independent eye for law 7: what readers of Markdown and HTML take for an address.

Two Markdown libraries and an HTML parser that the product does not use for this read a text; every
attribute that they see, and every address in the text itself, is collected.
"""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import html5lib
import mistune
from markdown_it import MarkdownIt

_commonmark = MarkdownIt("commonmark", {"html": True})
_gfm = MarkdownIt("js-default", {"html": True, "linkify": False})
_mistune = mistune.create_markdown(escape=False, plugins=["url", "table", "footnotes"])
_BARE = re.compile(
    r"(?:https?://|www\.|mailto:)\S*"
    # GFM's mail addresses, and what linkify-it takes for a host
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|[^\s,:;!?\"'()\[\]{}<>@#%&*/]+\.(?:com|example)(?:[/?#]\S*)?",
    re.IGNORECASE,
)
_HARMLESS = {"alt", "class", "id"}


def addresses(text: str) -> Iterator[str]:
    """Every attribute and every bare address that some reader sees in `text`."""
    yield from _attributes(text)
    for render in (_commonmark.render, _gfm.render, _mistune):
        yield from _attributes(str(render(text)))
    # Entities and escapes are read before addresses are looked for.
    for match in _BARE.finditer(re.sub(r"\\([.@_+-])", r"\1", unescape(text))):
        yield match.group()


def _attributes(html: str) -> Iterator[str]:
    root: Any = html5lib.parseFragment(html, namespaceHTMLElements=False)
    for element in root.iter():
        for name, value in element.attrib.items():
            if name not in _HARMLESS:
                yield f"{name}={value}"
