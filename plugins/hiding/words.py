"""Places in a text: whole words, none touching another, so that each can be replaced as one."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from plugins.finding.spans import Span
from plugins.hiding.policy import Action, rank

_UNDERSCORES = re.compile(r"(?:\\?_)+")

_GOES_ON = re.compile(r"[A-Za-z0-9_]|\\_")
_IDENTIFIER = re.compile(r"[\w.:/-]*")

SWEEP = "sweep"
"""The source of places where a value stands that was recognised elsewhere."""


class Place(NamedTuple):
    """A place in a text, the known value that it is a spelling of, and what becomes of it."""

    start: int
    end: int
    known: str
    entity: str
    action: Action
    source: str = SWEEP
    score: float | None = None


def is_identifier(text: str) -> bool:
    """Whether a text looks like an identifier, a number or a path."""
    return _IDENTIFIER.fullmatch(text) is not None


def _first(one: Span, _other: Span) -> Span:
    return one


def whole_words(
    source: str, spans: Iterable[Span], chosen: Callable[[Span, Span], Span] = _first
) -> list[Span]:
    """Spans widened to whole words, those that then touch joined.

    Of two that are joined, the `chosen` one says of what kind they are.
    """
    out: list[Span] = []
    for span in spans:
        last = out[-1].end if out else 0
        start, end = _widened(source, max(span.start, last), max(span.end, last), last)
        if out and _touch(source, last, start):
            out[-1] = chosen(out[-1], span)._replace(start=out[-1].start, end=end)
        else:
            same = start == span.start and end == span.end
            out.append(span if same else span._replace(start=start, end=end))
    return out


def merged(source: str, places: Iterable[Place]) -> Iterator[Place]:
    """Places widened to whole words, those that then touch joined.

    The strictest says what becomes of them, and among those the widest.
    """
    joined: Place | None = None
    first = (0, 0)
    for place in places:
        order = (rank(place.action), place.end - place.start)
        last = joined.end if joined else 0
        start, end = _widened(source, max(place.start, last), max(place.end, last), last)
        if joined and _touch(source, last, start):
            name = place if order > first else joined
            joined = name._replace(start=joined.start, end=end)
            first = max(order, first)
            continue
        if joined:
            yield joined
        joined, first = place._replace(start=start, end=end), order
    if joined:
        yield joined


def position(place: Place) -> tuple[int, int]:
    """Where a place stands, to sort by."""
    return place.start, place.end


def _widened(source: str, start: int, end: int, first: int) -> tuple[int, int]:
    r"""A place widened to whole ASCII words: in the middle of a word no placeholder is seen.

    A word may hold `\_` for `_`. Underscores around a word are Markdown's and stay outside. Never
    before `first`.
    """
    goes_on = _GOES_ON.match
    if not goes_on(source, end) and (start <= first or not goes_on(source, start - 1)):
        return start, end
    begin = start
    while begin > first and (_is_word(source[begin - 1]) or source.startswith("\\_", begin - 1)):
        begin -= 1
        if _is_alnum(source[begin]):
            start = begin
    stop = end
    while _is_word(source[stop : stop + 1]) or source.startswith("\\_", stop):
        stop += 1
        if _is_alnum(source[stop - 1]):
            end = stop
    return start, end


def _touch(source: str, end: int, start: int) -> bool:
    """Whether two placeholders would be read as one."""
    return start <= end or _UNDERSCORES.fullmatch(source, end, start) is not None


def clear_of(places: Iterable[Place], parts: Sequence[tuple[int, int]]) -> Iterator[Place]:
    """The places that touch none of the parts; both are in order."""
    at = 0
    for place in places:
        while at < len(parts) and parts[at][1] < place.start:
            at += 1
        if at == len(parts) or place.end < parts[at][0]:
            yield place


def _is_alnum(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _is_word(char: str) -> bool:
    return char == "_" or _is_alnum(char)
