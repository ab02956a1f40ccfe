"""The OpenAI backend against a server that misbehaves in every way that servers do."""

import asyncio
import gzip
import socket
import ssl
import subprocess
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from shutil import which

import anyio
import pytest
from backends.server import (
    Handler,
    Received,
    Server,
    begin,
    chunk,
    head,
    reply,
    reset,
    serve,
    stream,
)

from pipeline import Call, Event, Exchange, Reply, Upstream, UpstreamFailed, UpstreamTimeout
from pipeline.backends.openai import OpenAI
from pipeline.core.jsonvalue import JsonObject

pytestmark = pytest.mark.anyio

KEY = "sk-canary-0123456789"
SECRET = "canary text of the backend"
BODY: JsonObject = {"model": "m", "messages": [{"role": "user", "content": "Grüße 😀"}]}
PIECES = [b'data: {"a":"\xe2\x82\xac"}\n\n', b"event: x\r\ndata: b\r\n\r\n", b"data: [DONE]\n\n"]
EVENTS = [Event(b'{"a":"\xe2\x82\xac"}'), Event(b"b", "x"), Event(b"[DONE]")]


@asynccontextmanager
async def backend(url: str, **options: object) -> AsyncIterator[Upstream]:
    async with AsyncExitStack() as stack:
        yield await OpenAI(url=url, key=KEY, **options).start(stack)


def call(*, streamed: bool = False, seconds: float = 10) -> Call:
    exchange = Exchange(deadline=asyncio.get_running_loop().time() + seconds)
    return Call("openai", BODY, streamed, exchange)


async def read(answer: Reply) -> list[Event]:
    try:
        return [event async for event in answer.events]
    finally:
        await answer.events.aclose()


async def exchange(handler: Handler, *, streamed: bool = False, **options: object) -> list[Event]:
    async with serve(handler) as server, backend(server.url, **options) as upstream:
        return await read(await upstream.send(call(streamed=streamed)))


async def failure(handler: Handler, *, streamed: bool = False, **options: object) -> UpstreamFailed:
    """The failure of an exchange; it holds neither the key nor anything that the server said."""
    with pytest.raises(UpstreamFailed) as caught:
        await exchange(handler, streamed=streamed, **options)
    for error in (caught.value, caught.value.__cause__):
        assert KEY not in repr(error)
        assert SECRET not in repr(error)
        assert "127.0.0.1" not in repr(error)
    return caught.value


# What is sent


async def test_sends_the_body_the_key_and_little_else():
    async def handler(request: Received, writer: StreamWriter) -> None:
        await reply(writer, 200, b"{}", headers={"set-cookie": "a=b"})

    async with serve(handler) as server, backend(server.url, headers={"X-Team": "a"}) as upstream:
        before = repr(BODY)
        for _ in range(2):
            assert await read(await upstream.send(call())) == [Event(b"{}", whole=True)]
        assert repr(BODY) == before
    [first, second] = server.received
    assert first == second, "no cookies are kept"
    assert (first.method, first.path) == ("POST", "/v1/chat/completions")
    assert first.json == BODY
    assert first.headers == {
        "accept": "application/json, text/event-stream",
        "accept-encoding": "identity",
        "authorization": f"Bearer {KEY}",
        "content-length": str(len(first.body)),
        "content-type": "application/json",
        "host": server.url.removeprefix("http://").removesuffix("/v1"),
        "user-agent": "privet",
        "x-team": "a",
    }
    assert server.connections == 1


