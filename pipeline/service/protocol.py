"""uvicorn's HTTP protocol, with bounds on a request's head that uvicorn does not set.

Without them a client may hold a connection by sending a head byte by byte, or send one that never
ends; both cost it nothing.
"""

import asyncio

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

MAX_HEAD = 65_536
"""Bytes that a request's target and headers may have together, with _EACH for every header."""
_EACH = 32


def protocol(head_time: float, bad_request: bytes) -> type[HttpToolsProtocol]:
    """The protocol for uvicorn's `http` option.

    `head_time` bounds in seconds how long a head may take, and how long the rest of a request that
    was answered early is still read. `bad_request` is the JSON body that answers what is not HTTP.
    """

    class Protocol(HttpToolsProtocol):
        _timer: asyncio.TimerHandle | None = None
        _head = 0

        def connection_made(  # pyright: ignore[reportIncompatibleMethodOverride]
            self, transport: asyncio.Transport
        ) -> None:
            super().connection_made(transport)
            self._bound()

        def connection_lost(self, exc: Exception | None) -> None:
            self._unbound()
            super().connection_lost(exc)

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self._head = 0
            self._bound()

        def on_url(self, url: bytes) -> None:
            self._count(len(url))
            super().on_url(url)

        def on_header(self, name: bytes, value: bytes) -> None:
            self._count(_EACH + len(name) + len(value))
            super().on_header(name, value)

        def on_headers_complete(self) -> None:
            self._unbound()
            super().on_headers_complete()

        def on_message_complete(self) -> None:
            self._unbound()
            super().on_message_complete()

        def on_response_complete(self) -> None:
            if self.cycle.more_body:
                self._bound()
            super().on_response_complete()

        def send_400_response(self, msg: str) -> None:
            """Answer what is not HTTP, in JSON like every other error; `msg` is for no program."""
            if self.cycle is None or self.cycle.response_complete:  # pyright: ignore[reportUnnecessaryComparison]
                self.transport.write(
                    STATUS_LINE[400]
                    + b"content-type: application/json\r\nconnection: close\r\n"
                    + b"content-length: %d\r\n\r\n" % len(bad_request)
                    + bad_request
                )
            self.transport.close()

        def _count(self, size: int) -> None:
            self._head += size
            if self._head > MAX_HEAD:
                raise httptools.HttpParserError("the head is too large")

        def _bound(self) -> None:
            self._unbound()
            self._timer = self.loop.call_later(head_time, self.transport.close)

        def _unbound(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    return Protocol
