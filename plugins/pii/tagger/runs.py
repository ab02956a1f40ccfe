"""From what a model says of tokens to pieces of a text.

Tokens are parts of words, and a value is whole words: of each word the mean of its tokens counts,
and of an entity the sum of its labels, so that a word which may be a given name or a family name
is surely a person's. Neighbours of one entity are one value.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from plugins.pii.tagger.labels import bare
from plugins.pii.tagger.model import Numbers, Tokens

_UNIT = re.compile(r"\w+|[^\w\s]")
_GAP = re.compile(r"[^\S\n]*")


class Run(NamedTuple):
    """A piece of a text, in characters, and how certain the model is of it."""

    start: int
    end: int
    entity: str
    score: float


class Runs:
    """What the labels of one model stand for."""

    def __init__(self, labels: Mapping[int, str], entities: Mapping[str, str]):
        """`entities` has the entity of each bare label; of those it lacks, and of none, is none."""
        self._names = ["", *sorted({*entities.values()} - {""})]
        self._sums = np.zeros((len(labels), len(self._names)), np.float32)
        for place, number in enumerate(sorted(labels)):
            entity = entities.get(bare(labels[number]), "")
            self._sums[place, self._names.index(entity)] = 1

    def of(self, text: str, tokens: Tokens) -> Iterator[Run]:
        """The runs of a text."""
        scores = tokens.scores @ self._sums
        run: list[tuple[int, int, float]] = []
        entity = ""
        for start, end, unit in _units(text, tokens.places, scores):
            best = int(unit.argmax())
            name, score = self._names[best], float(unit[best])
            if run and (name != entity or not _GAP.fullmatch(text, run[-1][1], start)):
                yield _run(entity, run)
                run = []
            if name:
                run.append((start, end, score))
            entity = name
        if run:
            yield _run(entity, run)


def _run(entity: str, units: Sequence[tuple[int, int, float]]) -> Run:
    return Run(units[0][0], units[-1][1], entity, sum(one[2] for one in units) / len(units))


def _units(
    text: str, places: Sequence[tuple[int, int]], scores: Numbers
) -> Iterator[tuple[int, int, Numbers]]:
    """The words and signs of a text, and the mean of what the model says of the tokens of each."""
    first, count = 0, len(places)
    for match in _UNIT.finditer(text):
        start, end = match.span()
        while first < count and places[first][1] <= start:
            first += 1
        last = first
        while last < count and places[last][0] < end:
            last += 1
        if last > first:
            yield start, end, scores[first:last].mean(axis=0)
