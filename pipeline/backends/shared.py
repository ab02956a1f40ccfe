"""Turns that several processes have in common: a backend's limits hold for all of them together.

Each process has a row of numbers in memory that all of them see, and writes to no other. What holds
for all is the sum of a column. Who decides by a sum holds a lock, never across an await: a record
lock of POSIX, because the system takes that from a process that dies. A turn
costs 5 microseconds so, of which the lock takes three, against half of one in a process alone.
"""

import asyncio
import fcntl
import mmap
import os
import sys
import tempfile
import time
from asyncio import Future
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from pipeline.backends.budget import ROW, Budget
from pipeline.backends.turns import Turns, too_many

Ring = Callable[[int], None]
"""Has a process look whether the next turns are its own."""

_TAKEN, _WAITING, _NEXT = range(ROW, ROW + 3)
"""After what the budget counts: turns taken, who waits, and since when the first of them does."""
_COLUMNS = ROW + 3
_DOUBLE = 8


class Table:
    """The numbers of all processes, for each backend; to be made before the processes are."""

    def __init__(self, processes: int, backends: Sequence[str]):
        self.processes = processes
        file, size = _nameless_file(), _COLUMNS * processes
        numbers = memoryview(mmap.mmap(-1, max(1, len(backends)) * size * _DOUBLE)).cast("d")
        self._of = {
            name: Shared(numbers[place * size : (place + 1) * size], processes, Lock(file, place))
            for place, name in enumerate(backends)
        }

    def of(self, backend: str) -> "Shared":
        """The numbers of a backend."""
        return self._of[backend]

    def clear(self, process: int) -> None:
        """A process is gone, and has no turns any more."""
        for one in self._of.values():
            with one.lock:
                row = one.row(process)
                for column in range(_COLUMNS):
                    row[column] = 0.0


class Lock:
    """Keeps other processes from deciding anything about a backend meanwhile."""

    def __init__(self, file: int, place: int):
        self._file = file
        self._place = place

    def __enter__(self) -> None:
        fcntl.lockf(self._file, fcntl.LOCK_EX, 1, self._place)

    def __exit__(self, *_: object) -> None:
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, self._place)


class Shared:
    """The numbers of a backend, column after column: each has one for every process."""

    def __init__(self, numbers: "memoryview[float]", processes: int, lock: Lock):
        self.lock = lock
        self._numbers = numbers
        self._processes = processes

    def column(self, column: int) -> "memoryview[float]":
        """A number of all processes."""
        first = column * self._processes
        return self._numbers[first : first + self._processes]

    def row(self, process: int) -> "memoryview[float]":
        """The numbers of a process."""
        return self._numbers[process :: self._processes]


class SharedTurns(Turns):
    """The turns at one backend, in the order of asking, whichever process is asked."""

    def __init__(
        self, at_once: int, waiting: int, table: Table, backend: str, process: int, ring: Ring
    ):
        shared = table.of(backend)
        others = [shared.row(one) for one in range(table.processes) if one != process]
        budget = Budget(own=shared.row(process), others=others, lock=shared.lock)
        super().__init__(at_once, waiting, budget)
        self._taken = shared.column(_TAKEN)
        self._waiting = shared.column(_WAITING)
        self._next = shared.column(_NEXT)
        self._process = process
        self._lock = shared.lock
        self._ring = ring
        self._queue = deque[tuple[float, Future[None]]]()

    @property
    def taken(self) -> int:
        """How many have their turn now."""
        return int(sum(self._taken))

    @property
    def waiting(self) -> int:
        """How many wait for it."""
        return int(sum(self._waiting))

    async def take(self) -> None:
        """Wait for a turn; raises Unavailable at once if too many wait already."""
        with self._lock:
            full, waiting = sum(self._taken) >= self._at_once, sum(self._waiting)
            if not full and not waiting:
                self._taken[self._process] += 1
                return
            if full and waiting >= self._most:
                raise too_many()
            turn = asyncio.get_running_loop().create_future()
            self._queue.append((time.monotonic(), turn))
            self._show_queue()
        try:
            await turn
        except asyncio.CancelledError:
            self._leave(turn)
            raise

    def give_back(self) -> None:
        """The next one's turn."""
        with self._lock:
            self._taken[self._process] -= 1
            following = self._following()
        self._call(following)

    def look(self) -> None:
        """Let those have their turn who are the next of all."""
        with self._lock:
            while (following := self._following()) == self._process:
                _, turn = self._queue.popleft()
                self._show_queue()
                # Who is cancelled just now has not left the queue yet.
                if not turn.cancelled():
                    self._taken[self._process] += 1
                    turn.set_result(None)
        self._call(following)

    def _leave(self, turn: "Future[None]") -> None:
        """Who waited does not any more."""
        if not turn.cancelled():
            # He was called at the same time.
            self.give_back()
            return
        with self._lock:
            self._queue = deque(one for one in self._queue if one[1] is not turn)
            self._show_queue()
            following = self._following()
        self._call(following)

    def _following(self) -> int | None:
        """The process that waits longest, if there is a turn to be had."""
        if not any(self._waiting) or sum(self._taken) >= self._at_once:
            return None
        return min((one, number) for number, one in enumerate(self._next) if one)[1]

    def _call(self, following: int | None) -> None:
        if following == self._process:
            self.look()
        elif following is not None:
            self._ring(following)

    def _show_queue(self) -> None:
        self._waiting[self._process] = len(self._queue)
        self._next[self._process] = self._queue[0][0] if self._queue else 0.0


def _nameless_file() -> int:
    """A file for nothing but locks, which are the kernel's; where possible one without a disk."""
    if sys.platform == "linux":
        return os.memfd_create("privet")
    with tempfile.TemporaryFile() as made:
        return os.dup(made.fileno())


def shared_turns(
    limits: Mapping[str, tuple[int, int]], table: Table, process: int, ring: Ring
) -> dict[str, SharedTurns]:
    """The turns at each backend, by how many it takes at once and how many may wait."""
    return {
        name: SharedTurns(at_once, waiting, table, name, process, ring)
        for name, (at_once, waiting) in limits.items()
    }
