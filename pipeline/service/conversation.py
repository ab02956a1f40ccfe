"""One exchange over HTTP, from the request's first byte to the log's line about it.

It is an ASGI application of its own rather than a handler that returns Litestar's `Stream`: that
one leaves a generator unclosed that never began, sends no keep-alive, and nothing would notice a
client that leaves while the reply is not streamed. Here the connection itself cuts the exchange off
when its client goes; whichever way the exchange ends, the work's clean-up runs before it is logged.
"""

import asyncio
import logging
import time
from contextlib import aclosing
from functools import partial

import anyio
from litestar.types import HTTPScope, Receive, Scope, Send

from pipeline.core.dialect import Dialect
from pipeline.core.entry import Ending, Entry, entry
from pipeline.core.errors import BadRequest, ClientGone, PrivetError, UpstreamFailed
from pipeline.core.exchange import Exchange
from pipeline.core.jsonvalue import Json, decode_object
from pipeline.core.relay import Answer, Relay
from pipeline.core.target import Target
from pipeline.service.body import read_body
from pipeline.service.caller import caller_of
from pipeline.service.errors import Unexpected, told
from pipeline.service.gate import Gate
from pipeline.service.logs import event, failure
from pipeline.service.pings import Pings
from pipeline.service.wire import Wire

SESSION_HEADER = b"x-privet-session"

_TELLING_TIME = 2.0
"""Seconds that a client has to take an error."""
_BURST = 8
"""Writes, each of the events that came together, before other exchanges get their turn."""


