"""The OpenAI backend when its server breaks off, falls silent, never ends or is not there."""

import asyncio
import gzip
import socket
import ssl
import subprocess
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from shutil import which

import anyio
import pytest
from backends.asking import (
    EVENTS,
    KEY,
    PIECES,
    SECRET,
    backend,
    call,
    exchange,
    failure,
    forever,
    read,
)
from backends.server import (
    Received,
    begin,
    chunk,
    head,
    reply,
    reset,
    serve,
    stream,
)

from pipeline import Event, UpstreamFailed, UpstreamTimeout

pytestmark = pytest.mark.anyio


async def cut(writer: StreamWriter) -> None:
    writer.close()


async def rst(writer: StreamWriter) -> None:
    reset(writer)


async def garbage(writer: StreamWriter) -> None:
    writer.write(b"this is not a chunk\r\n")


@pytest.mark.parametrize("fault", [cut, rst, garbage])
@pytest.mark.parametrize("sent", [b"", b'data: {"a"', b"data: a\n\n"])
async def test_a_stream_that_breaks(fault: Callable[[StreamWriter], object], sent: bytes):
    async def handler(request: Received, writer: StreamWriter) -> None:
        await begin(writer)
        if sent:
            await chunk(writer, sent)
        await fault(writer)

    error = await failure(handler, streamed=True)
    # Garbage that comes with the headers is seen before they are.
    assert "broke off" in error.message or "not HTTP" in error.message


async def test_a_body_that_is_shorter_than_announced():
    async def handler(request: Received, writer: StreamWriter) -> None:
        writer.write(head(200, "application/json", {"content-length": "100"}) + b'{"a":')
        writer.close()

    assert "broke off" in (await failure(handler)).message


@pytest.mark.parametrize("streamed", [True, False])
async def test_silence_in_the_middle(streamed: bool):
    async def handler(request: Received, writer: StreamWriter) -> None:
        kind = "text/event-stream" if streamed else "application/json"
        writer.write(head(200, kind, {"content-length": "100"}) + b"data: a\n\n")
        await anyio.sleep_forever()

    error = await failure(handler, streamed=streamed, idle=0.05)
    assert isinstance(error, UpstreamTimeout)
    assert "`idle`" in error.message


async def test_bytes_that_are_no_event_are_a_sign_of_life():
    async def handler(request: Received, writer: StreamWriter) -> None:
        await begin(writer)
        for _ in range(12):
            await chunk(writer, b":\n")
            await anyio.sleep(0.05)
        await chunk(writer, b"data: a\n\n")
        await chunk(writer, b"")

    assert await exchange(handler, streamed=True, idle=0.5) == [Event(b"a")]


async def test_a_slow_reader_is_not_the_backends_fault():
    async def handler(request: Received, writer: StreamWriter) -> None:
        await stream(writer, *PIECES)

    async with serve(handler) as server, backend(server.url, idle=0.3) as upstream:
        answer = await upstream.send(call(streamed=True))
        first = await anext(answer.events)
        await anyio.sleep(0.4)
        assert [first, *await read(answer)] == EVENTS


async def endless(request: Received, writer: StreamWriter) -> None:
    await begin(writer)
    for _ in range(50):
        await chunk(writer, b"x" * 1024 * 1024)


async def test_a_line_without_end_is_bounded():
    assert "`max_event`" in (await failure(endless, streamed=True)).message


async def test_a_body_without_end_is_bounded():
    async def handler(request: Received, writer: StreamWriter) -> None:
        await reply(writer, 200, b"x" * 2000)

    assert "`max_reply`" in (await failure(handler, max_reply=1999)).message
    assert len((await exchange(handler, max_reply=2000))[0].data) == 2000


@pytest.mark.parametrize("streamed", [True, False])
async def test_a_compressed_reply_is_refused(streamed: bool):
    async def handler(request: Received, writer: StreamWriter) -> None:
        bomb = gzip.compress(bytes(10_000_000))
        await reply(writer, 200, bomb, headers={"content-encoding": "gzip"})

    assert "compress" in (await failure(handler, streamed=streamed)).message


async def test_nobody_listens():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/v1"
        async with backend(url) as upstream:
            for ask in (upstream.probe, lambda: upstream.send(call())):
                with pytest.raises(UpstreamFailed, match="cannot be reached") as caught:
                    await ask()
                assert not isinstance(caught.value, UpstreamTimeout)


async def test_no_such_host():
    async with backend("http://nowhere.invalid/v1") as upstream:
        with pytest.raises(UpstreamFailed, match="cannot be resolved"):
            await upstream.send(call())


async def test_a_connection_that_nobody_accepts():
    with socket.socket() as full, ExitStack() as stack:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        url = f"http://127.0.0.1:{full.getsockname()[1]}/v1"
        async with backend(url, connect=0.1) as upstream:
            with pytest.raises(UpstreamTimeout, match="no connection"):
                await upstream.send(call())


async def test_a_server_without_tls():
    async def answer(reader: StreamReader, writer: StreamWriter) -> None:
        assert KEY.encode() not in await reader.read(1000)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    async with server, backend(url) as upstream:
        with pytest.raises(UpstreamFailed, match="could not prove who it is"):
            await upstream.send(call())


@pytest.mark.skipif(which("openssl") is None, reason="needs openssl to make a certificate")
async def test_a_certificate_that_nobody_vouches_for(tmp_path: Path):
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    command += " -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    await anyio.run_process(
        [*command.split(), "-keyout", str(key), "-out", str(certificate)],
        stderr=subprocess.DEVNULL,
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)

    async def handler(request: Received, writer: StreamWriter) -> None:
        await reply(writer, 200, b"{}")

    async with serve(handler, tls=context) as server:
        async with backend(server.url) as upstream:
            with pytest.raises(UpstreamFailed, match="could not prove who it is"):
                await upstream.send(call())
        assert server.received == []
        for options in ({"ca": str(certificate)}, {"verify": False}):
            async with backend(server.url, **options) as upstream:
                assert await read(await upstream.send(call()))


async def test_no_free_connection():
    few = {"connections": 1, "connect": 0.1}
    async with serve(forever) as server, backend(server.url, **few) as upstream:
        first = await upstream.send(call(streamed=True))
        with pytest.raises(UpstreamTimeout, match="no connection"):
            await upstream.send(call(streamed=True))
        await first.events.aclose()
        await (await upstream.send(call(streamed=True))).events.aclose()


async def test_no_first_byte():
    async def handler(request: Received, writer: StreamWriter) -> None:
        await anyio.sleep_forever()

    async with serve(handler) as server, backend(server.url, first_byte=0.05) as upstream:
        with pytest.raises(UpstreamTimeout, match="`first_byte`"):
            await upstream.send(call())
        await server.all_closed()


async def test_the_deadline_of_the_exchange():
    async def handler(request: Received, writer: StreamWriter) -> None:
        await anyio.sleep_forever()

    async with serve(handler) as server, backend(server.url) as upstream:
        for seconds in (0.05, -1):
            with pytest.raises(UpstreamTimeout):
                await upstream.send(call(seconds=seconds))


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"HTTP/1.1 2",
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n" + SECRET.encode(),
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 10_000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 200_000 + b"\r\n\r\n",
    ],
)
async def test_what_is_not_http(sent: bytes):
    async def handler(request: Received, writer: StreamWriter) -> None:
        writer.write(sent)
        writer.close()

    error = await failure(handler)
    assert not isinstance(error, UpstreamTimeout)
