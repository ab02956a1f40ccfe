"""`POST /privet/inspect`: a dry run over HTTP. It calls no backend and leaves no receipt behind."""

import time
from collections.abc import Mapping
from urllib.parse import parse_qs

import anyio
from litestar.types import HTTPScope, Receive, Scope, Send

from pipeline.core.dialect import Dialect
from pipeline.core.errors import BadRequest, ClientGone, PrivetError
from pipeline.core.exchange import Exchange
from pipeline.core.inspection import inspect, told
from pipeline.core.jsonvalue import decode_object
from pipeline.service.body import read_body
from pipeline.service.errors import NotFound, Unexpected
from pipeline.service.errors import told as told_error
from pipeline.service.gate import Gate
from pipeline.service.logs import event, failure
from pipeline.service.wire import NO_STORE, Wire

_TELLING_TIME = 2.0
"""Seconds that a client has to take its answer when the service stops."""


class Inspect:
    """One dry run for one client. `dialects` are those that it may ask for, the default first."""

    def __init__(self, gate: Gate, dialects: Mapping[str, Dialect]):
        self._gate = gate
        self._dialects = dialects
        self._dialect = next(iter(dialects.values()))
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
        event(
            "inspected",
            id=self._exchange.id,
            status=wire.status or ClientGone.status,
            seconds=round(time.perf_counter() - self._begun, 4),
        )

    async def _tell(self, wire: Wire, answer: bytes, error: PrivetError | None) -> None:
        with anyio.move_on_after(_TELLING_TIME, shield=True):
            if error is None:
                await wire.whole(200, answer, NO_STORE)
            else:
                body, headers = told_error(self._dialect, error)
                await wire.whole(error.status, body, headers)

    def cut(self, error: PrivetError) -> None:
        """End now, and tell the client why."""
        self._error = error
        self._scope.cancel()

    async def _answer(self, scope: HTTPScope, receive: Receive) -> bytes:
        config = self._gate.config
        if not config.inspects:
            raise NotFound("inspection is off; set `inspect = true` in `[service]`")
        running = self._gate.enter(self)
        self._dialect = self._asked(scope)
        body = decode_object(
            await read_body(scope, receive, config.max_body, config.header_timeout)
        )
        target = running.targets(self._dialect.facts(body))[0]
        _, made = await inspect(self._dialect, target, self._exchange, body, self._gate.seal)
        return told(made)

    def _asked(self, scope: HTTPScope) -> Dialect:
        """The dialect that the query names, or the default."""
        names = parse_qs(scope["query_string"].decode("latin-1")).get("dialect", [])
        if not names:
            return self._dialect
        # The name is the client's text, so it is not repeated.
        if names[-1] not in self._dialects:
            known = ", ".join(f"`{name}`" for name in self._dialects)
            raise BadRequest(f"`dialect` is none that is known; there is {known}", param="dialect")
        return self._dialects[names[-1]]
