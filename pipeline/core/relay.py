"""One exchange, from a client's request to the bytes of the reply.

Client and backend choose independently whether they stream. What is between them is always frames,
one or many, and all of them go through the chain; only the last step, to the client, differs.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, suppress
from copy import deepcopy
from types import TracebackType
from typing import Self

import anyio
from msgspec import Struct

from pipeline.core.backend import Call, Reply, Streams, Upstream
from pipeline.core.chain import Chain, Run
from pipeline.core.dialect import Dialect
from pipeline.core.errors import ClientGone, PrivetError, UpstreamFailed, UpstreamTimeout
from pipeline.core.exchange import Exchange
from pipeline.core.frames import Event, Frame, Reader
from pipeline.core.jsonvalue import JsonObject
from pipeline.core.request import Request

_CLOSING_TIME = 5.0
"""Seconds that closing the backend's connection may take."""


class Target(Struct, frozen=True, kw_only=True):
    """Where the configuration sends a request: a route's pipeline, backend and model.

    `route` is the configured name that matched, fit for logs; `model` is the backend's own name,
    and `configured_model` is too unless that one is the client's. `deadline` bounds the exchange,
    in seconds.
    """

    route: str
    pipeline: str
    chain: Chain
    deadline: float
    backend: str
    upstream: Upstream
    streams: Streams
    model: str
    configured_model: str = "*"

    def streamed(self, client: bool) -> bool:
        """Whether the backend is asked for a stream, by whether the client does."""
        return {"both": client, "never": False, "always": True}[self.streams]


class Answer(Struct, frozen=True):
    """How the reply begins: HTTP's status, whether it is a stream, headers for the client."""

    status: int
    stream: bool
    headers: Mapping[str, str] = {}


class Relay:
    """One exchange. Enter it, `start` it, then take `stream` or `body` as the answer says.

    Call `delivered` once the client has all of it: only then do plugins hear of success.
    """

    def __init__(self, dialect: Dialect, target: Target, exchange: Exchange, body: JsonObject):
        self._dialect = dialect
        self._target = target
        self._exchange = exchange
        self._body = body
        self._client_streams = dialect.facts(body).stream
        self._run: Run = target.chain.open(exchange)
        self._events: AsyncIterator[Event] | None = None
        self._reader: Reader | None = None
        self._first: Frame | None = None
        self._error_body: Frame | None = None
        self._failure: BaseException | None = ClientGone("the client went away")

    async def __aenter__(self) -> Self:
        await self._run.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        failure = error or self._failure
        await self._close_events()
        await self._run.__aexit__(type(failure) if failure else None, failure, trace)

    @property
    def failure(self) -> BaseException | None:
        """What ended the exchange, or None if it went well."""
        return self._failure

    def delivered(self) -> None:
        """The client was sent the whole reply, its terminal event included."""
        if isinstance(self._failure, ClientGone):
            self._failure = None

    async def start(self) -> Answer:
        """Run the request through the chain, send it, and wait for the reply's first frame.

        Raises PrivetError while there is still a status to tell the client.
        """
        try:
            return await self._start()
        except Exception as error:
            self._failure = error
            raise

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """The reply as server-sent events. A failure ends it with an error and no terminator."""
        try:
            async with aclosing(self._frames()) as frames:
                async for frame in frames:
                    for one in self._to_client(frame):
                        yield self._dialect.encode(one)
        except PrivetError as error:
            self._failure = error
            yield self._dialect.error_event(error)
        except Exception as error:
            self._failure = error
            # What went wrong may quote message text, so the client is told nothing of it.
            yield self._dialect.error_event(PrivetError("an internal error ended the reply"))

    async def body(self) -> bytes:
        """The whole reply."""
        try:
            if self._error_body is not None:
                return self._dialect.encode(self._error_body)
            async with aclosing(self._frames()) as frames:
                found = [frame async for frame in frames]
            if found[-1].end == "error":
                raise UpstreamFailed("the backend ended its reply with an error")
            return self._dialect.encode(found[0] if found[0].whole else self._dialect.join(found))
        except Exception as error:
            self._failure = error
            raise

    async def _start(self) -> Answer:
        asked = await self._asked()
        stream = self._target.streamed(self._client_streams)
        body = self._dialect.outgoing(asked, self._target.model, stream=stream)
        reply = await self._send(body, stream)
        self._events = reply.events
        self._reader = self._dialect.reader(body)
        if reply.status >= 400:
            return await self._refused(reply)
        self._first = await self._next(self._reader)
        if self._first.end == "error":
            raise UpstreamFailed("the backend answered with an error instead of a reply")
        return Answer(200, self._client_streams, reply.headers)

    async def _asked(self) -> JsonObject:
        """The request as the pipeline lets it out."""
        request = self._view(self._body)
        if self._target.chain.observe:
            await self._run.observe(self._view(deepcopy(self._body)))
            return self._body
        await self._run.request(request)
        return request.finish()

    def _view(self, body: JsonObject) -> Request:
        return Request(body, self._dialect.layout, self._dialect.add_context)

    async def _send(self, body: JsonObject, stream: bool) -> Reply:
        call = Call(self._dialect.name, body, stream, self._exchange)
        try:
            with anyio.fail_after(max(0.0, self._exchange.remaining)):
                return await self._target.upstream.send(call)
        except TimeoutError:
            raise UpstreamTimeout(_late(self._target)) from None

    async def _refused(self, reply: Reply) -> Answer:
        """Pass on the backend's own refusal, through the chain like any text."""
        assert self._reader is not None, "made before"
        event = await self._event()
        if event is None:
            raise UpstreamFailed("the backend refused the request without saying why")
        frame = self._dialect.error_frame(event)
        self._error_body = (await self._run.reply(frame, self._reader))[-1]
        self._failure = UpstreamFailed("the backend refused the request")
        return Answer(reply.status, False, reply.headers)

    async def _frames(self) -> AsyncGenerator[Frame, None]:
        """The frames of the reply, as they leave the chain."""
        assert self._reader is not None, "a reply is read after `start`"
        frame = self._first or await self._next(self._reader)
        self._first = None
        while True:
            for one in await self._run.reply(frame, self._reader):
                yield one
            if frame.end:
                break
            frame = await self._next(self._reader)
        if frame.end == "error":
            self._failure = UpstreamFailed("the backend ended its reply with an error")

    async def _next(self, reader: Reader) -> Frame:
        event = await self._event()
        return reader.eof() if event is None else reader.read(event)

    async def _event(self) -> Event | None:
        """The backend's next event, or None after its last."""
        assert self._events is not None, "a reply is read after `start`"
        try:
            with anyio.fail_after(max(0.0, self._exchange.remaining)):
                return await anext(self._events, None)
        except TimeoutError:
            raise UpstreamTimeout(_late(self._target)) from None

    def _to_client(self, frame: Frame) -> list[Frame]:
        return list(self._dialect.split(frame, self._body)) if frame.whole else [frame]

    async def _close_events(self) -> None:
        close = getattr(self._events, "aclose", None)
        if close is None:
            return
        # The exchange has ended: what fails now must neither hide why nor keep it from the steps.
        with anyio.move_on_after(_CLOSING_TIME, shield=True), suppress(Exception):
            await close()


def _late(target: Target) -> str:
    return (
        f"the exchange took longer than its {target.deadline:g} seconds; "
        f"raise `deadline` of pipeline `{target.pipeline}` if that is too short"
    )
