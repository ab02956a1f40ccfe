"""Who accepts the connections of several workers, and hands each to the one that has the fewest.

As Node's clusters do: where processes accept from one queue, the system wakes some and leaves
others idle (of 32 connections at once we saw one of two get from 0 to 32), and with a queue for
each (SO_REUSEPORT) those of a lost worker are lost with it, or wait for the one that replaces it.
"""

import fcntl
import math
import selectors
import socket
import termios
import time
from collections import deque
from collections.abc import Sequence

from pipeline.service.crew import Crew
from pipeline.service.worker import CONNECTION

_FULL = 0.005
"""Seconds before another try when no worker takes a connection."""
_NO_FILES = 0.5
"""Seconds before another try when there can be no more connections."""
_AT_ONCE = 64
_STUCK = 0.25
"""Seconds after which a worker that takes no connection gets others only if all are like it."""


class Child:
    """A worker, seen from its supervisor. `open` and `cut` are what it said when it drained."""

    def __init__(self, number: int, pid: int, control: socket.socket):
        self.number = number
        self.pid = pid
        self.control = control
        self.began = time.monotonic()
        self.heard = b""
        self.given = 0
        self.waits_since = math.inf
        self.started = False
        self.opened = False
        self.open: int | None = None
        self.cut: int | None = None

    def is_stuck(self) -> bool:
        """Whether its event loop has been blocked for a while: it takes nothing."""
        if not _unread(self.control):
            self.waits_since = math.inf
        return time.monotonic() - self.waits_since > _STUCK

    def tell(self, word: bytes) -> None:
        """Say a word to it, unless it is gone."""
        try:
            self.control.send(word)
        except OSError:
            return  # its end of the line says so too


class Reception:
    """Accepts while there is somebody to serve; until then connections wait in the kernel."""

    def __init__(self, listener: socket.socket, selector: selectors.BaseSelector, crew: Crew):
        self._listener = listener
        self._listener.setblocking(False)
        self._selector = selector
        self._crew = crew
        self._held = deque[socket.socket]()
        self._listening = False
        self._deaf_until = 0.0

    @property
    def pause(self) -> float:
        """Seconds after which `hand_out` should be called though nothing has happened; or 0."""
        if self._held:
            return _FULL
        return max(0.0, self._deaf_until - time.monotonic())

    def hand_out(self, takers: Sequence[Child]) -> None:
        """Give away what was accepted; accept more when all of it is given away."""
        while self._held and any(self._give(one, self._held[0]) for one in self._by_load(takers)):
            self._held.popleft().close()
        waits = self._held or self._deaf_until > time.monotonic() or self._listener.fileno() < 0
        self._listen(bool(takers) and not waits)

    def close(self) -> None:
        """Accept no more."""
        self._listen(False)
        self.leave()

    def leave(self) -> None:
        """Leave it to another process, which has its own hold of what is closed here."""
        self._listener.close()
        for connection in self._held:
            connection.close()
        self._held.clear()

    def _accept(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                connection, _ = self._listener.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError:
                self._deaf_until = time.monotonic() + _NO_FILES
                return
            self._held.append(connection)

    def _by_load(self, takers: Sequence[Child]) -> list[Child]:
        return sorted(
            takers,
            key=lambda one: (
                one.is_stuck(),
                one.given - self._crew.closed(one.number),
                one.given,
            ),
        )

    def _give(self, child: Child, connection: socket.socket) -> bool:
        try:
            socket.send_fds(child.control, [CONNECTION], [connection.fileno()])
        except OSError:
            return False  # it has as many to take as it can, or is gone
        child.given += 1
        child.waits_since = min(child.waits_since, time.monotonic())
        return True

    def _listen(self, on: bool) -> None:
        if on and not self._listening:
            self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        elif self._listening and not on:
            self._selector.unregister(self._listener)
        self._listening = on


def _unread(line: socket.socket) -> bool:
    """Whether something that was sent has not been read yet."""
    try:
        return any(fcntl.ioctl(line, termios.TIOCOUTQ, bytes(4)))
    except OSError:
        return False  # not every system can tell
