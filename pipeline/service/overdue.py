"""A time limit for what begins and ends many times, such as the requests of a connection."""

from asyncio import AbstractEventLoop, TimerHandle
from collections.abc import Callable
from math import inf
from time import monotonic


class Overdue:
    """Calls `late` when something that began has not ended after so many seconds.

    To set and cancel a timer of the loop for each takes 3 microseconds; here one is left alone
    until it fires, and set again for the rest.
    """

    __slots__ = ("_due", "_late", "_loop", "_seconds", "_timer")

    def __init__(self, loop: AbstractEventLoop, seconds: float, late: Callable[[], None]):
        self._loop = loop
        self._seconds = seconds
        self._late = late
        self._due = inf
        self._timer: TimerHandle | None = None

    def begin(self) -> None:
        """It begins, once more perhaps."""
        self._due = monotonic() + self._seconds
        if self._timer is None:
            self._timer = self._loop.call_later(self._seconds, self._look)

    def end(self) -> None:
        """It has ended in time."""
        self._due = inf

    def close(self) -> None:
        """Let go of the timer, and of whom it would tell."""
        self._due = inf
        self._late = _nobody
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        rest = self._due - monotonic()
        if rest <= 0:
            self._due = inf
            self._late()
        elif rest < inf:
            self._timer = self._loop.call_later(rest, self._look)


def _nobody() -> None:
    """Nobody waits any more."""
