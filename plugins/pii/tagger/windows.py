"""A long text in windows that a model can read.

They end where a line or a sentence ends, if there is such a place, and share some tokens if there
is none, so that each token has enough around it in one of them.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_EARLIEST = 0.6
"""The share of a full window before which it does not end."""

_SHARED = 24
"""Tokens that two windows share where nothing ends; more than most values have."""

_LAST = re.compile(r"([^\W\d_]*)\.\Z")
"""The letters before a point."""

_WORD = 40
"""Characters that are looked at for them."""


class Window(NamedTuple):
    """Tokens of a text."""

    start: int
    end: int


def windows(text: str, places: Sequence[tuple[int, int]], most: int) -> Iterator[Window]:
    """Windows of at most so many tokens, which together hold them all, in order."""
    start, count = 0, len(places)
    while count - start > most:
        low, high = start + int(most * _EARLIEST), start + most
        end = _end_of_line(text, places, low, high) or _end_of_sentence(text, places, low, high)
        yield Window(start, end or high)
        start = end or max(high - most // 2, _word_start(places, high - min(_SHARED, most // 4)))
    if count > start:
        yield Window(start, count)


def _end_of_line(text: str, places: Sequence[tuple[int, int]], low: int, high: int) -> int:
    for at in range(high, low, -1):
        if "\n" in text[places[at - 1][1] : places[at][0]]:
            return at
    return 0


def _end_of_sentence(text: str, places: Sequence[tuple[int, int]], low: int, high: int) -> int:
    for at in range(high, low, -1):
        end, start = places[at - 1][1], places[at][0]
        if text[end:start].isspace() and _ends_sentence(text[max(0, end - _WORD) : end]):
            return at
    return 0


def _ends_sentence(text: str) -> bool:
    """Whether a sentence ends with a text. None does with an initial, or with `St.`: a family name
    that begins a window is not seen for one.
    """
    if text.endswith(("!", "?")):
        return True
    last = _LAST.search(text)
    return last is not None and (not last[1] or (len(last[1]) > 2 and last[1] == last[1].lower()))


def _word_start(places: Sequence[tuple[int, int]], at: int) -> int:
    """The token with which the word begins that a token belongs to."""
    while at > 0 and places[at - 1][1] == places[at][0]:
        at -= 1
    return at
