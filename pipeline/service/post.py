"""Where a process of the service stands: alone with its clients, or as one of several workers."""

import logging
import socket
from asyncio import AbstractEventLoop
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from anyio.abc import TaskGroup

from pipeline.backends.turns import Turns
from pipeline.core.jsonvalue import Json
from pipeline.core.start import Start
from pipeline.service.logs import event, failure
from pipeline.service.peers import Answer, Nobody, Peers
from pipeline.service.signals import signals
from pipeline.setup.build import Running

OnReady = Callable[[Running, str], Awaitable[None]]


class Server(Protocol):
    """Serves connections."""

    async def take(self, connection: socket.socket) -> None:
        """Serve a connection that somebody else has accepted."""
        ...


class Post(Protocol):
    """What a process is told by its surroundings, and tells them."""

    @property
    def start(self) -> Start:
        """What it has in common with the others."""
        ...

    @property
    def peers(self) -> Peers:
        """The others."""
        ...

    @property
    def listeners(self) -> Sequence[socket.socket]:
        """Where it accepts connections itself."""
        ...

    def turns(self) -> Mapping[str, Turns]:
        """The turns at backends that it shares with others."""
        ...

    def told(
        self, loop: AbstractEventLoop, stop: Callable[[], None]
    ) -> AbstractContextManager[None]:
        """Call `stop` when the service is to stop."""
        ...

    def lost_connection(self) -> None:
        """A connection is closed."""
        ...

    async def attend(self, server: Server, answer: Answer) -> None:
        """The server runs: give it what comes, and the others an `answer` to what they ask."""
        ...

    async def started(self) -> None:
        """Everything has started here: wait until it has everywhere."""
        ...

    def ready(self, up: Running, group: TaskGroup) -> None:
        """Requests are let in."""
        ...

    def draining(self, inside: int) -> None:
        """No more are, and so many go on."""
        ...

    async def drained(self, cut: int) -> None:
        """None go on, of which so many had to be cut off: wait until it is so everywhere."""
        ...

    def stopped(self, cut: int) -> None:
        """All is closed."""
        ...


class Alone:
    """The only process."""

    def __init__(self, listener: socket.socket, url: str, on_ready: OnReady | None):
        self.start = Start()
        self.peers = Nobody()
        self.listeners = (listener,)
        self._url = url
        self._on_ready = on_ready

    def told(
        self, loop: AbstractEventLoop, stop: Callable[[], None]
    ) -> AbstractContextManager[None]:
        """By signals."""
        return signals(loop, stop)

    def turns(self) -> Mapping[str, Turns]:
        """None."""
        return {}

    def lost_connection(self) -> None:
        """Nobody counts them."""

    async def attend(self, server: Server, answer: Answer) -> None:
        """The port is open, and the server takes what comes by itself."""
        event("listening", url=self._url)

    async def started(self) -> None:
        """There is nobody to wait for."""

    def ready(self, up: Running, group: TaskGroup) -> None:
        """Say so."""
        event("ready")
        welcome(up, self._url, self._on_ready, group)

    def draining(self, inside: int) -> None:
        """Say so."""
        event("draining", open=inside)

    async def drained(self, cut: int) -> None:
        """There is nobody to wait for."""

    def stopped(self, cut: int) -> None:
        """Say so."""
        event("stopped", cut=cut)


def welcome(up: Running, url: str, on_ready: OnReady | None, group: TaskGroup) -> None:
    """What is said once, when the service is ready."""
    if observing := up.observing():
        event("clear_text", logging.WARNING, pipelines=list[Json](observing))
    if on_ready is not None:
        group.start_soon(_guarded, on_ready, up, url)


async def _guarded(on_ready: OnReady, up: Running, url: str) -> None:
    try:
        await on_ready(up, url)
    except Exception as error:
        failure("unexpected", error)