class Conversation:
    """One exchange with one client, in one dialect."""

    def __init__(self, gate: Gate, dialect: Dialect):
        self._gate = gate
        self._dialect = dialect
        self._exchange = Exchange(dialect=dialect.name)
        self._target: Target | None = None
        self._error: BaseException | None = None
        self._began = time.time()
        self._begun = time.perf_counter()
        self._relayed = 0.0
        self._first = 0.0
        self._received = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request; raises nothing but cancellation."""
        assert scope["type"] == "http", "routed by Litestar"
        self._wire = Wire(send, self._exchange.id)
        caller = caller_of(scope)
        caller.on_leave = self._leave
        try:
            # anyio's, because plugins and backends shield their clean-up from it.
            with anyio.CancelScope() as self._scope:
                await self._work(scope, receive)
            if self._error is not None:
                await self._tell()
        finally:
            caller.on_leave = None
            self._gate.leave(self)
            ending = self._ending()
            self._gate.receipts.close(self._exchange.id, partial(self._record, ending))
            self._tell_of_failures()
            self._log(ending)

    def cut(self, error: PrivetError) -> None:
        """End the exchange now; the client is told why, if it is still there."""
        if self._error is None and not self._wire.ended:
            self._error = error
            self._scope.cancel()

    async def _work(self, scope: HTTPScope, receive: Receive) -> None:
        """Do all that may fail, and keep what failed."""
        try:
            running = self._gate.enter(self)
            config = self._gate.config
            raw = await read_body(scope, receive, config.max_body, config.header_timeout)
            self._received = len(raw)
            body = decode_object(raw)
            facts = self._dialect.facts(body)
            exchange = self._exchange
            exchange.session = _session(scope)
            targets = running.targets(facts, exchange.session)
            self._target = target = targets[0]
            exchange.user = facts.user
            exchange.stream = facts.stream
            exchange.model = facts.model
            exchange.pipeline = target.pipeline
            exchange.deadline = time.monotonic() + target.deadline
            self._gate.receipts.open(exchange.id, self._record)
            again = partial(decode_object, raw)
            async with Relay(self._dialect, targets, exchange, body, again) as relay:
                await (self._relay_stream(relay) if facts.stream else self._relay(relay))
        except PrivetError as error:
            self._error = self._error or error
        except Exception as error:
            failure("unexpected", error, id=self._exchange.id)
            self._error = self._error or Unexpected()

    def _leave(self) -> None:
        self.cut(ClientGone("the client went away before its reply was complete"))

    async def _relay_stream(self, relay: Relay) -> None:
        """Relay, and meanwhile show a client that waits that it is not forgotten."""
        failure: Exception | None = None
        async with asyncio.TaskGroup() as group:
            pings = Pings(self._wire, self._gate.config.keepalive, group)
            try:
                await self._relay(relay)
            except Exception as error:
                # Raised below, where the task group does not wrap it.
                failure = error
            finally:
                pings.close()
        if failure is not None:
            raise failure

    async def _relay(self, relay: Relay) -> None:
        self._relayed = time.perf_counter()
        try:
            answer = await relay.start()
        finally:
            self._target = relay.target
        self._first = time.perf_counter()
        if answer.stream:
            await self._stream(relay, answer)
        elif not self._wire.started:
            await self._wire.whole(answer.status, await relay.body(), answer.headers)
        else:
            raise UpstreamFailed(f"the backend refused the request with status {answer.status}")
        relay.delivered()
        # A stream tells the client of its failures by itself, so that nothing was raised here.
        self._error = relay.failure
        if self._error is not None and not isinstance(self._error, PrivetError):
            failure("unexpected", self._error, id=self._exchange.id)

    async def _stream(self, relay: Relay, answer: Answer) -> None:
        wire = self._wire
        if not wire.started:
            await wire.stream(answer.status, answer.headers)
        burst = 0
        async with aclosing(relay.stream()) as events:
            async for data in events:
                await wire.write(data)
                burst += 1
                if burst % _BURST == 0:
                    await asyncio.sleep(0)
        await wire.end()

    async def _tell(self) -> None:
        """Tell the client of an error that it has not been told of."""
        error, wire = self._error, self._wire
        if wire.ended or not isinstance(error, PrivetError) or isinstance(error, ClientGone):
            return
        with anyio.move_on_after(_TELLING_TIME, shield=True):
            if wire.started:
                await wire.write(self._dialect.error_event(error))
                await wire.end()
            else:
                body, headers = told(self._dialect, error)
                await wire.whole(error.status, body, headers)

    def _ending(self, *, complete: bool = True) -> Ending:
        """How the exchange ended, or how it stands."""
        error = self._error
        status = self._wire.status
        outcome = "ok" if self._wire.ended else "cancelled" if complete else ""
        if isinstance(error, PrivetError):
            outcome = error.code
            status = error.status if isinstance(error, ClientGone) else status
        elif error is not None:
            outcome = Unexpected.code
        now = time.perf_counter()
        # What neither the plugins nor the client took.
        waited = sum(self._exchange.times.values()) + self._wire.waited
        upstream = max(0.0, now - self._relayed - waited) if self._relayed else 0.0
        return Ending(self._began, now - self._begun, upstream, status, outcome, complete)

    def _record(self, ending: Ending | None = None) -> Entry:
        assert self._target is not None, "there are receipts of routed exchanges alone"
        ending = ending or self._ending(complete=False)
        return entry(self._exchange, self._target, ending, self._gate.seal.kind)

    def _tell_of_failures(self) -> None:
        """Log which parts of plugins failed and which ones were enough, and count the exchange."""
        lines = [
            (plugin, *line, texts)
            for plugin, notes in self._exchange.receipt.plugins.items()
            for line, texts in notes.degraded.items()
        ]
        for plugin, failed, instead, texts in lines:
            event(
                "degraded",
                logging.WARNING,
                id=self._exchange.id,
                plugin=plugin,
                failed=failed,
                instead=instead,
                texts=texts,
            )
        if lines:
            self._gate.peers.degrade()

    def _log(self, ending: Ending) -> None:
        target = self._target
        fields: dict[str, Json] = {
            "id": self._exchange.id,
            "dialect": self._exchange.dialect,
            "status": ending.status,
            "outcome": ending.outcome,
            "seconds": round(ending.seconds, 4),
            "received": self._received,
            "sent": self._wire.sent,
        }
        if target is not None:
            fields |= {
                "route": target.route,
                "pipeline": target.pipeline,
                "backend": target.backend,
                "attempts": [[one.backend, one.outcome] for one in self._exchange.attempts],
                "stream": self._exchange.stream,
                "plugins": {name: round(one, 4) for name, one in self._exchange.times.items()},
            }
        if (usage := self._exchange.usage) is not None:
            fields["tokens"] = [usage.input, usage.output]
            fields["estimated"] = usage.estimated
        if self._relayed:
            fields["upstream"] = round(ending.upstream, 4)
        if self._first:
            fields["first"] = round(self._first - self._begun, 4)
        fine = ending.outcome == "ok" or 400 <= ending.status < 500
        level = logging.INFO if fine else logging.WARNING
        event("exchange", level, **fields)


def _session(scope: HTTPScope) -> str | None:
    for name, value in scope["headers"]:
        if name == SESSION_HEADER:
            session = value.decode("latin-1")
            if not 0 < len(session) <= 128 or not (session.isascii() and session.isprintable()):
                raise BadRequest(f"`{name.decode()}` must be 1 to 128 printable ASCII characters")
            return session
    return None
