"""The reply's way to the client over ASGI: the head once, then pieces, then the end."""

import time
from collections.abc import Mapping

from litestar.types import Send

EXCHANGE_HEADER = "x-privet-exchange"
"""The exchange's id: 128 unguessable bits, which the log and the receipt go by too."""

_EXCHANGE = EXCHANGE_HEADER.encode()
_JSON = (b"content-type", b"application/json")

NO_STORE = {"cache-control": "no-store"}

_STREAM_HEADERS = {
    "content-type": "text/event-stream; charset=utf-8",
    **NO_STORE,
    # Reverse proxies that buffer would hold a stream until it is complete.
    "x-accel-buffering": "no",
}


class Wire:
    """Writes one reply. `sent` counts its body's bytes; `last` is when something was written.

    A write waits while the client does not read; `waited` is how many seconds that took so far.
    """

    def __init__(self, send: Send, exchange_id: str):
        self.status = 0
        self.sent = 0
        self.ended = False
        self.last = time.monotonic()
        self.waited = 0.0
        self._send = send
        self._id = exchange_id

    @property
    def started(self) -> bool:
        """Whether the head is out: then there is no status left to tell."""
        return self.status != 0

    async def stream(self, status: int, headers: Mapping[str, str]) -> None:
        """Begin a stream of server-sent events."""
        await self._head(status, _raw({**headers, **_STREAM_HEADERS}))

    async def write(self, data: bytes) -> None:
        """Send a piece of a stream: whole events."""
        begun = time.monotonic()
        await self._send({"type": "http.response.body", "body": data, "more_body": True})
        self.sent += len(data)
        self.last = time.monotonic()
        self.waited += self.last - begun

    async def end(self) -> None:
        """End a stream."""
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        self.ended = True

    async def whole(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        """Send a whole reply."""
        length = b"content-length", b"%d" % len(body)
        await self._head(status, [*_raw(headers), _JSON, length])
        await self._send({"type": "http.response.body", "body": body, "more_body": False})
        self.sent += len(body)
        self.ended = True

    async def _head(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        raw = [(_EXCHANGE, self._id.encode()), *headers]
        self.status = status
        try:
            await self._send({"type": "http.response.start", "status": status, "headers": raw})
        except BaseException:
            self.status = 0
            raise


def _raw(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
