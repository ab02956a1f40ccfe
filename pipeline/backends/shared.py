"""Turns that several processes have in common: a backend's limits hold for all of them together.

Each process has a row of numbers in memory that all of them see, and writes to no other. What holds
for all is the sum of a column. Who decides by a sum holds a lock, never across an await: a record
lock of POSIX, because the system takes that from a process that dies. To lock and unlock takes 1.4
microseconds, and a request does it twice.
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
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager

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
        self._backends = {name: place for place, name in enumerate(backends)}
        self._processes = processes
        memory = mmap.mmap(-1, max(1, len(backends)) * processes * _COLUMNS * _DOUBLE)
        self._numbers = memoryview(memory).cast("d")
        self._file = _nameless_file()

    def rows(self, backend: str) -> "list[memoryview[float]]":
        """The numbers of each process."""
        first = self._backends[backend] * self._processes
        places = range(first, first + self._processes)
        return [self._numbers[at * _COLUMNS : (at + 1) * _COLUMNS] for at in places]

    @contextmanager
    def lock(self, backend: str) -> Generator[None]:
        """Let no other process decide anything about a backend meanwhile."""
        place = self._backends[backend]
        fcntl.lockf(self._file, fcntl.LOCK_EX, 1, place)
        try:
            yield
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, place)

    def clear(self, process: int) -> None:
        """A process is gone, and has no turns any more."""
        for name in self._backends:
            with self.lock(name):
                row = self.rows(name)[process]
                row[:] = memoryview(bytes(len(row) * _DOUBLE)).cast("d")


class SharedTurns(Turns):
    """The turns at one backend, in the order of asking, whichever process is asked."""

    def __init__(
        self, at_once: int, waiting: int, table: Table, backend: str, process: int, ring: Ring
    ):
        rows = table.rows(backend)
        others = [row for number, row in enumerate(rows) if number != process]
        super().__init__(
            at_once,
            waiting,
            Budget(own=rows[process], others=others, lock=lambda: table.lock(backend)),
        )
        self._rows = rows
        self._own = rows[process]
        self._process = process
        self._lock = lambda: table.lock(backend)
        self._ring = ring
        self._queue = deque[tuple[float, Future[None]]]()

    @property
    def taken(self) -> int:
        """How many have their turn now."""
        return int(sum(row[_TAKEN] for row in self._rows))

    @property
    def waiting(self) -> int:
        """How many wait for it."""
        return int(sum(row[_WAITING] for row in self._rows))

    async def take(self) -> None:
        """Wait for a turn; raises Unavailable at once if too many wait already."""
        with self._lock():
            full, waiting = self.taken >= self._at_once, self.waiting
            if not full and not waiting:
                self._own[_TAKEN] += 1
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
        with self._lock():
            self._own[_TAKEN] -= 1
            following = self._following()
        self._call(following)

    def look(self) -> None:
        """Let those have their turn who are the next of all."""
        with self._lock():
            while (following := self._following()) == self._process:
                _, turn = self._queue.popleft()
                self._show_queue()
                # Who is cancelled just now has not left the queue yet.
                if not turn.cancelled():
                    self._own[_TAKEN] += 1
                    turn.set_result(None)
        self._call(following)

    def _leave(self, turn: "Future[None]") -> None:
        """Who waited does not any more."""
        if not turn.cancelled():
            # He was called at the same time.
            self.give_back()
            return
        with self._lock():
            self._queue = deque(one for one in self._queue if one[1] is not turn)
            self._show_queue()
            following = self._following()
        self._call(following)

    def _following(self) -> int | None:
        """The process that waits longest, if there is a turn to be had."""
        if self.taken >= self._at_once:
            return None
        waits = [(row[_NEXT], number) for number, row in enumerate(self._rows) if row[_WAITING]]
        return min(waits)[1] if waits else None

    def _call(self, following: int | None) -> None:
        if following == self._process:
            self.look()
        elif following is not None:
            self._ring(following)

    def _show_queue(self) -> None:
        self._own[_WAITING] = len(self._queue)
        self._own[_NEXT] = self._queue[0][0] if self._queue else 0.0


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
