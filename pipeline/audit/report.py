"""What an audit found. It holds names of canaries and positions, and never what was planted."""

from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

Outcome = Literal["hidden", "refused", "passed", "failed", "leaked"]
"""`hidden`: the backend got the request without the value. `refused`: it got nothing. `passed`:
it got the value in a place that this product says it does not look into. `failed`: the service
failed, so that nothing can be said. `leaked`: the backend, or another place, got the value.
"""

_ORDER: Sequence[Outcome] = ("hidden", "refused", "passed", "failed", "leaked")


class Row(Struct, frozen=True):
    """What became of one canary at one position.

    Positions of one `label` are alike, those of one `area` belong to one part of a request.
    """

    position: str
    label: str
    area: str
    canary: str
    outcome: Outcome


class Spelling(Struct, frozen=True):
    """What became of one canary in one encoding."""

    encoding: str
    canary: str
    outcome: Outcome


class Pipeline(Struct, frozen=True):
    """The audit of one pipeline in one protocol.

    `unasked` are canaries that its plugins do not look for. `singly` is set if the request with all
    texts in it was refused, so that each had to be tried by itself.
    """

    name: str
    dialect: str
    unasked: Sequence[str]
    observes: bool
    singly: bool
    rows: Sequence[Row]
    spellings: Sequence[Spelling]


class Spot(Struct):
    """A place other than a backend's request, and how much of it was looked at."""

    name: str
    seen: int = 0
    leaks: list[str] = []
    partial: bool = False


class Report(Struct):
    """A whole audit. `blind` lists what the control did not see although it was there."""

    pipelines: list[Pipeline] = []
    spots: list[Spot] = []
    blind: list[str] = []
    seconds: float = 0.0

    def count(self, outcome: Outcome) -> int:
        """How many canaries came to this, at positions."""
        return sum(row.outcome == outcome for one in self.pipelines for row in one.rows)

    def visible(self) -> int:
        """How many canaries could be read in another encoding."""
        return sum(row.outcome == "leaked" for one in self.pipelines for row in one.spellings)

    def leaks(self) -> int:
        """How many canaries leaked, wherever."""
        return self.count("leaked") + sum(len(one.leaks) for one in self.spots)

    def code(self, *, strict: bool = False) -> int:
        """The exit code: 1 for a leak, 2 for an audit that cannot tell, else 0."""
        if self.leaks() or (strict and (self.visible() or self.count("passed"))):
            return 1
        failed = self.count("failed") + sum(
            row.outcome == "failed" for one in self.pipelines for row in one.spellings
        )
        return 2 if self.blind or failed else 0


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """Of what became of one canary several times, what counts."""
    return max(outcomes, key=_ORDER.index)
