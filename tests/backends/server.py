"""A scripted HTTP/1.1 server on 127.0.0.1, which can do everything that servers must not.

    async def handler(request: Received, writer: StreamWriter) -> None:
        await reply(writer, 200, b"{}")

    async with serve(handler) as server:
        ...  # server.url, server.received, server.connections

The handler writes raw bytes, with the helpers below or without. When it returns, the connection is
kept for the next request unless the handler closed it. What goes wrong in a handler is raised when
the server is left.
"""

import asyncio
import socket
import ssl
import struct
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple

import msgspec


class Received(NamedTuple):
    """One request. Header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, object]:
        return msgspec.json.decode(self.body, type=dict[str, object])


Handler = Callable[[Received, StreamWriter], Awaitable[None]]


class Server:
    """What the server has seen. `url` is the base, ending in `/v1`."""

    def __init__(self, handler: Handler):
        self.url = ""
        self.received: list[Received] = []
        self.connections = 0
        self.errors: list[Exception] = []
        self._handler = handler
        self._tasks: set[asyncio.Task[None] | None] = set()
        self._changed = asyncio.Condition()

    @property
    def open(self) -> int:
        """How many connections are open now."""
        return len(self._tasks)

    async def all_closed(self, within: float = 1.0) -> None:
        """Wait until no connection is open; TimeoutError if that takes longer."""
        async with asyncio.timeout(within), self._changed:
            await self._changed.wait_for(lambda: not self._tasks)

    async def connected(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Serve one connection."""
        task = asyncio.current_task()
        self._tasks.add(task)
        self.connections += 1
        try:
            ahead = b""
            while not writer.is_closing():
                request = await _read(reader, ahead)
                self.received.append(request)
                ahead = await _until_done_or_gone(self._handler(request, writer), reader)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        except Exception as error:
            self.errors.append(error)
        finally:
            writer.close()
            self._tasks.discard(task)
            async with self._changed:
                self._changed.notify_all()

    async def stop(self) -> None:
        """End all connections."""
        tasks = [task for task in self._tasks if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def serve(handler: Handler, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    """Serve on a free port of 127.0.0.1 as long as the context lasts."""
    server = Server(handler)
    listening = await asyncio.start_server(server.connected, "127.0.0.1", 0, ssl=tls)
    port = listening.sockets[0].getsockname()[1]
    server.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}/v1"
    try:
        yield server
    finally:
        listening.close()
        await server.stop()
    if server.errors:
        raise server.errors[0]


async def _read(reader: StreamReader, ahead: bytes) -> Received:
    head = ahead + await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")[:-2]
    method, path, _version = first.split(" ")
    pairs = (line.split(":", 1) for line in lines)
    headers = {name.lower(): value.strip() for name, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(method, path, headers, body)


async def _until_done_or_gone(handling: Awaitable[None], reader: StreamReader) -> bytes:
    """Run a handler, but not longer than the client is there; the next request's first byte."""
    work = asyncio.ensure_future(handling)
    more = asyncio.ensure_future(reader.read(1))
    try:
        await asyncio.wait({work, more}, return_when=asyncio.FIRST_COMPLETED)
        if more.done() and not more.result() and not work.done():
            raise ConnectionResetError("the client went away")
        await work
        return await more
    finally:
        work.cancel()
        more.cancel()
        await asyncio.gather(work, more, return_exceptions=True)


def head(status: int, content_type: str, headers: Mapping[str, str] | None = None) -> bytes:
    """A status line and headers, ended."""
    lines = [f"HTTP/1.1 {status} Whatever", f"content-type: {content_type}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


async def reply(
    writer: StreamWriter,
    status: int,
    body: bytes,
    content_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> None:
    """A whole reply."""
    length = {"content-length": str(len(body)), **(headers or {})}
    writer.write(head(status, content_type, length) + body)
    await writer.drain()


async def begin(writer: StreamWriter, headers: Mapping[str, str] | None = None) -> None:
    """The head of an event stream in chunks."""
    chunked = {"transfer-encoding": "chunked", **(headers or {})}
    writer.write(head(200, "text/event-stream", chunked))
    await writer.drain()


async def chunk(writer: StreamWriter, data: bytes) -> None:
    """One chunk of the body; an empty one ends it."""
    writer.write(b"%x\r\n%b\r\n" % (len(data), data))
    await writer.drain()


async def stream(writer: StreamWriter, *pieces: bytes) -> None:
    """A whole event stream, each piece a chunk."""
    await begin(writer)
    for piece in pieces:
        await chunk(writer, piece)
    await chunk(writer, b"")


def reset(writer: StreamWriter) -> None:
    """End the connection with RST instead of FIN."""
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
