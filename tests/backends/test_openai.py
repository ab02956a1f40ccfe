"""The OpenAI backend: what it sends, how it reads what comes back, and its options."""

from asyncio import StreamWriter
from contextlib import AsyncExitStack
from pathlib import Path

import anyio
import pytest
from backends.asking import BODY, EVENTS, KEY, PIECES, backend, call, exchange, read
from backends.server import (
    Received,
    begin,
    chunk,
    head,
    reply,
    serve,
    stream,
)
from msgspec.structs import replace

from pipeline import Event
from pipeline.backends.openai import OpenAI

pytestmark = pytest.mark.anyio


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
        ({"url": "https://api.openai.com/v1"}, "key:"),
        ({"url": "https://api.openai.com/v1", "headers": {"authorization": KEY}}, None),
        ({"url": "x/v1"}, "url:"),
        ({"url": "ftp://x/v1"}, "url:"),
        ({"url": "http://"}, "url:"),
        ({"url": "http://x:y/v1"}, "url:"),
        ({"url": f"http://a:{KEY}@x/v1"}, "url:"),
        ({"url": "http://x/v1?a=b"}, "url:"),
        ({"url": f"{GOOD}/"}, None),
        ({"url": f"{GOOD}/chat/completions"}, "url: ends in `/chat/completions`"),
        ({"url": f"{GOOD}/embeddings/"}, "url: ends in `/embeddings`"),
        ({"url": f"{GOOD}/messages"}, "url: ends in `/v1/messages`"),
        ({"url": "http://x/api/chat"}, "url: ends in `/api/chat`"),
        ({"url": "http://x/our/completions-server"}, None),
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


async def test_each_dialect_has_its_path():
    async def handler(request: Received, writer: StreamWriter) -> None:
        await reply(writer, 200, b"{}")

    async with serve(handler) as server, backend(server.url) as upstream:
        for streamed in (False, True):
            asked = replace(call(streamed=streamed), dialect="openai-embeddings")
            assert await read(await upstream.send(asked)) == [Event(b"{}", whole=True)]
    assert {one.path for one in server.received} == {"/v1/embeddings"}
    assert OpenAI(url="http://a.example").dialects == {"openai", "openai-embeddings"}
