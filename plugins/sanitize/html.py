"""Makes HTML harmless, for clients that insert it into a page."""

from collections.abc import Iterable, Iterator
from html import escape
from typing import Any, cast

import bleach.sanitizer

from plugins.sanitize.urls import SCHEMES, Images, Links

TAGS = frozenset(
    "a abbr b blockquote br caption code col colgroup dd del details div dl dt em h1 h2 h3 h4 h5 "
    "h6 hr i img ins kbd li mark ol p pre q s samp small span strong sub summary sup table tbody "
    "td tfoot th thead tr u ul var".split()
)
ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "*": ("title", "dir", "lang"),
    "a": ("href",),
    "code": ("class",),
    "details": ("open",),
    "img": ("src", "alt", "width", "height"),
    "ol": ("start",),
    "td": ("align", "colspan", "rowspan"),
    "th": ("align", "colspan", "rowspan", "scope"),
}
_MOST_ROUNDS = 8
PROTOCOLS = tuple(sorted(SCHEMES))

UNSAFE_TAGS = frozenset(
    "applet audio base body button embed form frame frameset head html iframe input link math meta "
    "noembed noframes noscript object option plaintext portal script select source style svg "
    "template textarea title track video xmp annotation-xml".split()
)
"""What runs, loads, collects input, or makes browsers read on by other rules."""

UNSAFE_ATTRIBUTES = frozenset(
    "style srcset srcdoc action formaction background poster data ping manifest codebase classid "
    "archive profile usemap dynsrc lowsrc xlink:href xmlns".split()
)


class Html:
    """A bleach allow-list; what is not on it is shown as text."""

    def __init__(
        self,
        tags: frozenset[str],
        attributes: dict[str, tuple[str, ...]],
        protocols: frozenset[str],
        images: Images,
        links: Links,
    ):
        self._attributes = attributes
        self._images = images
        self._links = links
        self._cleaner = bleach.sanitizer.Cleaner(
            tags=tags,
            attributes=self._allow,
            protocols=protocols,
            # Any iterable of tokens will do, though its type hints ask for a class of its own.
            filters=cast(Any, [_keep_first_lines]),
        )

    def clean(self, text: str) -> str:
        """The text with nothing in it but what is allowed, cleaned until that changes nothing.

        What a browser mends while it reads may be read otherwise the next time; text that goes on
        changing is trusted by nobody and shown as it is.
        """
        for _ in range(_MOST_ROUNDS):
            cleaned = self._cleaner.clean(text)
            if cleaned == text:
                return cleaned
            text = cleaned
        return escape(text)

    def _allow(self, tag: str, name: str, value: str) -> bool:
        if name not in (*self._attributes.get(tag, ()), *self._attributes.get("*", ())):
            return False
        if name == "src":
            return self._images.allow(value)
        return self._links.allow(value) if name in ("href", "cite") else True


def _keep_first_lines(*, source: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Writes a line break that begins a `pre` twice, because parsers drop one there."""
    begins = False
    for token in source:
        if begins and str(token.get("data")).startswith("\n"):
            token["data"] = "\n" + token["data"]
        begins = token["type"] == "StartTag" and token["name"] == "pre"
        yield token