async def test_the_environment_has_no_say(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    async def handler(request: Received, writer: StreamWriter) -> None:
        assert "authorization" not in request.headers
        await reply(writer, 200, b"{}")

    async with serve(handler) as server, AsyncExitStack() as stack:
        upstream = await OpenAI(url=server.url).start(stack)
        assert await read(await upstream.send(call()))


async def test_the_key_comes_from_a_file(tmp_path: Path):
    path = tmp_path / "key"
    path.write_text(f"{KEY}\n")

    async def handler(request: Received, writer: StreamWriter) -> None:
        assert request.headers["authorization"] == f"Bearer {KEY}"
        await reply(writer, 200, b"{}")

    async with serve(handler) as server, AsyncExitStack() as stack:
        options = OpenAI(url=server.url, key_file=str(path))
        assert options.problems() == []
        await read(await (await options.start(stack)).send(call()))


# Streams


async def test_a_stream():
    async def handler(request: Received, writer: StreamWriter) -> None:
        await stream(writer, *PIECES)

    assert await exchange(handler, streamed=True) == EVENTS


async def test_a_stream_in_slices_of_one_byte():
    async def handler(request: Received, writer: StreamWriter) -> None:
        data = b"".join(PIECES)
        await stream(writer, *(data[i : i + 1] for i in range(len(data))))

    assert await exchange(handler, streamed=True) == EVENTS


async def test_events_come_as_they_are_sent():
    seen = anyio.Event()

    async def handler(request: Received, writer: StreamWriter) -> None:
        await begin(writer)
        await chunk(writer, PIECES[0])
        await seen.wait()
        await chunk(writer, b"")

    async with serve(handler) as server, backend(server.url) as upstream:
        answer = await upstream.send(call(streamed=True))
        assert await anext(answer.events) == EVENTS[0]
        seen.set()
        assert await read(answer) == []


@pytest.mark.parametrize("streamed", [True, False])
async def test_the_content_type_tells_the_mode(streamed: bool):
    async def sends_json(request: Received, writer: StreamWriter) -> None:
        await reply(writer, 200, b'{"a": 1}', "application/json; charset=utf-8")

    async def sends_events(request: Received, writer: StreamWriter) -> None:
        await reply(writer, 200, b"data: a\n\n", "Text/Event-Stream; charset=utf-8")

    async def sends_text(request: Received, writer: StreamWriter) -> None:
        await reply(writer, 200, b"data: a\n\n", "text/plain")

    whole = [Event(b'{"a": 1}', whole=True)]
    assert await exchange(sends_json, streamed=streamed) == whole
    assert await exchange(sends_events, streamed=streamed) == [Event(b"a")]
    as_asked = [Event(b"a")] if streamed else [Event(b"data: a\n\n", whole=True)]
    assert await exchange(sends_text, streamed=streamed) == as_asked


async def test_events_without_data_are_nothing():
    async def handler(request: Received, writer: StreamWriter) -> None:
        await stream(writer, b": hello\n\ndata:\n\ndata: a\n\n")

    assert await exchange(handler, streamed=True) == [Event(b"a")]


async def test_the_last_event_without_an_empty_line_is_dropped():
    async def handler(request: Received, writer: StreamWriter) -> None:
        await stream(writer, b"data: a\n\n", b"data: b\n")

    assert await exchange(handler, streamed=True) == [Event(b"a")]


async def test_a_body_that_ends_with_the_connection():
    async def handler(request: Received, writer: StreamWriter) -> None:
        writer.write(head(200, "text/event-stream", {"connection": "close"}) + b"data: a\n\n")
        writer.close()

    assert await exchange(handler, streamed=True) == [Event(b"a")]


# Streams that break


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


# Sizes


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


# No reply


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


# Statuses


async def test_the_clients_own_mistake_is_passed_on():
    async def handler(request: Received, writer: StreamWriter) -> None:
        await reply(writer, 400, b'{"error":{"message":"too long"}}')

    async with serve(handler) as server, backend(server.url) as upstream:
        answer = await upstream.send(call(streamed=True))
        assert (answer.status, dict(answer.headers)) == (400, {})
        assert await read(answer) == [Event(b'{"error":{"message":"too long"}}', whole=True)]
        await read(await upstream.send(call()))
    assert server.connections == 1


@pytest.mark.parametrize("status", [400, 404, 422, 429])
@pytest.mark.parametrize(
    "body", [SECRET.encode(), f'"{SECRET}"'.encode(), b"", b'{"a":"' + b"x" * 65536 + b'"}']
)
async def test_a_mistake_in_words_that_cannot_be_read(status: int, body: bytes):
    async def handler(request: Received, writer: StreamWriter) -> None:
        await reply(writer, status, body, "text/html")

    await failure(handler)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("7", "7"),
        ("0", "0"),
        ("1000000000", "86400"),
        ("9" * 5000, None),
        ("soon", None),
        ("-1", None),
        ("", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", "0"),
        (format_datetime(datetime.now(UTC) + timedelta(days=9), usegmt=True), "86400"),
    ],
)
async def test_retry_after(said: str, told: str | None):
    async def handler(request: Received, writer: StreamWriter) -> None:
        await reply(writer, 429, b"{}", headers={"retry-after": said})

    async with serve(handler) as server, backend(server.url) as upstream:
        answer = await upstream.send(call())
        await read(answer)
        assert answer.status == 429
        assert answer.headers.get("retry-after") == told


