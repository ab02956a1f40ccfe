"""JSON inside a string of a request, such as the arguments of a tool call.

Its leaves are texts of their own, decoded. Changed leaves are spliced in at their offsets, so that
an untouched string keeps its spelling to the last space.
"""

import re
from typing import Literal, NamedTuple

from pipeline.core.jsonvalue import Place, put
from pipeline.core.lexer import Lexer, Token, escape

_COLON = re.compile(r"\s*:")


class Leaf(NamedTuple):
    """A string or number of JSON text; `closed` is false where the text breaks off inside."""

    start: int
    end: int
    kind: Literal["text", "key", "number"]
    text: str
    closed: bool = True


class Embedded:
    """A string that holds JSON, and where it stands."""

    def __init__(self, source: str, leaves: list[Leaf], place: Place, key: str | int):
        self.leaves = leaves
        self._source = source
        self._place = place
        self._key = key
        self._changes: dict[int, str] = {}

    def change(self, leaf: int, text: str) -> None:
        """Let a leaf be the string `text` from now on."""
        self._changes[leaf] = text

    def write(self) -> None:
        """Put the changed string in its place."""
        if not self._changes:
            return
        parts: list[str] = []
        at = 0
        for index, text in sorted(self._changes.items()):
            leaf = self.leaves[index]
            parts += [self._source[at : leaf.start], '"', escape(text), '"' if leaf.closed else ""]
            at = leaf.end
        put(self._place, self._key, "".join(parts) + self._source[at:])


def leaves(source: str) -> list[Leaf] | None:
    """The strings and numbers of JSON text, or None if some of it cannot be JSON.

    Text that merely breaks off is read up to where it does. Values that nothing separates cannot be
    JSON: read one by one, what they say together would be lost.
    """
    found: list[Leaf] = []
    start = 0
    inside: list[str] = []
    is_open = False
    separated = True
    for token in _tokens(source):
        if token.kind in ("number", "open", "literal"):
            if not separated:
                return None
            separated = False
        match token.kind:
            case "junk":
                return None
            case "number":
                found.append(Leaf(token.start, token.end, "number", token.text))
            case "open":
                start, inside, is_open = token.start, [], True
            case "text":
                inside.append(token.text)
            case "close":
                kind = "key" if _COLON.match(source, token.end) else "text"
                found.append(Leaf(start, token.end, kind, "".join(inside)))
                is_open = False
            case "punct":
                separated = separated or not token.text.isspace()
            case "literal":
                pass
    if is_open:
        found.append(Leaf(start, len(source), "text", "".join(inside), closed=False))
    return found


def _tokens(source: str) -> list[Token]:
    lexer = Lexer()
    return [*lexer.feed(source), *lexer.flush()]
