"""A backend on loopback that keeps every byte it is sent, and answers as it is told to."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Literal, NamedTuple, Self

from pipeline.core.jsonvalue import JsonObject, decode, encode

Manner = Literal["reply", "refuse", "quote", "break off", "babble"]
"""How to answer: well, with an error, with one that quotes the request, with a stream that ends too
early, or with what is no JSON.
"""

ECHO = "x-echo"
"""A header that comes back if there is no body."""

_PIECE = 24
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
        match self.manner:
            case "refuse":
                return _whole(400, _error("no"))
            case "quote":
                return _whole(400, _error(body.decode()))
            case "babble":
                return _whole(200, b"<p>" + body)
            case "break off" if not is_stream:
                return _whole(200, _reply(says))[:-_PIECE]
            case "break off":
                return _stream(says)[: -len(_DONE)]
            case "reply":
                return _stream(says) if is_stream else _whole(200, _reply(says))


_DONE = b"data: [DONE]\n\n"
_HEAD: JsonObject = {"id": "audit", "created": 0, "model": "audit"}


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


def _reply(text: str) -> bytes:
    message: JsonObject = {"role": "assistant", "content": text}
    choice: JsonObject = {"index": 0, "message": message, "finish_reason": "stop"}
    return encode({**_HEAD, "object": "chat.completion", "choices": [choice]})


def _error(message: str) -> bytes:
    return encode({"error": {"message": message, "type": "audit", "param": None, "code": None}})


def _stream(text: str) -> bytes:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
    pieces = [text[at : at + _PIECE] for at in range(0, len(text), _PIECE)]
    return b"".join([head, *map(_chunk, pieces), _chunk("", "stop"), _DONE])


def _chunk(text: str, finish: str | None = None) -> bytes:
    choice: JsonObject = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    data = encode({**_HEAD, "object": "chat.completion.chunk", "choices": [choice]})
    return b"data: " + data + b"\n\n"