async def test_retry_after_of_a_failure():
    async def handler(request: Received, writer: StreamWriter) -> None:
        await reply(writer, 503, SECRET.encode(), "text/html", {"retry-after": "3"})

    assert (await failure(handler)).retry_after == 3


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "`key`"),
        (403, "`key`"),
        (302, "redirects"),
        (308, "redirects"),
        (500, "500"),
        (504, "504"),
    ],
)
async def test_a_failure_in_words_of_ours(status: int, words: str):
    async def handler(request: Received, writer: StreamWriter) -> None:
        body = f'{{"error":{{"message":"{SECRET} {KEY}"}}}}'.encode()
        await reply(writer, status, body, headers={"location": "/elsewhere"})

    error = await failure(handler)
    assert (error.status, words in error.message) == (502, True)


@pytest.mark.parametrize(("status", "there"), [(200, True), (404, True), (401, True), (502, False)])
async def test_probe(status: int, there: bool):
    async def handler(request: Received, writer: StreamWriter) -> None:
        assert (request.method, request.path) == ("GET", "/v1/models")
        await reply(writer, status, SECRET.encode())

    async with serve(handler) as server, backend(server.url) as upstream:
        if there:
            await upstream.probe()
        else:
            with pytest.raises(UpstreamFailed, match=str(status)):
                await upstream.probe()


# Connections


async def test_connections_are_used_again():
    async def handler(request: Received, writer: StreamWriter) -> None:
        await stream(writer, *PIECES)

    async with serve(handler) as server, backend(server.url) as upstream:
        for _ in range(3):
            assert await read(await upstream.send(call(streamed=True))) == EVENTS
    assert server.connections == 1


async def test_a_reader_that_stops_at_the_last_event_keeps_the_connection():
    async def handler(request: Received, writer: StreamWriter) -> None:
        await begin(writer)
        await chunk(writer, b"data: [DONE]\n\n")
        await anyio.sleep(0.01)
        await chunk(writer, b"")

    async with serve(handler) as server, backend(server.url) as upstream:
        for _ in range(3):
            answer = await upstream.send(call(streamed=True))
            assert await anext(answer.events) == Event(b"[DONE]")
            await answer.events.aclose()
    assert server.connections == 1


@pytest.mark.parametrize("more", [b"data: more\n\n", None])
async def test_a_connection_that_does_not_end_its_reply_is_not_used_again(more: bytes | None):
    async def handler(request: Received, writer: StreamWriter) -> None:
        await begin(writer)
        await chunk(writer, b"data: [DONE]\n\n")
        if more:
            await chunk(writer, more)
        await anyio.sleep_forever()

    async with serve(handler) as server, backend(server.url) as upstream:
        answer = await upstream.send(call(streamed=True))
        assert await anext(answer.events) == Event(b"[DONE]")
        await answer.events.aclose()
        await server.all_closed()


@pytest.mark.parametrize("how", ["fin", "rst"])
async def test_a_pooled_connection_that_the_server_has_closed(how: str):
    async def handler(request: Received, writer: StreamWriter) -> None:
        await reply(writer, 200, b"{}")
        if how == "fin":
            writer.close()
        else:
            reset(writer)

    async with serve(handler) as server, backend(server.url) as upstream:
        for _ in range(5):
            assert await read(await upstream.send(call()))
            await server.all_closed()
    assert server.connections == 5


async def test_nothing_is_sent_twice():
    async def handler(request: Received, writer: StreamWriter) -> None:
        if len(server.received) == 1:
            await reply(writer, 200, b"{}")
        else:
            reset(writer)

    async with serve(handler) as server, backend(server.url) as upstream:
        await read(await upstream.send(call()))
        with pytest.raises(UpstreamFailed):
            await upstream.send(call())
    assert len(server.received) == 2


# Leaving


