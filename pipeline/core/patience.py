"""A bound for waits that come by the hundred, as between the pieces of a stream.

`asyncio.timeout` sets and cancels a timer of the loop for every wait, which takes 4 microseconds.
Here one timer is set at the first wait and left alone: when it fires it looks how long the wait of
that moment goes on already, and is set again for the rest. The loop may have been busy meanwhile,
and what is waited for be there without having been noticed: it gets some turns of the loop yet.
"""

from asyncio import CancelledError, Handle, Task, current_task, get_running_loop
from math import inf
from time import monotonic
from types import TracebackType
from typing import Any

_TURNS = 16
"""So many it takes at most: a connection is made in some steps."""


class Patience:
    """Bounds the waits of a task, one after another: `with patience: await …` raises TimeoutError.

    A wait may take `within` seconds, and none goes on after `until`, on the clock of
    `time.monotonic`. To be closed, or its timer stays with the loop until it fires.
    """

    __slots__ = (
        "_before", "_begun", "_late", "_task", "_timer", "_turns", "_until", "_waits", "_within",
    )  # fmt: skip

    def __init__(self, within: float = inf, until: float = inf):
        self._within = within
        self._until = until
        self._timer: Handle | None = None
        self._task: Task[Any] | None = None
        self._begun = 0.0
        self._turns = 0
        self._before = 0
        self._late = False
        self._waits = False

    def __enter__(self) -> None:
        # Asked once, for Python 3.11 asks the system which process this is.
        task = self._task = self._task or current_task()
        assert task is not None, "only tasks wait"
        self._waits = True
        self._before = task.cancelling()
        self._begun = monotonic()
        self._turns = 0
        if self._timer is None:
            # Limits never come earlier from one wait to the next: a timer that is set is in time.
            self._set()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._waits = False
        if not self._late:
            return
        self._late = False
        assert self._task is not None, "somebody was late"
        # As `asyncio.timeout` does: who else cancelled the task in the meantime must be obeyed.
        if self._task.uncancel() <= self._before and kind is CancelledError:
            raise TimeoutError from error

    def close(self) -> None:
        """Let go of the timer, and of the task."""
        self._task = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _limit(self) -> float:
        return min(self._begun + self._within, self._until)

    def _set(self) -> None:
        rest = self._limit() - monotonic()
        self._timer = get_running_loop().call_later(rest, self._look) if rest < inf else None

    def _look(self) -> None:
        self._timer = None
        if self._task is None or not self._waits or self._late:
            return
        if monotonic() < self._limit():
            self._set()
        elif self._turns < _TURNS:
            self._turns += 1
            self._timer = get_running_loop().call_soon(self._look)
        else:
            self._late = True
            self._task.cancel()
