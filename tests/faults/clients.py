"""Clients that write their requests byte by byte, and do what clients must not."""

import asyncio
import json
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from faults.house import NAME, House
from faults.voices import Outcome, Voice


def body_of(voice: Voice, *, stream: bool = False, text: str = f"I am {NAME}.") -> bytes:
    """The body of a request."""
    return json.dumps(voice.request(text, stream=stream)).encode()


def head_of(voice: Voice, *lines: bytes) -> bytes:
    """A request's head with these headers, ended."""
    return b"\r\n".join([b"POST %b HTTP/1.1" % voice.path.encode(), b"host: x", *lines, b"", b""])


def request_of(voice: Voice, *lines: bytes, body: bytes | None = None, **more: Any) -> bytes:
    """A whole request, with its length."""
    data = body_of(voice, **more) if body is None else body
    return head_of(voice, b"content-length: %d" % len(data), *lines) + data


class Line:
    """A connection to the service. Nothing is read but what is asked for."""

    def __init__(self, raw: socket.socket):
        self._socket = raw
        self._loop = asyncio.get_running_loop()

    async def send(self, data: bytes) -> None:
        await self._loop.sock_sendall(self._socket, data)

    async def receive(self, most: int = 65_536) -> bytes:
        """Some of what has come; nothing once the service has closed."""
        try:
            return await self._loop.sock_recv(self._socket, most)
        except ConnectionError:
            return b""

    async def all(self, within: float = 5.0) -> bytes:
        """All that comes until the service closes; TimeoutError if it does not."""
        seen = bytearray()
        async with asyncio.timeout(within):
            while some := await self.receive():
                seen += some
        return bytes(seen)

    async def until(self, wanted: bytes, within: float = 5.0) -> bytes:
        """What comes until `wanted` has come."""
        seen = bytearray()
        async with asyncio.timeout(within):
            while wanted not in seen:
                some = await self.receive()
                assert some, "the service closed before"
                seen += some
        return bytes(seen)

    def half(self) -> None:
        """Send no more."""
        self._socket.shutdown(socket.SHUT_WR)

    def go(self) -> None:
        """Leave in good order."""
        self._socket.close()

    def drop(self) -> None:
        """Leave by a reset."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()


@contextmanager
def dialled(made: House, *, buffer: int = 0) -> Iterator[Line]:
    """A connection to the service; `buffer` bounds what its kernel takes for it unread."""
    raw = socket.socket()
    if buffer:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    raw.connect(("127.0.0.1", made.port))
    raw.setblocking(False)
    with raw:
        yield Line(raw)


def refused(voice: Voice, seen: bytes, *statuses: int) -> Outcome:
    """The one answer of a connection that was closed: an error in the client's protocol."""
    head, _, body = seen.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    assert first.startswith("HTTP/1.1 "), "there is one answer"
    assert int(headers["content-length"]) == len(body), "nothing follows it"
    outcome = voice.outcome(int(first.split()[1]), headers, body)
    assert outcome.status in statuses, (outcome.status, outcome.raw)
    assert outcome.ended == "error"
    assert NAME.encode() not in outcome.raw
    return outcome