async def forever(request: Received, writer: StreamWriter) -> None:
    await begin(writer)
    await chunk(writer, PIECES[0])
    await anyio.sleep_forever()


async def left(server: Server) -> None:
    assert server.open == 1
    await server.all_closed(within=1)


async def test_leaving_before_anything_was_read():
    async with serve(forever) as server, backend(server.url) as upstream:
        answer = await upstream.send(call(streamed=True))
        await answer.events.aclose()
        await left(server)


async def test_leaving_in_the_middle():
    async with serve(forever) as server, backend(server.url) as upstream:
        answer = await upstream.send(call(streamed=True))
        await anext(answer.events)
        await answer.events.aclose()
        await answer.events.aclose()
        await left(server)


async def test_leaving_a_whole_reply():
    async def handler(request: Received, writer: StreamWriter) -> None:
        writer.write(head(200, "application/json", {"content-length": "100"}))
        await anyio.sleep_forever()

    async with serve(handler) as server, backend(server.url) as upstream:
        answer = await upstream.send(call())
        await answer.events.aclose()
        await left(server)


async def test_leaving_while_being_cancelled():
    async with serve(forever) as server, backend(server.url) as upstream:
        async with anyio.create_task_group() as tasks:

            async def work() -> None:
                answer = await upstream.send(call(streamed=True))
                try:
                    await anext(answer.events)
                    tasks.cancel_scope.cancel()
                    await anext(answer.events)
                finally:
                    await answer.events.aclose()

            tasks.start_soon(work)
        await left(server)


@pytest.mark.parametrize("status", [400, 401, 302, 500])
async def test_leaving_a_failure_that_does_not_end(status: int):
    async def handler(request: Received, writer: StreamWriter) -> None:
        writer.write(head(status, "application/json", {"content-length": "100"}))
        await anyio.sleep_forever()

    async with serve(handler) as server, backend(server.url, idle=0.1) as upstream:
        with pytest.raises(UpstreamFailed):
            await upstream.send(call())
        await left(server)


async def test_leaving_before_the_reply_began():
    asked = anyio.Event()

    async def handler(request: Received, writer: StreamWriter) -> None:
        asked.set()
        await anyio.sleep_forever()

    async with serve(handler) as server, backend(server.url) as upstream:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(upstream.send, call())
            await asked.wait()
            tasks.cancel_scope.cancel()
        await left(server)


# Options


def test_a_key_is_never_shown():
    options = OpenAI(url="http://x/v1", key=KEY, headers={"api-key": KEY})
    shown = [repr(options), str(options), f"{options}", str(options.__rich_repr__())]
    assert not any(KEY in one for one in shown)
    assert "url='http://x/v1'" in repr(options)
    assert "key=None" in repr(OpenAI(url="http://x/v1"))


GOOD = "http://x/v1"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"url": GOOD}, None),
        ({"url": "https://x", "key": KEY, "headers": {"api-key": KEY}}, None),
        ({"url": "x/v1"}, "url:"),
        ({"url": "ftp://x/v1"}, "url:"),
        ({"url": "http://"}, "url:"),
        ({"url": "http://x:y/v1"}, "url:"),
        ({"url": f"http://a:{KEY}@x/v1"}, "url:"),
        ({"url": "http://x/v1?a=b"}, "url:"),
        ({"url": GOOD, "key": ""}, "key:"),
        ({"url": GOOD, "key": f"{KEY}\n"}, "key:"),
        ({"url": GOOD, "key": f"{KEY}ü"}, "key:"),
        ({"url": GOOD, "key": KEY, "key_file": "/nowhere"}, "key:"),
        ({"url": GOOD, "key_file": "/nowhere"}, "key_file:"),
        ({"url": GOOD, "headers": {"Host": "y"}}, "headers: `Host`"),
        ({"url": GOOD, "headers": {"a b": "y"}}, "headers:"),
        ({"url": GOOD, "headers": {"a": f"{KEY}\r\nb: c"}}, "headers:"),
        ({"url": GOOD, "ca": "/nowhere"}, "ca:"),
    ],
)
def test_problems(options: dict[str, object], words: str | None):
    problems = OpenAI(**options).problems()
    assert len(problems) == (words is not None)
    for problem in problems:
        assert problem.startswith(words)
        assert KEY not in problem
