r"""Text filters that work wherever the text is cut.

All hold-back is done by one primitive, `Scanner`. It asks a `take` function for the next bit of
output and shows it the text from a position on. Either `take` sees at least `longest` characters or
the end of the text, and must answer; or it may answer early, but only what no continuation can
change, and otherwise returns None. So every decision depends on the text alone, and no more than
`longest` characters are ever held.

`ReplaceTokens`, `Whole` and `Segments` are ready-made filters on it.
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple


class Taken(NamedTuple):
    """What `take` decided: how many characters are done with, and what stands for them."""

    length: int
    text: str


Take = Callable[[str, int, bool], Taken | None]
"""Called with the text, a position in it, and whether the text is known to end where it ends."""


class Scanner:
    """The hold-back primitive: an incremental scan of a text by `take`, or a subclass's `_take`.

    One that was given a method of its own would keep itself, and with it values that it knows,
    until garbage is looked for.
    """

    def __init__(self, take: Take | None, longest: int):
        self._given = take
        self._longest = longest
        self._text = ""

    def feed(self, text: str, /) -> str:
        """Take the next piece, give what is certain."""
        self._text += text
        return self._scan(final=False)

    def flush(self) -> str:
        """The text has ended; nothing is held after this."""
        return self._scan(final=True)

    def _take(self, text: str, at: int, final: bool, /) -> Taken | None:
        assert self._given is not None, "a subclass takes"
        return self._given(text, at, final)

    def _scan(self, *, final: bool) -> str:
        text, at, out = self._text, 0, list[str]()
        while at < len(text):
            taken = self._take(text, at, final)
            if taken is None:
                if len(text) - at < self._longest and not final:
                    break
                taken = self._take(text[at : at + self._longest], 0, True)
                if taken is None:
                    raise RuntimeError("a take function must decide on what it sees in full")
            at += taken.length
            out.append(taken.text)
        self._text = text[at:]
        return "".join(out)


class ReplaceTokens(Scanner):
    r"""Replaces whole words by a mapping, in one pass: what was put in is not looked at again.

    Tokens are words of ASCII letters, digits and `_`; a word with `\_` for `_`, as Markdown writes
    it, is the same token. Holds back no more than the word that is still growing.
    """

    _WORDS = re.compile(r"(?:[A-Za-z0-9_]|\\_)+")

    def __init__(self, mapping: Mapping[str, str]):
        self._mapping = mapping
        widest = max(map(len, mapping), default=0)
        # Every `_` may come as `\_`, and one more character must be seen to know that a word ends.
        super().__init__(None, 2 * widest + 2)
        self._in_long_word = False
        self._widest = 2 * widest

    def _take(self, text: str, at: int, final: bool, /) -> Taken | None:
        match = self._WORDS.match(text, at)
        if match is None:
            return self._between(text, at, final)
        end = match.end()
        growing = end == len(text) or (text[end] == "\\" and end + 1 == len(text))
        if self._in_long_word or end - at > self._widest:
            self._in_long_word = growing
            return Taken(end - at, match.group())
        if growing and not final:
            return None
        token = match.group().replace("\\_", "_")
        return Taken(end - at, self._mapping.get(token, match.group()))

    def _between(self, text: str, at: int, final: bool) -> Taken | None:
        match = self._WORDS.search(text, at)
        end = match.start() if match else len(text)
        if match is None and text.endswith("\\") and not final:
            end -= 1
            if end == at:
                return None
        self._in_long_word = False
        return Taken(end - at, text[at:end])


class Whole:
    """Holds the whole text and changes it at its end, by `change`."""

    def __init__(self, change: Callable[[str], str]):
        self._change = change
        self._parts: list[str] = []

    def feed(self, text: str, /) -> str:
        """Keep the piece."""
        self._parts.append(text)
        return ""

    def flush(self) -> str:
        """The changed text."""
        text, self._parts = "".join(self._parts), []
        return self._change(text)


class Segments(Scanner):
    """Holds text until a boundary and changes each segment, boundary included, by `change`.

    `boundary` must match a bounded number of characters, at most `ahead`, and must not look beyond
    its match. A segment longer than `longest` is cut there, so that no more is ever held.
    """

    def __init__(
        self,
        boundary: re.Pattern[str],
        change: Callable[[str], str],
        *,
        longest: int = 4096,
        ahead: int = 1,
    ):
        self._boundary = boundary
        self._change = change
        self._ahead = ahead
        super().__init__(None, longest)

    def _take(self, text: str, at: int, final: bool, /) -> Taken | None:
        limit = at + self._longest
        complete = final or len(text) >= limit
        match = self._boundary.search(text, at, limit)
        if match and (complete or match.start() + self._ahead <= len(text)):
            end = match.end()
        elif complete:
            end = min(limit, len(text))
        else:
            return None
        return Taken(end - at, self._change(text[at:end]))
