"""What waits for a worker, and in which order it is served.

A text is recognised in pieces, so that a long one does not keep others waiting, and every call of
`find` has one piece taken at a time, in turn. Pieces are cut at a blank line, or else overlap by
some words, so that nothing is lost at a cut: what both halves found is resolved like any overlap.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from plugins.finding.spans import Span, resolve

PIECE = 4_000
"""Characters in a piece, at most; a worker takes some 60 ms for them."""

OVERLAP = 200
"""Characters that two pieces share; longer than anything that is looked for."""

_TEXTS = 256
"""Pieces in a batch, at most."""


class Work:
    """One text on its way through the workers; any number of calls may wait for it.

    `lost` are the tiers that should have looked at it and failed.
    """

    __slots__ = ("_left", "_pieces", "_text", "done", "error", "lost", "ner", "spans", "wanted")

    def __init__(self, text: str, ner: bool):
        self.ner = ner
        self.done = asyncio.Event()
        self.error = ""
        self.wanted = 0
        self.lost: set[str] = set()
        self.spans: list[Span] = []
        self._text = text
        self._pieces = list(split(text))
        self._left = len(self._pieces)

    def pieces(self) -> "Iterator[Piece]":
        """The pieces that have to be recognised."""
        for start, text in self._pieces:
            yield Piece(self, start, text)

    def found(self, start: int, spans: Iterable[Span], lost: Iterable[str] = ()) -> None:
        """Take what was found in the piece that starts there, and which tiers failed on it."""
        self.lost.update(lost)
        if start:
            spans = [one._replace(start=one.start + start, end=one.end + start) for one in spans]
        self.spans += spans
        self._left -= 1
        if not self._left and not self.over:
            if len(self._pieces) > 1:
                self.spans = resolve(self._text, self.spans)
            self.done.set()

    def failed(self, reason: str) -> None:
        """Give up; `reason` holds nothing of the text."""
        if not self.over:
            self.error = reason
            self.done.set()

    @property
    def over(self) -> bool:
        """Whether there is a result."""
        return self.done.is_set()


class Piece(NamedTuple):
    """A part of a text, short enough for a worker."""

    work: Work
    start: int
    text: str

    @property
    def is_wanted(self) -> bool:
        """Whether anybody still waits for it."""
        return self.work.wanted > 0 and not self.work.over


class Batch(NamedTuple):
    """Pieces for one worker, which is to look at them without some tiers."""

    pieces: list[Piece]
    without: frozenset[str] = frozenset()


class Batches:
    """The pieces of all calls that nobody works on yet."""

    def __init__(self) -> None:
        self._calls: deque[deque[Piece]] = deque()
        self._again: deque[Batch] = deque()

    def add(self, works: Iterable[Work]) -> None:
        """Line up the texts of one call."""
        if pieces := deque(piece for work in works for piece in work.pieces()):
            self._calls.append(pieces)

    def add_again(self, batch: Batch) -> None:
        """Line up a batch that was lost before all others, as it is."""
        self._again.append(batch)

    def take(self) -> Batch | None:
        """The next batch; one piece of each call in turn, none that nobody waits for any more."""
        while self._again:
            batch = self._again.popleft()
            if pieces := [one for one in batch.pieces if one.is_wanted]:
                return batch._replace(pieces=pieces)
        pieces = self._next()
        return Batch(pieces) if pieces else None

    def _next(self) -> list[Piece]:
        batch: list[Piece] = []
        size = 0
        while self._calls and size < PIECE and len(batch) < _TEXTS:
            pieces = self._calls.popleft()
            piece = pieces.popleft()
            if pieces:
                self._calls.append(pieces)
            if piece.is_wanted:
                batch.append(piece)
                size += len(piece.text)
        return batch


def split(text: str) -> Iterator[tuple[int, str]]:
    """The pieces of a text and where they start."""
    start = 0
    while len(text) - start > PIECE:
        end, blank_line = _cut(text, start + PIECE * 3 // 4, start + PIECE)
        yield start, text[start:end]
        start = end if blank_line else _word_start(text, end - OVERLAP, end)
    yield start, text[start:]


def _cut(text: str, low: int, high: int) -> tuple[int, bool]:
    """The best place to cut between two others, and whether it is after a blank line."""
    for mark in ("\n\n", "\n", ". ", " "):
        place = text.rfind(mark, low, high)
        if place >= 0:
            return place + len(mark), mark == "\n\n"
    return high, False


def _word_start(text: str, low: int, high: int) -> int:
    """The first beginning of a word between two places, or the former."""
    place = max(text.find(" ", low, high), text.find("\n", low, high))
    return place + 1 if place >= 0 else low
