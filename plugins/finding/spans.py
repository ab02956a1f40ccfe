"""Spans: what the recogniser found, and which of two findings counts.

Checked findings (a card number whose check digit is right) come before other patterns, patterns
before a model's guesses; then the wider span wins, then the higher score. Of a span that loses only
in part, the rest is kept: nothing that was found personal stays uncovered. Last, what belongs
together is joined: two parts of a name with a space between them, the lines of an address.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

NER = "ner"
"""The source of spans that come from a language model."""

TAGGED = "model"
"""The source of spans that come from a token classifier."""

LISTED = "names"
"""The source of spans that come from lists of names."""

JOINED = "joined"
"""The source of a fragment: it is personal where it stands, but its value alone means nothing."""

GUESSES = frozenset({NER, TAGGED, LISTED})
"""The sources that guess; patterns come before them."""

CHECKED = 1.0
"""The score of a finding that is certain."""

_NAME_GAP = re.compile(r"[ \u00a0]")
_ADDRESS_GAP = re.compile(r",?[ \u00a0]|,? ?\r?\n")
_DIGIT = re.compile(r"\d")


class Span(NamedTuple):
    """One finding, in characters of its text; `source` names the recogniser that made it."""

    start: int
    end: int
    entity: str
    score: float
    source: str


def resolve(text: str, spans: Iterable[Span]) -> list[Span]:
    """The spans that count: sorted, none overlapping another."""
    out: list[Span] = []
    for cluster in _clusters(spans):
        out += cluster if len(cluster) == 1 else _decided(text, cluster)
    return _joined(text, out)


def trimmed(text: str, span: Span) -> Span | None:
    """The span without white space and punctuation at its ends; None if nothing is left."""
    start, end = span.start, span.end
    while start < end and not text[start].isalnum():
        start += 1
    while end > start and not text[end - 1].isalnum():
        end -= 1
    return span._replace(start=start, end=end) if start < end else None


def _clusters(spans: Iterable[Span]) -> Iterator[list[Span]]:
    """Spans in order of their start, those that overlap together."""
    cluster: list[Span] = []
    end = 0
    for span in sorted(spans):
        if cluster and span.start >= end:
            yield cluster
            cluster = []
        cluster.append(span)
        end = max(end, span.end)
    if cluster:
        yield cluster


def _decided(text: str, cluster: list[Span]) -> list[Span]:
    """What is left of overlapping spans when each has taken its place in the order of rank."""
    taken: list[Span] = []
    for span in sorted(cluster, key=_rank):
        taken += _rest(text, span, taken)
    return sorted(taken)


def _rank(span: Span) -> tuple[bool, bool, int, float, int, str]:
    return (
        span.score < CHECKED,
        span.source in GUESSES,
        span.start - span.end,
        -span.score,
        span.start,
        span.entity,
    )


def _rest(text: str, span: Span, taken: list[Span]) -> list[Span]:
    """What the taken spans leave of another one."""
    rest = [span]
    for other in taken:
        parts: list[Span] = []
        for part in rest:
            if part.start < other.start:
                parts.append(part._replace(end=min(part.end, other.start)))
            if part.end > other.end:
                parts.append(part._replace(start=max(part.start, other.end)))
        rest = parts
    if rest == [span]:
        return rest
    return [part for piece in rest if (part := trimmed(text, piece))]


def _joined(text: str, spans: list[Span]) -> list[Span]:
    """Spans, sorted, with the pieces of one name or address made one."""
    out: list[Span] = []
    for span in spans:
        if out and _belongs(text, out[-1], span):
            last = out.pop()
            span = last._replace(end=span.end, score=max(last.score, span.score))
        out.append(span)
    return out


def _belongs(text: str, one: Span, other: Span) -> bool:
    if one.entity != other.entity:
        return False
    gap = text[one.end : other.start]
    if one.entity == "PERSON":
        return _NAME_GAP.fullmatch(gap) is not None
    if one.entity == "LOCATION":
        # "Paris, Rome" are two places; "1 High Street, Bath BA1 5AW" is one.
        numbered = _DIGIT.search(text, one.start, one.end) or _DIGIT.search(
            text, other.start, other.end
        )
        return numbered is not None and _ADDRESS_GAP.fullmatch(gap) is not None
    return False
