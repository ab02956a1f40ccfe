"""uvicorn's HTTP protocol, with bounds on what a client may cost that uvicorn does not set.

Without them a client may hold a connection by sending a head byte by byte, or one that never ends,
by not taking its reply, or by leaving unnoticed behind requests that it has sent ahead. And what
others could read in another way is refused, rather than guessed at.
"""

import asyncio
from collections.abc import Callable

import httptools
from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from pipeline.core.errors import BadRequest, PrivetError
from pipeline.service.caller import announce, caller_of
from pipeline.service.errors import HeadTooLarge
from pipeline.service.framing import has_body, is_plain, without_offer
from pipeline.service.gathering import Gathering
from pipeline.service.overdue import Overdue
from pipeline.setup.config import ServiceConfig

MAX_HEAD = 65_536
"""Bytes that a request's target and headers may have together, with _EACH for every header."""
_EACH = 32
_MAX_AHEAD = 16
"""Requests that may wait for the reply to another one on the same connection."""

Told = Callable[[str, PrivetError], bytes]
"""The body that tells a client of an error, by the path that it asked for."""


def protocol(
    config: ServiceConfig, told: Told, lost: Callable[[], None] = lambda: None
) -> type[HttpToolsProtocol]:
    """The protocol for uvicorn's `http` option; `lost` is told of connections that have ended."""

    class Protocol(HttpToolsProtocol):
        _stall: asyncio.TimerHandle | None = None
        _head = 0
        _in_head = False
        _in_body = False
        _unused = 0
        _deaf = False
        _refusal: PrivetError | None = None
        _running: RequestResponseCycle | None = None

        def connection_made(  # pyright: ignore[reportIncompatibleMethodOverride]
            self, transport: asyncio.Transport
        ) -> None:
            self._gathering = Gathering(transport, self.loop)
            super().connection_made(self._gathering)
            self._request = Overdue(self.loop, config.header_timeout, self._close)
            self._idle = Overdue(self.loop, self.timeout_keep_alive, self._close)
            self._request.begin()

        def connection_lost(self, exc: Exception | None) -> None:
            self._request.close()
            self._idle.close()
            if self._stall is not None:
                self._stall.cancel()
            self._leave()
            super().connection_lost(exc)
            lost()

        def eof_received(self) -> None:
            """Half a connection is none: it is closed, which ends the exchange."""
            self._watch()

        def data_received(self, data: bytes) -> None:
            if self._deaf:
                return
            self._unused += len(data)
            super().data_received(data if self._in_body else without_offer(data))
            if self._unused > MAX_HEAD:
                # A header, or something else beside the body, that does not end.
                self._refusal = _too_large()
                self.send_400_response("")
            elif self.pipeline and (len(self.pipeline) > _MAX_AHEAD or self.flow.read_paused):
                self._answer_no_more()

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self._caller = announce(self.scope)
            self._head = 0
            self._in_head = True
            self._request.begin()

        def on_url(self, url: bytes) -> None:
            self._count(len(url))
            super().on_url(url)

        def on_header(self, name: bytes, value: bytes) -> None:
            self._count(_EACH + len(name) + len(value))
            # What follows a body in chunks is no header of the request.
            if self._in_head:
                super().on_header(name, value)

        def on_headers_complete(self) -> None:
            self._request.end()
            self._in_head = False
            self._in_body = True
            parser = self.parser
            assert parser is not None, "it calls"
            if not is_plain(parser.get_http_version(), self.headers):
                raise httptools.HttpParserError("the head has more than one reading")
            if parser.should_upgrade() and has_body(self.headers):
                self._refusal = BadRequest("`upgrade` is not served with a body; leave it out")
                raise httptools.HttpParserError("the parser would lose the body")
            super().on_headers_complete()
            if parser.should_upgrade():
                # The parser takes what follows for another protocol, and loses it.
                self._deaf = True
                self.cycle.keep_alive = False
            if self.pipeline:
                # uvicorn reads no more until it is this one's turn, and would not see a client go.
                self.flow.resume_reading()

        def on_body(self, body: bytes) -> None:
            self._unused = 0
            super().on_body(body)

        def on_message_complete(self) -> None:
            self._unused = 0
            self._in_body = False
            self._request.end()
            super().on_message_complete()
            self._caller.complete = True
            if self.cycle is self._running:
                # Reading may be paused for a body that came too fast; now it shows who leaves.
                self.flow.resume_reading()

        def on_response_complete(self) -> None:
            self._gathering.flush()
            if self.cycle.response_complete and self.cycle.more_body:
                self._request.begin()
            # As uvicorn does, but for its timer.
            self.server_state.total_requests += 1
            if self.transport.is_closing():
                self._watch()
                return
            self.flow.resume_reading()
            if self.pipeline:
                self._start_asgi_task(*self.pipeline.pop())
            else:
                self._idle.begin()

        def _unset_keepalive_if_required(self) -> None:
            self._idle.end()

        def pause_writing(self) -> None:
            super().pause_writing()
            self._watch()

        def resume_writing(self) -> None:
            super().resume_writing()
            # It has taken something, and as much again may wait for it when this is looked at.
            if self._stall is not None:
                self._stall.cancel()
                self._stall = None
            if self.transport.is_closing():
                self._watch()

        def send_400_response(self, msg: str) -> None:
            """Answer what is not HTTP, in JSON like every other error; `msg` is for no program."""
            self._deaf = True
            running = self._running
            if running is None or running.response_complete or not running.response_started:
                error = self._refusal or BadRequest("this is not a request that HTTP allows")
                body = told(self._asked(), error)
                self.transport.write(
                    STATUS_LINE[error.status]
                    + b"content-type: application/json\r\nconnection: close\r\n"
                    + b"content-length: %d\r\n\r\n" % len(body)
                    + body
                )
            self._leave()
            self._close()

        def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
            self._running = cycle
            super()._start_asgi_task(cycle, app)

        def _asked(self) -> str:
            """The path of the request that is answered now, as far as it is known."""
            if self._running is not None and not self._running.response_complete:
                return self._running.scope["path"]
            return self.url.decode("latin-1") if self.scope else ""

        def _leave(self) -> None:
            """End the exchanges of this connection: uvicorn ends that of the last request alone."""
            self.pipeline.clear()
            for cycle in (self._running, self.cycle):
                if cycle is not None and not cycle.response_complete:  # pyright: ignore[reportUnnecessaryComparison]
                    cycle.disconnected = True
                    cycle.message_event.set()
                    caller_of(cycle.scope).leave()

        def _answer_no_more(self) -> None:
            """Close after the reply in the making; its client may ask for the others again."""
            assert self._running is not None, "requests wait for one that is running"
            self._deaf = True
            self.pipeline.clear()
            self.cycle = self._running
            self.cycle.keep_alive = False
            self.flow.resume_reading()

        def _count(self, size: int) -> None:
            self._unused = 0
            self._head += size
            if self._head > MAX_HEAD:
                self._refusal = _too_large()
                raise httptools.HttpParserError("the head is too large")

        def _close(self) -> None:
            self.transport.close()
            self._watch()

        def _watch(self) -> None:
            """Cut the client off if it takes nothing of what waits for it."""
            if self._stall is None:
                waiting = self.transport.get_write_buffer_size()
                self._stall = self.loop.call_later(config.write_timeout, self._check, waiting)

        def _check(self, before: int) -> None:
            self._stall = None
            waiting = self.transport.get_write_buffer_size()
            if not waiting or not (self.flow.write_paused or self.transport.is_closing()):
                return
            if waiting < before:
                self._watch()
            else:
                self.transport.abort()

    return Protocol


def _too_large() -> HeadTooLarge:
    return HeadTooLarge(f"the request's line and headers are larger than {MAX_HEAD} bytes")
