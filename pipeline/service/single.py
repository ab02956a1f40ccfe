"""A request that is answered at once, without a reply that a backend makes."""

import time
from abc import ABC, abstractmethod

import anyio
from litestar.types import HTTPScope, Receive, Scope, Send

from pipeline.core.dialect import Dialect
from pipeline.core.errors import ClientGone, PrivetError
from pipeline.core.exchange import Exchange
from pipeline.core.jsonvalue import Json, JsonObject, decode_object
from pipeline.service.body import read_body
from pipeline.service.errors import Unexpected, told
from pipeline.service.gate import Gate
from pipeline.service.logs import failure
from pipeline.service.wire import NO_STORE, Wire

_TELLING_TIME = 2.0
"""Seconds that a client has to take its answer when the service stops."""


class Single(ABC):
    """One such request of one client."""

    def __init__(self, gate: Gate, dialect: Dialect):
        self._gate = gate
        self._dialect = dialect
        self._exchange = Exchange()
        self._error: PrivetError | None = None
        self._scope = anyio.CancelScope()
        self._begun = time.perf_counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request; raises nothing but cancellation."""
        assert scope["type"] == "http", "routed by Litestar"
        wire = Wire(send, self._exchange.id)
        answer = b""
        try:
            with self._scope:
                answer = await self._answer(scope, receive)
        except PrivetError as error:
            self._error = self._error or error
        except Exception as error:
            failure("unexpected", error, id=self._exchange.id)
            self._error = self._error or Unexpected()
        finally:
            self._gate.leave(self)
        error = self._error
        if not isinstance(error, ClientGone):
            await self._tell(wire, answer, error)
        self._log(
            id=self._exchange.id,
            status=wire.status or ClientGone.status,
            seconds=round(time.perf_counter() - self._begun, 4),
        )

    def cut(self, error: PrivetError) -> None:
        """End now, and tell the client why."""
        self._error = error
        self._scope.cancel()

    @abstractmethod
    async def _answer(self, scope: HTTPScope, receive: Receive) -> bytes:
        """The answer's body; raises PrivetError."""
        ...

    @abstractmethod
    def _log(self, **fields: Json) -> None:
        """Write the log's line about it."""
        ...

    async def _body(self, scope: HTTPScope, receive: Receive) -> JsonObject:
        """The request's body."""
        config = self._gate.config
        return decode_object(
            await read_body(scope, receive, config.max_body, config.header_timeout)
        )

    async def _tell(self, wire: Wire, answer: bytes, error: PrivetError | None) -> None:
        with anyio.move_on_after(_TELLING_TIME, shield=True):
            if error is None:
                await wire.whole(200, answer, NO_STORE)
            else:
                body, headers = told(self._dialect, error)
                await wire.whole(error.status, body, headers)
