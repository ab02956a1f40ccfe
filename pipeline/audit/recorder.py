"""A backend on loopback that keeps every byte it is sent, and answers as it is told to."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from typing import Literal, NamedTuple, Self

from pipeline.audit.answers import answers_at
from pipeline.core.jsonvalue import decode, encode

Manner = Literal["reply", "refuse", "quote", "break off", "babble"]
"""How to answer: well, with an error, with one that quotes the request, with a stream that ends too
early, or with what is no JSON.
"""

ECHO = "x-echo"
"""A header that comes back if there is no body."""

_CUT = 24
_MOST = 4_000
"""Characters of a request that are said back."""


class Received(NamedTuple):
    """One request, as it came over the wire."""

    head: bytes
    body: bytes


class Recorder:
    """Speaks just enough HTTP for a backend of this product, one request a connection."""

    def __init__(self) -> None:
        self.manner: Manner = "reply"
        self.says = ""
        self._received: list[Received] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/v1"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def take(self) -> list[Received]:
        """What has come since the last time."""
        received, self._received = self._received, []
        return received

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[None]:
        """Answer, on the running event loop."""
        server = await asyncio.start_server(self._serve, sock=self._socket)
        try:
            yield
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            body = await reader.readexactly(int(_header(head, "content-length") or 0))
            self._received.append(Received(head, body))
            writer.write(self._answer(head, body))
            await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            pass  # Whoever asked has gone, and has said nothing that counts.
        finally:
            writer.close()

    def _answer(self, head: bytes, body: bytes) -> bytes:
        asked = decode(body) if body else None
        if not isinstance(asked, dict):
            return _whole(200, encode({"object": "list", "data": []}), _header(head, ECHO))
        says = self.says or body.decode()[-_MOST:]
        is_stream = asked.get("stream") is True
        answers = answers_at(head.split(b" ", 2)[1])
        match self.manner:
            case "refuse":
                return _whole(400, answers.error("no"))
            case "quote":
                return _whole(400, answers.error(body.decode()))
            case "babble":
                return _whole(200, b"<p>" + body)
            case "break off" if not is_stream:
                return _whole(200, answers.whole(says))[:-_CUT]
            case "break off":
                return _stream(answers.events(says)[:-1])
            case "reply" if is_stream:
                return _stream(answers.events(says))
            case "reply":
                return _whole(200, answers.whole(says))


def _header(head: bytes, name: str) -> str:
    for line in head.decode("latin-1").split("\r\n"):
        found, _, value = line.partition(":")
        if found.lower() == name:
            return value.strip()
    return ""


def _whole(status: int, body: bytes, echo: str = "") -> bytes:
    head = f"HTTP/1.1 {status} Answer\r\ncontent-type: application/json\r\nconnection: close\r\n"
    head += f"{ECHO}: {echo}\r\n" if echo else ""
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


def _stream(events: Iterable[bytes]) -> bytes:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
    return b"".join([head, *events])
