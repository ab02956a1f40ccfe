"""Values that were split over several texts: parts of a message, messages, numbers of an array.

The ends of neighbouring texts are written into one text, a line each, and whoever recognises it
finds what goes on over a line end there as in any text (`closed.py`). A finding is cut at the line
ends again, and every fragment is a finding in its own text. By patterns alone: a name of two words
that stand in two texts is two names.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple, Protocol

from plugins.finding.closed import closed
from plugins.finding.fold import fold
from plugins.finding.shadow import whole_graphemes
from plugins.finding.spans import JOINED, Span, resolve

WINDOW = 64
"""Characters at the border of a text that may belong to a value which goes on in the next."""


class Slot(Protocol):
    """What has to be known of a text of a request."""

    @property
    def text(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def role(self) -> str: ...
    @property
    def turn(self) -> int | None: ...
    @property
    def kind(self) -> str: ...


class _Piece(NamedTuple):
    """Where characters of a text stand in a bridge."""

    at: int
    length: int
    slot: int
    start: int


class Bridge(NamedTuple):
    """The ends of neighbouring texts in one text, which is to be recognised by patterns."""

    text: str
    pieces: tuple[_Piece, ...]

    def fragments(self, spans: Iterable[Span]) -> Iterator[tuple[int, Span]]:
        """The findings that lie in more than one text: each one's parts by index of the text."""
        for span in spans:
            parts = [
                (piece, max(span.start, piece.at), min(span.end, piece.at + piece.length))
                for piece in self.pieces
                if span.start < piece.at + piece.length and piece.at < span.end
            ]
            if len(parts) < 2:
                continue
            for piece, start, end in parts:
                shift = piece.start - piece.at
                yield (
                    piece.slot,
                    span._replace(start=start + shift, end=end + shift, source=JOINED),
                )


def may_join(text: str) -> bool:
    """Whether something may go on over a line end in a text."""
    return bool(closed(fold(text)))


def bridges(texts: Sequence[Slot], joins: Callable[[str], bool] = may_join) -> list[Bridge]:
    """Every place where a value may go on from one text in the next, as `joins` says.

    Next is, in order of the request: the next text, whoever's, within an array or with the keys of
    an object in between; and the next text of the same role. Places where nothing can go on are
    left out, so that most requests have no bridge.
    """
    usable = [at for at, one in enumerate(texts) if one.kind in ("text", "number", "key")]
    if len(usable) < 2:
        return []
    values = [at for at in usable if texts[at].kind != "key"]
    roles = {texts[at].role for at in values} - {""}
    rows = [
        *_split(texts, usable),
        values,
        *([at for at in values if texts[at].role == role] for role in sorted(roles)),
    ]
    found: dict[tuple[_Piece, ...], Bridge] = {}
    for row in rows:
        for pieces in _runs(texts, row):
            bridge = Bridge("\n".join(one for one, _ in pieces), tuple(at for _, at in pieces))
            if bridge.pieces not in found and joins(bridge.text):
                found[bridge.pieces] = bridge
    return list(found.values())


def with_fragments(
    texts: Sequence[str],
    found: Sequence[Sequence[Span]],
    bridged: Sequence[Bridge],
    answers: Sequence[Iterable[Span]],
) -> list[list[Span]]:
    """What was found in the texts, and the fragments that were found in the bridges."""
    out = [list(spans) for spans in found]
    for bridge, spans in zip(bridged, answers, strict=True):
        for index, span in bridge.fragments(spans):
            text = texts[index]
            start, end = whole_graphemes(text, span.start, span.end)
            covered = any(one.start <= start and end <= one.end for one in out[index])
            if not covered:
                out[index] = resolve(text, [*out[index], span._replace(start=start, end=end)])
    return out


def _split(texts: Sequence[Slot], row: Iterable[int]) -> Iterator[list[int]]:
    """The texts between keys."""
    for is_key, run in groupby(row, key=lambda at: texts[at].kind == "key"):
        if not is_key:
            yield [*run]


def _runs(texts: Sequence[Slot], row: Iterable[int]) -> Iterator[list[tuple[str, _Piece]]]:
    """Neighbours: the end of a text, short texts as they are, the beginning of the next one."""
    run: list[tuple[str, _Piece]] = []
    for index in row:
        text = texts[index].text
        start, end = len(text) - len(text.lstrip()), len(text.rstrip())
        if start >= end:
            continue
        at = run[-1][1].at + run[-1][1].length + 1 if run else 0
        if end - start <= WINDOW:
            run.append((text[start:end], _Piece(at, end - start, index, start)))
            continue
        head, tail = text[start : start + WINDOW], text[end - WINDOW : end]
        if run:
            yield [*run, (head, _Piece(at, WINDOW, index, start))]
        run = [(tail, _Piece(0, WINDOW, index, end - WINDOW))]
    if len(run) > 1:
        yield run
