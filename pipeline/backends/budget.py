"""How many retries a backend gets, so that one that fails is not buried by them.

Two shares bound them. Of the tries under way, so that a burst of failures does not bring a burst
of retries; Envoy has this one. And of the tries of the last seconds, because where tries fail fast
few of them are ever under way, and the first share says little; Linkerd has this one.
"""

import math
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TypeAlias

_SHARE = 0.2
_LEAST_UNDER_WAY = 3
_LEAST_LATELY = 10
"""Retries may be a fifth of the first tries, but always these many."""

_LATELY = 10.0
"""Seconds after which a try counts for a third; it fades, so that two numbers are all there is."""


Row: TypeAlias = "list[float] | memoryview[float]"
"""What one process counts: first tries and retries of lately, when they were last made to fade, and
the retries under way.
"""
_FIRST, _AGAIN, _AT, _UNDER_WAY = range(4)
ROW = 4


class Budget:
    """Counts the first tries and the retries at one backend, in a row of its own. `others` are the
    rows of other processes, whose tries and retries count too; who sums them up holds the `lock`.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        own: "Row | None" = None,
        others: Sequence[Row] = (),
        lock: AbstractContextManager[object] | None = None,
    ):
        self._clock = clock
        self._own = own if own is not None else [0.0] * ROW
        self._rows = (self._own, *others)
        self._lock = lock or nullcontext()
        self._own[_AT] = clock()

    def tried(self) -> None:
        """A request is sent for the first time."""
        self._fade()
        self._own[_FIRST] += 1

    @contextmanager
    def retrying(self, under_way: int) -> Generator[bool]:
        """Whether there may be one more retry, with so many tries of both kinds under way; it is
        one of them until this is left.
        """
        with self._lock:
            self._fade()
            granted = self._allows(under_way)
            self._own[_UNDER_WAY] += granted
            self._own[_AGAIN] += granted
        try:
            yield granted
        finally:
            self._own[_UNDER_WAY] -= granted

    def _allows(self, under_way: int) -> bool:
        retries = sum(row[_UNDER_WAY] for row in self._rows)
        if retries >= max(_LEAST_UNDER_WAY, int(_SHARE * (under_way - retries))):
            return False
        now = self._own[_AT]
        left = [math.exp(min(0.0, row[_AT] - now) / _LATELY) for row in self._rows]
        first = sum(row[_FIRST] * one for row, one in zip(self._rows, left, strict=True))
        again = sum(row[_AGAIN] * one for row, one in zip(self._rows, left, strict=True))
        return again + 1 <= max(_LEAST_LATELY, _SHARE * first)

    def _fade(self) -> None:
        now = self._clock()
        left = math.exp((self._own[_AT] - now) / _LATELY)
        self._own[_AT] = now
        self._own[_FIRST] *= left
        self._own[_AGAIN] *= left
