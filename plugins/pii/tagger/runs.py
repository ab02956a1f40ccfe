"""From what a model says of tokens to pieces of a text.

Tokens are parts of words, and a value is whole words: of each word the mean of its tokens counts,
and of an entity the sum of its labels, so that a word which may be a given name or a family name
is surely a person's. Neighbours of one entity are one value.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from plugins.pii.tagger.labels import bare
from plugins.pii.tagger.model import Numbers, Tokens

_UNIT = re.compile(r"\w+|[^\w\s]")
_GAP = re.compile(r"[^\S\n]*")

_MAYBE = 0.1
"""How certain the model must be of a word beside one that it is sure of."""

_Unit: TypeAlias = tuple[int, int, Numbers]
"""Where a word or sign stands, and how certain each entity is of it; the first is none."""


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
        units = [*_units(text, tokens.places, tokens.scores @ self._sums)]
        best = [int(scores.argmax()) for _, _, scores in units]
        alone = best.copy()
        joined = [
            at > 0 and _GAP.fullmatch(text, units[at - 1][1], units[at][0]) is not None
            for at in range(len(units))
        ]
        for at in range(1, len(units)):
            self._lend(text, units, best, at, at - 1, joined[at])
        for at in reversed(range(len(units) - 1)):
            self._lend(text, units, best, at, at + 1, joined[at + 1])
        first = 0
        for at in range(1, len(units) + 1):
            if at == len(units) or best[at] != best[first] or not joined[at]:
                if name := self._names[best[first]]:
                    own = [units[one][2][best[first]] for one in range(first, at) if alone[one]]
                    score = float(sum(own)) / len(own)
                    yield Run(units[first][0], units[at - 1][1], name, score)
                first = at

    def _lend(
        self,
        text: str,
        units: Sequence[_Unit],
        best: list[int],
        at: int,
        beside: int,
        joined: bool,
    ) -> None:
        """Give a word that is nothing by itself, but may be, what the word beside it is."""
        start, end, scores = units[at]
        if joined and not best[at] and scores[best[beside]] >= _MAYBE and text[start:end].isalpha():
            best[at] = best[beside]


def _units(text: str, places: Sequence[tuple[int, int]], scores: Numbers) -> Iterator[_Unit]:
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
