"""An incremental lexer for JSON, whole or broken.

It knows strings and what stands between them and keeps no stack, so that any text has exactly one
reading, wherever it is cut: broken JSON goes through it like any other. A token covers
`source[start:end]`; concatenated, the tokens' source is the text that was fed.

    punct   white space and `{}[]:,`
    number  a number
    literal true, false or null
    open    the quote that begins a string
    text    characters of a string; `text` holds them decoded
    close   the quote that ends it
    junk    anything else outside strings; cannot occur in valid JSON

A string comes as open, text …, close; each piece of a string ends where an escape would be cut.
Numbers and literals are held until they end. RFC 8259.
"""

import re
from collections.abc import Iterator
from json import dumps
from typing import Literal, NamedTuple

_PUNCT = re.compile(r"[\s{}\[\]:,]+")
_PLAIN = re.compile(r'[^"\\]+')
_BARE = re.compile(r'[^\s{}\[\]:,"]+')
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_NUMBER_SO_FAR = re.compile(r"-?\d*(?:\.\d*)?(?:[eE][+-]?\d*)?", re.ASCII)
_HEX = re.compile(r"[0-9A-Fa-f]{0,4}")
_ESCAPES = {
    '"': '"',
    "\\": "\\",
    "/": "/",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
}
_LITERALS = ("true", "false", "null")
_LONGEST_BARE = 64
"""A longer run outside strings is no number that anybody means: it is read as junk."""

Kind = Literal["punct", "number", "literal", "open", "text", "close", "junk"]


class Token(NamedTuple):
    """A piece of JSON text; `text` is decoded in strings and the source itself elsewhere."""

    kind: Kind
    start: int
    end: int
    text: str


def escape(text: str) -> str:
    """The inside of a JSON string that means `text`."""
    return dumps(text, ensure_ascii=False)[1:-1]


class Lexer:
    """Feed it text in any pieces; it yields tokens as soon as they are certain."""

    def __init__(self) -> None:
        self._held = ""
        self._offset = 0
        self._inside = False
        self._junk = False

    def feed(self, text: str) -> Iterator[Token]:
        """Tokens that are certain after this piece."""
        return self._run(text, final=False)

    def flush(self) -> Iterator[Token]:
        """The text has ended; a string that is still open stays without `close`."""
        return self._run("", final=True)

    def _run(self, text: str, *, final: bool) -> Iterator[Token]:
        source = self._held + text
        at = 0
        while at < len(source):
            found = self._next(source, at, final)
            if found is None:
                break
            kind, end, decoded = found
            yield Token(kind, self._offset + at, self._offset + end, decoded)
            at = end
        self._held = source[at:]
        self._offset += at

    def _next(self, source: str, at: int, final: bool) -> tuple[Kind, int, str] | None:
        if self._inside:
            return self._in_string(source, at, final)
        if match := _PUNCT.match(source, at):
            self._junk = False
            return "punct", match.end(), match.group()
        if source[at] == '"':
            self._inside, self._junk = True, False
            return "open", at + 1, '"'
        return self._bare(source, at, final)

    def _bare(self, source: str, at: int, final: bool) -> tuple[Kind, int, str] | None:
        match = _BARE.match(source, at)
        assert match is not None, "every character belongs to one class"
        run, end = match.group(), match.end()
        if self._junk:
            return "junk", end, run
        if len(run) <= _LONGEST_BARE:
            if end == len(source) and not final:
                if _NUMBER_SO_FAR.fullmatch(run) or any(one.startswith(run) for one in _LITERALS):
                    return None
            elif run in _LITERALS:
                return "literal", end, run
            elif _NUMBER.fullmatch(run):
                return "number", end, run
        self._junk = True
        return "junk", end, run

    def _in_string(self, source: str, at: int, final: bool) -> tuple[Kind, int, str] | None:
        if match := _PLAIN.match(source, at):
            return "text", match.end(), match.group()
        if source[at] == '"':
            self._inside = False
            return "close", at + 1, '"'
        return self._escape(source, at, final)

    def _escape(self, source: str, at: int, final: bool) -> tuple[Kind, int, str] | None:
        """Read the escape at `at`; an invalid one stands for its own characters."""
        if at + 1 == len(source):
            return ("text", at + 1, "\\") if final else None
        letter = source[at + 1]
        if letter != "u":
            known = _ESCAPES.get(letter)
            # An unknown escape gives its backslash only: the letter is text of its own.
            return ("text", at + 2, known) if known is not None else ("text", at + 1, "\\")
        unit, end = _unit(source, at)
        if unit is None:
            return None if end == len(source) and not final else ("text", at + 1, "\\")
        if not 0xD800 <= unit < 0xE000:
            return "text", end, chr(unit)
        if unit >= 0xDC00:
            return "text", end, "\ufffd"
        ahead = source[end : end + 2]
        if len(ahead) < 2 and "\\u".startswith(ahead) and not final:
            return None
        if ahead == "\\u":
            low, low_end = _unit(source, end)
            if low is None and low_end == len(source) and not final:
                return None
            if low is not None and 0xDC00 <= low < 0xE000:
                return "text", low_end, chr(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))
        return "text", end, "\ufffd"


def _unit(source: str, at: int) -> tuple[int | None, int]:
    r"""The code unit of the `\uXXXX` at `at`, or None; and where reading it ended."""
    match = _HEX.match(source, at + 2)
    assert match is not None, "the pattern matches the empty string"
    return (int(match.group(), 16) if len(match.group()) == 4 else None), match.end()
