"""A rewritten text that knows where each of its characters stood before."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeAlias

import regex

Pattern: TypeAlias = re.Pattern[str] | regex.Pattern[str]
"""A regular expression; `re` is the faster, `regex` knows scripts."""

_EXTENDS = regex.compile(
    r"[\p{M}\p{GCB=Extend}\p{GCB=SpacingMark}\p{GCB=ZWJ}\U000e0020-\U000e007f]"
)
"""What belongs to the character before it (UAX 29); cutting there would change what is left."""


class Edit(NamedTuple):
    """Characters of a text, and what stands there instead."""

    start: int
    end: int
    new: str


class _Edits(NamedTuple):
    """The edits of one rewriting: where they are in the new text, and where in the old one."""

    start: list[int]
    end: list[int]
    old_start: list[int]
    old_end: list[int]


class Shadow:
    """A text after some rewritings."""

    __slots__ = ("_edits", "text")

    def __init__(self, text: str, edits: tuple[_Edits, ...] = ()):
        self.text = text
        self._edits = edits

    def rewritten(
        self, pattern: Pattern, new: Callable[[str], str | None], start: int = 0
    ) -> "Shadow":
        """With what `new` makes of every match in its place; None leaves it as it is.

        No match begins before `start`.
        """
        return self.edited(
            Edit(*match.span(), replacement)
            for match in pattern.finditer(self.text, start)
            if (replacement := new(match[0])) is not None
        )

    def edited(self, changes: Iterable[Edit]) -> "Shadow":
        """With changes made, which are in order and do not overlap."""
        edits = _Edits([], [], [], [])
        parts: list[str] = []
        at, shift = 0, 0
        for start, end, new in changes:
            parts += (self.text[at:start], new)
            at = end
            edits.old_start.append(start)
            edits.old_end.append(end)
            edits.start.append(start + shift)
            shift += len(new) - (end - start)
            edits.end.append(end + shift)
        if not parts:
            return self
        return Shadow("".join(parts) + self.text[at:], (*self._edits, edits))

    def without(self, pattern: Pattern) -> "Shadow":
        """Without the matches."""
        return self.rewritten(pattern, lambda _: "")

    def respelt(self, text: str) -> "Shadow":
        """With another text of the same length, character for character."""
        return self if text == self.text else Shadow(text, self._edits)

    def back(self, start: int, end: int) -> tuple[int, int]:
        """Where a span that is not empty stands in the first text.

        What an edit put there comes from all that the edit replaced; what an edit took out at
        either end of the span does not belong to it.
        """
        for edits in reversed(self._edits):
            start, end = _old_start(edits, start), _old_end(edits, end)
        return start, end


def whole_graphemes(text: str, start: int, end: int) -> tuple[int, int]:
    """A span widened so that no accent or joined sign is cut from its letter."""
    while start > 0 and _EXTENDS.match(text, start):
        start -= 1
    while end < len(text) and _EXTENDS.match(text, end):
        end += 1
    return start, end


def _old_start(edits: _Edits, at: int) -> int:
    last = bisect_right(edits.start, at) - 1
    if last < 0:
        return at
    if at < edits.end[last]:
        return edits.old_start[last]
    return edits.old_end[last] + at - edits.end[last]


def _old_end(edits: _Edits, at: int) -> int:
    last = bisect_right(edits.start, at - 1) - 1
    if last < 0:
        return at
    if at <= edits.end[last]:
        return edits.old_end[last]
    return edits.old_end[last] + at - edits.end[last]
