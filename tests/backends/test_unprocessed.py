"""Which failures of a backend on HTTP say that it certainly did nothing with the request."""

import asyncio
import socket
from asyncio import StreamReader, StreamWriter
from contextlib import ExitStack

import anyio
import pytest
from backends.asking import backend, call, failure
from backends.server import Received, begin, chunk, reply, reset

from pipeline import UpstreamFailed
from pipeline.core.errors import UpstreamBusy

pytestmark = pytest.mark.anyio


async def unreached(url: str, **options: object) -> UpstreamFailed:
    async with backend(url, **options) as upstream:
        with pytest.raises(UpstreamFailed) as caught:
            await upstream.send(call())
    return caught.value


async def test_nobody_listens():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        error = await unreached(f"http://127.0.0.1:{closed.getsockname()[1]}/v1")
    assert error.unprocessed


async def test_there_is_no_such_host():
    assert (await unreached("http://nowhere.invalid/v1")).unprocessed


async def test_nobody_accepts_the_connection():
    with socket.socket() as full, ExitStack() as stack:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        error = await unreached(f"http://127.0.0.1:{full.getsockname()[1]}/v1", connect=0.1)
    assert error.unprocessed


async def test_there_is_no_tls():
    async def answer(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.read(1000)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        error = await unreached(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1")
    assert error.unprocessed


@pytest.mark.parametrize(
    ("status", "headers", "unprocessed"),
    [
        (429, {}, True),
        (429, {"retry-after": "3"}, True),
        (503, {"retry-after": "3"}, True),
        (503, {}, False),
        (503, {"retry-after": "soon"}, False),
        (529, {}, True),
        (500, {"retry-after": "3"}, False),
        (502, {}, False),
        (504, {}, False),
        (401, {}, False),
        (400, {}, False),
    ],
)
async def test_a_status(status: int, headers: dict[str, str], unprocessed: bool):
    async def handler(request: Received, writer: StreamWriter) -> None:
        await reply(writer, status, b"no", "text/plain", headers)

    error = await failure(handler)
    assert error.unprocessed is unprocessed
    assert isinstance(error, UpstreamBusy) is (status == 429)
    assert error.retry_after == (3 if headers.get("retry-after") == "3" else None)


async def closes(request: Received, writer: StreamWriter) -> None:
    writer.close()


async def resets(request: Received, writer: StreamWriter) -> None:
    reset(writer)


async def says_nothing(request: Received, writer: StreamWriter) -> None:
    await anyio.sleep_forever()


async def begins(request: Received, writer: StreamWriter) -> None:
    await begin(writer)
    await chunk(writer, b"data: a\n\n")
    writer.close()


@pytest.mark.parametrize("handler", [closes, resets, says_nothing, begins])
async def test_a_server_that_may_have_worked_on_it(handler: object):
    error = await failure(handler, streamed=True, first_byte=0.1)  # type: ignore[arg-type]
    assert not error.unprocessed
