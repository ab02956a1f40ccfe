"""A worker: its supervisor hands it connections, and tells it when to open, to drain and to end."""

import asyncio
import logging
import os
import signal
import socket
from asyncio import AbstractEventLoop
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Literal

import msgspec
from anyio.abc import TaskGroup
from msgspec import Struct

from pipeline.backends.shared import SharedTurns, shared_turns
from pipeline.core.start import Start
from pipeline.service.crew import Crew
from pipeline.service.logs import event
from pipeline.service.mates import Mates
from pipeline.service.peers import Answer, Peers
from pipeline.service.post import OnReady, Server, welcome
from pipeline.setup.build import Running
from pipeline.setup.config import Config
from pipeline.setup.problems import Problem

CONNECTION, OPEN, GREET, DRAIN, END = b"c", b"o", b"g", b"d", b"e"
"""What a supervisor says, a byte each. A connection comes with its socket."""


def nobody(_number: int, _frame: FrameType | None) -> None:
    """A signal that somebody else acts on."""


class Said(Struct, frozen=True):
    """What a worker says, a line of JSON each: that it has started, or cannot and why; that it lets
    requests in; how many exchanges are open when it begins to drain, and were cut off in the end.
    """

    what: Literal["started", "cannot", "open", "draining", "drained"]
    number: int = 0
    problems: Sequence[Problem] = ()


class Worker:
    """A worker's post. `first` is who speaks for all when the service is ready."""

    def __init__(
        self,
        config: Config,
        crew: Crew,
        number: int,
        control: socket.socket,
        welcome: tuple[str, OnReady | None] | None,
    ):
        self.listeners = ()
        self._config = config
        self._crew = crew
        self._number = number
        self._control = control
        self._welcome = welcome
        self._mates = Mates(crew, number)
        self._turns: Mapping[str, SharedTurns] = {}
        self._opened = asyncio.Event()
        self._greets = asyncio.Event()
        self._ended = asyncio.Event()
        self._stop: Callable[[], None] = lambda: None

    @property
    def start(self) -> Start:
        """That of the crew."""
        return self._crew.start

    @property
    def peers(self) -> Peers:
        """The rest of the crew."""
        return self._mates

    def turns(self) -> Mapping[str, SharedTurns]:
        """Those of the crew."""
        limits = {name: (one.concurrency, one.queue) for name, one in self._config.backends.items()}
        self._turns = shared_turns(limits, self._crew.turns, self._number, self._crew.ring)
        return self._turns

    @contextmanager
    def told(self, loop: AbstractEventLoop, stop: Callable[[], None]) -> Generator[None]:
        """By the supervisor alone: signals often go to all processes, but are meant for it."""
        self._stop = stop
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, nobody)
        yield

    async def attend(self, server: Server, answer: Answer) -> None:
        """Hear the supervisor and the other workers."""
        self._control.setblocking(False)
        loop = asyncio.get_running_loop()
        # Not anyio's: what the loop calls back is in no task, from which that could start another.
        async with asyncio.TaskGroup() as tasks:
            loop.add_reader(self._control, self._hear, server, tasks)
            try:
                await self._mates.listen(answer, self._look, tasks)
            finally:
                loop.remove_reader(self._control)

    async def started(self) -> None:
        """Wait until all workers have."""
        self.say(Said("started"))
        await self._opened.wait()

    def ready(self, up: Running, group: TaskGroup) -> None:
        """From now on it can be asked. The first of all greets when the others are as far."""
        self._crew.come(self._number)
        self.say(Said("open"))
        if self._welcome is not None:
            group.start_soon(self._greet, up, group, *self._welcome)

    def draining(self, inside: int) -> None:
        """Tell the supervisor, who tells the log."""
        self.say(Said("draining", inside))

    async def drained(self, cut: int) -> None:
        """Wait until all workers are: meanwhile all refuse what still comes."""
        self.say(Said("drained", cut))
        await self._ended.wait()

    def stopped(self, cut: int) -> None:
        """The supervisor says so."""

    def say(self, said: Said) -> None:
        """Tell the supervisor something; it always listens."""
        self._control.setblocking(True)
        self._control.sendall(msgspec.json.encode(said) + b"\n")
        self._control.setblocking(False)

    def lost_connection(self) -> None:
        """A connection is closed."""
        self._crew.close_one(self._number)

    async def _greet(
        self, up: Running, group: TaskGroup, url: str, on_ready: OnReady | None
    ) -> None:
        await self._greets.wait()
        welcome(up, url, on_ready, group)

    def _look(self) -> None:
        for turns in self._turns.values():
            turns.look()

    def _hear(self, server: Server, tasks: asyncio.TaskGroup) -> None:
        while True:
            try:
                word, files, _, _ = socket.recv_fds(self._control, 1, 1)
            except BlockingIOError:
                return
            except OSError:
                word, files = b"", []
            for file in files:
                tasks.create_task(server.take(socket.socket(fileno=file)))
            if word == OPEN:
                self._opened.set()
            elif word == GREET:
                self._greets.set()
            elif word == DRAIN:
                self._stop()
            elif word == END:
                self._ended.set()
            elif not word:
                # Nobody would hand out connections, stop this process or replace it.
                event("supervisor_lost", logging.ERROR)
                os._exit(1)
