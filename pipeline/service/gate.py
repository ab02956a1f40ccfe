"""What the service may do now: it starts, it is ready, it drains. And which exchanges are open,
and the receipts of those that were.
"""

from typing import Literal, Protocol

import anyio

from pipeline.core.errors import PrivetError, Unavailable
from pipeline.core.exchange import new_id
from pipeline.core.record import Seal
from pipeline.service.peers import Nobody, Peers
from pipeline.service.probes import BREAKERS, breaker_turned, told_breakers
from pipeline.service.receipts import Receipts
from pipeline.setup.build import Running
from pipeline.setup.config import ServiceConfig

Phase = Literal["starting", "ready", "draining"]

_NAME = len(new_id())

_ENDING_TIME = 2.0
"""Seconds that replies which are cut off have for telling their clients so."""


class Cuttable(Protocol):
    """An open exchange."""

    def cut(self, error: PrivetError) -> None:
        """End now, and tell the client why."""
        ...


class Gate:
    """Lets exchanges in while the service is ready."""

    def __init__(self, config: ServiceConfig, peers: Peers | None = None):
        self.config = config
        self.peers = peers or Nobody()
        self.phase: Phase = "starting"
        self.running: Running | None = None
        self.seal = Seal(config.receipt_key)
        self.receipts = Receipts(config.receipt_keep, config.receipt_count)
        self._inside: set[Cuttable] = set()
        self._empty = anyio.Event()

    @property
    def inside(self) -> int:
        """How many exchanges are open."""
        return len(self._inside)

    def open(self, running: Running) -> None:
        """Everything has started."""
        running.ways.breaker_turned = breaker_turned
        self.running = running
        self.phase = "ready"

    def enter(self, exchange: Cuttable) -> Running:
        """Let an exchange in; raises Unavailable while there is nobody to serve it."""
        if self.phase == "draining":
            raise Unavailable("the service is stopping; try again elsewhere", retry_after=1)
        if self.running is None:
            raise Unavailable("the service is still starting; try again soon", retry_after=1)
        self._inside.add(exchange)
        return self.running

    def leave(self, exchange: Cuttable) -> None:
        """An exchange is over, whether or not it was let in."""
        self._inside.discard(exchange)
        if not self._inside:
            self._empty.set()

    async def receipt(self, name: str) -> bytes | None:
        """The receipt of an exchange, whichever process had it."""
        found = self._receipt(name)
        if found is None and len(name) == _NAME and name.isalnum():
            found = next(iter(await self.peers.ask(name)), None)
        return found

    def answer(self, question: str) -> bytes | None:
        """What another process asks: for a receipt by its name, or how breakers stand."""
        if question == BREAKERS:
            return told_breakers(self.running.ways) if self.running is not None else None
        return self._receipt(question)

    def _receipt(self, name: str) -> bytes | None:
        found = self.receipts.find(name)
        return None if found is None else self.seal.sign(found)

    async def drain(self) -> int:
        """Let no more in, wait for the grace, then end the rest; returns how many that were."""
        self.phase = "draining"
        await self._wait_empty(self.config.grace)
        rest = tuple(self._inside)
        for exchange in rest:
            exchange.cut(Unavailable("the service had to stop before the reply was complete"))
        await self._wait_empty(_ENDING_TIME)
        return len(rest)

    async def _wait_empty(self, seconds: float) -> None:
        if not self._inside:
            return
        self._empty = anyio.Event()
        with anyio.move_on_after(seconds):
            await self._empty.wait()
