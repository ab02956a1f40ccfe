"""How many retries a backend gets, so that one that fails is not buried by them.

Two shares bound them. Of the tries under way, so that a burst of failures does not bring a burst
of retries; Envoy has this one. And of the tries of the last seconds, because where tries fail fast
few of them are ever under way, and the first share says little; Linkerd has this one.
"""

import math
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

_SHARE = 0.2
_LEAST_UNDER_WAY = 3
_LEAST_LATELY = 10
"""Retries may be a fifth of the first tries, but always these many."""

_LATELY = 10.0
"""Seconds after which a try counts for a third; it fades, so that two numbers are all there is."""


class Budget:
    """Counts the first tries and the retries at one backend."""

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._at = clock()
        self._first = 0.0
        self._again = 0.0
        self._under_way = 0

    def tried(self) -> None:
        """A request is sent for the first time."""
        self._fade()
        self._first += 1

    @contextmanager
    def retrying(self, under_way: int) -> Generator[bool]:
        """Whether there may be one more retry, with so many tries of both kinds under way; it is
        one of them until this is left.
        """
        self._fade()
        first = under_way - self._under_way
        granted = self._under_way < max(_LEAST_UNDER_WAY, int(_SHARE * first)) and (
            self._again + 1 <= max(_LEAST_LATELY, _SHARE * self._first)
        )
        self._under_way += granted
        self._again += granted
        try:
            yield granted
        finally:
            self._under_way -= granted

    def _fade(self) -> None:
        now = self._clock()
        left = math.exp((self._at - now) / _LATELY)
        self._at = now
        self._first *= left
        self._again *= left
