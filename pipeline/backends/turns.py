"""Turns at a backend: so many requests at once, so many that wait, and all others turned away."""

from contextlib import AbstractContextManager

import anyio

from pipeline.backends.budget import Budget
from pipeline.core.errors import Unavailable


class Turns:
    """The turns at one backend, in the order of asking."""

    def __init__(self, at_once: int, waiting: int, budget: Budget | None = None):
        self._free = anyio.Semaphore(at_once)
        self._at_once = at_once
        self._most = waiting
        self._budget = budget or Budget()

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
        if self._free.value:
            self._free.acquire_nowait()
        elif self.waiting >= self._most:
            raise too_many()
        else:
            await self._free.acquire()

    def give_back(self) -> None:
        """The next one's turn."""
        self._free.release()

    def tried(self) -> None:
        """Who has his turn sends his request for the first time."""
        self._budget.tried()

    def retrying(self) -> AbstractContextManager[bool]:
        """Whether there may be one more retry; it counts as under way until this is left."""
        return self._budget.retrying(self.taken)


def too_many() -> Unavailable:
    """What who gets no turn is told."""
    return Unavailable(
        "the backend has as many requests as it is to have at once, and as many wait; "
        "try again soon",
        retry_after=1,
    )
