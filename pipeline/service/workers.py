"""The supervisor of several worker processes, each of which is a whole service.

It forks them before it has an event loop or a thread, and never has one, so that it may fork again
when one is lost; what they import and share they inherit. It accepts all connections, and hands
them out. uvicorn's own supervisor imports an application by its name in new processes, restarts
lost ones without end or pause, has no word for ready, and knows no drain.
"""

import gc
import logging
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from typing import Literal

import msgspec

from pipeline.service.crew import Crew
from pipeline.service.logs import event, failure
from pipeline.service.post import OnReady
from pipeline.service.reception import Child, Reception
from pipeline.service.worker import DRAIN, END, GREET, OPEN, Said, Worker, nobody
from pipeline.setup.config import Config
from pipeline.setup.problems import ConfigError

_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
"""Seconds before a lost worker is replaced; twice as long each time, if the last did not last."""
_LASTS = 60.0

Work = Callable[[Worker], int]
"""Runs a worker; returns its exit code. Raises ConfigError."""

_decode = msgspec.json.Decoder(Said).decode


class Supervisor:
    """Runs as many workers as the configuration says, until a signal comes."""

    def __init__(
        self,
        config: Config,
        listener: socket.socket,
        url: str,
        work: Work,
        on_ready: OnReady | None,
    ):
        self._config = config
        self._crew = Crew(config)
        self._url = url
        self._work = work
        self._on_ready = on_ready
        self._phase: Literal["starting", "ready", "draining", "ending"] = "starting"
        self._children: dict[int, Child] = {}
        self._pauses = dict.fromkeys(range(self._crew.size), 0.0)
        self._due: dict[int, float] = {}
        self._selector = selectors.DefaultSelector()
        self._reception = Reception(listener, self._selector, self._crew)
        self._signals: tuple[socket.socket, socket.socket] = socket.socketpair()
        self._cut = 0
        self._failed = False
        self._code: int | None = None

    def run(self) -> int:
        """The service's exit code. Raises ConfigError if a worker cannot start."""
        gc.collect()
        gc.freeze()
        with self._told():
            try:
                for number in range(self._crew.size):
                    self._fork(number)
                event("listening", url=self._url)
                while self._children or self._due:
                    self._round()
                    if self._code is not None:
                        return self._code
                event("stopped", cut=self._cut)
                return int(self._failed)
            finally:
                self._kill()

    def _round(self) -> None:
        now = time.monotonic()
        for number in [one for one, due in self._due.items() if due <= now]:
            del self._due[number]
            self._fork(number)
        self._reception.hand_out(self._takers())
        waits = [due - now for due in self._due.values()]
        waits += [self._reception.pause] if self._reception.pause else []
        for key, _ in self._selector.select(max(0.0, min(waits)) if waits else None):
            key.data()

    def _fork(self, number: int) -> None:
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if not pid:
            self._become(number, theirs, ours)
        theirs.close()
        ours.setblocking(False)
        child = self._children[number] = Child(number, pid, ours)
        self._selector.register(ours, selectors.EVENT_READ, partial(self._hear, child))

    def _become(self, number: int, control: socket.socket, other: socket.socket) -> None:
        """In the new process: be a worker, and end with it."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            # Whoever else held the supervisor's ends would keep its death from being seen.
            others = [child.control for child in self._children.values()]
            for one in (self._selector, *self._signals, other, *others):
                one.close()
            self._reception.leave()
            first = number == 0 and self._phase == "starting"
            welcome = (self._url, self._on_ready) if first else None
            worker = Worker(self._config, self._crew, number, control, welcome)
            try:
                code = self._work(worker)
            except ConfigError as error:
                worker.say(Said("cannot", problems=error.problems))
            except Exception as error:
                failure("crashed", error)
        finally:
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
            os._exit(code)

    def _hear(self, child: Child) -> None:
        try:
            heard = child.control.recv(2**16)
        except BlockingIOError:
            return
        except OSError:
            heard = b""
        if not heard:
            self._lost(child)
            return
        *lines, child.heard = (child.heard + heard).split(b"\n")
        for line in lines:
            self._said(child, _decode(line))

    def _said(self, child: Child, said: Said) -> None:
        match said.what:
            case "started":
                child.started = True
                self._open(child)
            case "open":
                child.opened = True
                self._welcome(child)
            case "cannot" if self._phase == "starting":
                raise ConfigError(said.problems)
            case "cannot":
                for problem in said.problems:
                    event("worker_failed", logging.ERROR, worker=child.number, at=problem.where)
            case "draining":
                child.open = said.number
                opens = [one.open for one in self._children.values()]
                if None not in opens:
                    event("draining", open=sum(one or 0 for one in opens))
            case "drained":
                child.cut = said.number
                self._cut += said.number
                self._end()

    def _open(self, child: Child) -> None:
        """Have requests let in: at first everywhere at once."""
        if self._phase == "ready":
            child.tell(OPEN)
        elif self._phase == "starting" and all(one.started for one in self._children.values()):
            for one in self._children.values():
                one.tell(OPEN)

    def _welcome(self, child: Child) -> None:
        """Say that requests are let in."""
        if self._phase == "ready":
            event("worker_replaced", worker=child.number)
        elif self._phase == "starting" and all(one.opened for one in self._children.values()):
            self._phase = "ready"
            event("ready")
            self._children[0].tell(GREET)

    def _lost(self, child: Child) -> None:
        """A worker has ended."""
        self._selector.unregister(child.control)
        child.control.close()
        code = os.waitstatus_to_exitcode(os.waitpid(child.pid, 0)[1])
        del self._children[child.number]
        self._crew.gone(child.number)
        if code:
            event("worker_lost", logging.ERROR, worker=child.number, code=code)
        if self._phase == "starting":
            self._code = 1
        elif self._phase == "ready":
            lasted = time.monotonic() - child.began >= _LASTS
            last = 0.0 if lasted else self._pauses[child.number]
            pause = self._pauses[child.number] = min(_LONGEST_PAUSE, 2 * last or _PAUSE)
            self._due[child.number] = time.monotonic() + pause
        else:
            self._failed |= bool(code)
            self._end()

    def _end(self) -> None:
        """Once no worker has anything to do any more, all end together."""
        if self._phase == "draining" and all(
            one.cut is not None for one in self._children.values()
        ):
            self._phase = "ending"
            self._reception.close()
            for child in self._children.values():
                child.tell(END)

    def _takers(self) -> list[Child]:
        """The workers that may get connections: a new one once it has started."""
        at_first = self._phase == "starting"
        return [one for one in self._children.values() if at_first or one.started]

    @contextmanager
    def _told(self) -> Generator[None]:
        """Have signals come to the selector."""
        heard, said = self._signals
        heard.setblocking(False)
        said.setblocking(False)
        numbers = (signal.SIGTERM, signal.SIGINT)
        before = {number: signal.signal(number, nobody) for number in numbers}
        wakeup = signal.set_wakeup_fd(said.fileno())
        self._selector.register(heard, selectors.EVENT_READ, self._asked)
        try:
            yield
        finally:
            signal.set_wakeup_fd(wakeup)
            for number, handler in before.items():
                signal.signal(number, handler)

    def _asked(self) -> None:
        """The first signal asks the service to stop; the second one does not ask."""
        for number in self._signals[0].recv(64):
            if self._phase in ("draining", "ending"):
                event("killed", signal=signal.Signals(number).name)
                self._code = 128 + number
                return
            self._phase = "draining"
            self._due.clear()
            for child in self._children.values():
                child.tell(DRAIN)

    def _kill(self) -> None:
        for child in self._children.values():
            os.kill(child.pid, signal.SIGKILL)
        for child in self._children.values():
            os.waitpid(child.pid, 0)
            child.control.close()
        for one in (self._reception, self._selector, *self._signals):
            one.close()
