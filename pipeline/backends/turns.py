"""Turns at a backend: so many requests at once, so many that wait, and all others turned away."""

from collections.abc import Generator
from contextlib import contextmanager

import anyio

from pipeline.core.errors import Unavailable

_SHARE = 0.2
_LEAST = 3
"""Retries under way may be a fifth of the first tries under way, but always this many."""


class Turns:
    """The turns at one backend, in the order of asking."""

    def __init__(self, at_once: int, waiting: int):
        self._free = anyio.Semaphore(at_once)
        self._at_once = at_once
        self._most = waiting
        self._retries = 0

    @property
    def taken(self) -> int:
        """How many have their turn now."""
        return self._at_once - self._free.value

    @property
    def waiting(self) -> int:
        """How many wait for it."""
        return self._free.statistics().tasks_waiting

    async def take(self) -> None:
        """Wait for a turn; raises Unavailable at once if too many wait already."""
        if self._free.value == 0 and self.waiting >= self._most:
            raise Unavailable(
                "the backend has as many requests as it is to have at once, and as many wait; "
                "try again soon",
                retry_after=1,
            )
        await self._free.acquire()

    def give_back(self) -> None:
        """The next one's turn."""
        self._free.release()

    @contextmanager
    def retrying(self) -> Generator[bool]:
        """Whether there may be one more retry; it counts until this is left."""
        granted = self._retries < max(_LEAST, int(_SHARE * (self.taken - self._retries)))
        self._retries += granted
        try:
            yield granted
        finally:
            self._retries -= granted
