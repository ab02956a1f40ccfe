"""What the worker processes of a service have in common: numbers that all see, and lines on which
they ask each other.

It is made before the processes are, and they inherit it, as does who later replaces one.
"""

import mmap
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipeline.backends.shared import Table
from pipeline.core.start import Start
from pipeline.setup.config import Config

if TYPE_CHECKING:
    Numbers = memoryview[int]

_UP, _CLOSED, _DEGRADED = range(3)
_COLUMNS = 3
_WORD = 8


class Crew:
    """All workers, by their numbers. Each writes to its own row of the numbers alone."""

    def __init__(self, config: Config):
        self.size = config.service.workers
        self.start = Start(self.size)
        self.turns = Table(self.size, tuple(config.backends))
        self._numbers = memoryview(mmap.mmap(-1, self.size * _COLUMNS * _WORD)).cast("q")
        self._lines = tuple(_line() for _ in range(self.size))

    def row(self, worker: int) -> "Numbers":
        """A worker's numbers."""
        return self._numbers[worker * _COLUMNS : (worker + 1) * _COLUMNS]

    def come(self, worker: int) -> None:
        """A worker is there and can be asked."""
        self.row(worker)[_UP] = 1

    def gone(self, worker: int) -> None:
        """A worker is not there any more; what it held is free."""
        row = self.row(worker)
        row[_UP] = row[_CLOSED] = 0
        self.turns.clear(worker)
        for other in range(self.size):
            self.ring(other)

    def others(self, worker: int) -> Iterator[int]:
        """Who else is there."""
        return (one for one in range(self.size) if one != worker and self.row(one)[_UP])

    def closed(self, worker: int) -> int:
        """How many connections it has had that are closed."""
        return self.row(worker)[_CLOSED]

    def close_one(self, worker: int) -> None:
        """One of its connections is closed."""
        self.row(worker)[_CLOSED] += 1

    @property
    def degraded(self) -> int:
        """Exchanges in which a part of a plugin failed and another one was enough."""
        return sum(self.row(worker)[_DEGRADED] for worker in range(self.size))

    def degrade(self, worker: int) -> None:
        """Count one of them."""
        self.row(worker)[_DEGRADED] += 1

    def ring(self, worker: int) -> None:
        """Wake a worker, to look what has changed for it."""
        try:
            self._lines[worker][1].send(b"")
        except BlockingIOError:
            # As many messages as fit wait for it already: it will wake.
            return

    def ask(self, worker: int, question: str, answer: socket.socket) -> bool:
        """Pass a worker a question and the socket that its answer goes to; False if its line is
        full for the moment.
        """
        try:
            socket.send_fds(self._lines[worker][1], [question.encode()], [answer.fileno()])
        except BlockingIOError:
            return False
        return True

    def line(self, worker: int) -> socket.socket:
        """Where a worker hears its rings and questions."""
        return self._lines[worker][0]


def _line() -> tuple[socket.socket, socket.socket]:
    inner, outer = socket.socketpair(type=socket.SOCK_DGRAM)
    inner.setblocking(False)
    outer.setblocking(False)
    return inner, outer
