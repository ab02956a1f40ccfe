"""The Ollama backend: its own API, in lines of JSON."""

import asyncio
from asyncio import StreamWriter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import anyio
import pytest
from backends.server import Handler, Received, chunk, head, reply, serve

from pipeline import Call, Event, Exchange, Reply, UpstreamFailed
from pipeline.backends.ollama import Ollama
from pipeline.core.backend import CountsTokens, ListsModels
from pipeline.core.jsonvalue import JsonObject

pytestmark = pytest.mark.anyio

BODY: JsonObject = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": True}
LINES = [b'{"message":{"content":"a"},"done":false}', b'{"message":{"content":""},"done":true}']


@asynccontextmanager
async def started(handler: Handler, **options: Any) -> AsyncIterator[tuple[Any, Any]]:
    async with serve(handler) as server, AsyncExitStack() as stack:
        url = server.url.removesuffix("/v1")
        yield await Ollama(url=url, **{"reuse": True, **options}).start(stack), server


def call(body: JsonObject = BODY) -> Call:
    exchange = Exchange(deadline=asyncio.get_running_loop().time() + 10)
    return Call("ollama", body, body["stream"] is True, exchange)


async def read(answer: Reply) -> list[Event]:
    try:
        return [event async for event in answer.events]
    finally:
        await answer.aclose()


async def say(writer: StreamWriter, *pieces: bytes) -> None:
    chunked = {"transfer-encoding": "chunked"}
    writer.write(head(200, "application/x-ndjson", chunked))
    for one in pieces:
        await chunk(writer, one)
    await anyio.sleep(0.01)
    await chunk(writer, b"")


async def lines(request: Received, writer: StreamWriter) -> None:
    await say(writer, *(one + b"\n" for one in LINES))


async def test_a_stream_of_lines():
    async with started(lines) as (upstream, server):
        assert await read(await upstream.send(call())) == [Event(one) for one in LINES]
        answer = await upstream.send(call())
        assert [await anext(answer.events) for _ in LINES] == [Event(one) for one in LINES]
        await answer.aclose()
        await read(await upstream.send(call()))
    assert server.connections == 1
    asked = server.received[0]
    assert (asked.method, asked.path, asked.json) == ("POST", "/api/chat", BODY)
    assert "authorization" not in asked.headers


async def test_lines_in_slices_of_one_byte():
    async def handler(request: Received, writer: StreamWriter) -> None:
        said = b"\n".join([*LINES, b""])
        await say(writer, *(said[at : at + 1] for at in range(len(said))))

    async with started(handler) as (upstream, _):
        assert await read(await upstream.send(call())) == [Event(one) for one in LINES]


async def test_a_whole_reply():
    async def handler(request: Received, writer: StreamWriter) -> None:
        await reply(writer, 200, LINES[1], "application/json; charset=utf-8")

    async with started(handler) as (upstream, _):
        answer = await upstream.send(call({**BODY, "stream": False}))
        assert await read(answer) == [Event(LINES[1], whole=True)]


async def test_options_fill_in_what_a_request_does_not_say():
    options: Any = {"num_ctx": 8192, "temperature": 0.1}
    async with started(lines, options=options, keep_alive="5m") as (upstream, server):
        await read(await upstream.send(call()))
        asked: JsonObject = {**BODY, "options": {"temperature": 1}, "keep_alive": 0}
        await read(await upstream.send(call(asked)))
    first, second = (one.json for one in server.received)
    assert first == {**BODY, "options": options, "keep_alive": "5m"}
    assert second == {**BODY, "options": {"num_ctx": 8192, "temperature": 1}, "keep_alive": 0}


async def test_a_model_that_is_not_there():
    async def handler(request: Received, writer: StreamWriter) -> None:
        await reply(writer, 404, b'{"error":"model not found"}')

    async with started(handler) as (upstream, _):
        answer = await upstream.send(call())
        assert answer.status == 404
        assert await read(answer) == [Event(b'{"error":"model not found"}', whole=True)]


async def test_a_line_without_end():
    async def handler(request: Received, writer: StreamWriter) -> None:
        await say(writer, b"x" * 2000)

    async with started(handler, max_event=1000) as (upstream, _):
        with pytest.raises(UpstreamFailed, match="`max_event`"):
            await read(await upstream.send(call()))


async def test_its_models():
    async def handler(request: Received, writer: StreamWriter) -> None:
        assert (request.method, request.path) == ("GET", "/api/tags")
        await reply(writer, 200, b'{"models": [{"name": "llama3.2:latest"}, {"name": "b"}, 3]}')

    async with started(handler) as (upstream, _):
        await upstream.probe()
        assert isinstance(upstream, ListsModels)
        assert not isinstance(upstream, CountsTokens)
        assert await upstream.models() == ["llama3.2:latest", "b"]


async def test_models_that_it_does_not_list():
    async def handler(request: Received, writer: StreamWriter) -> None:
        await reply(writer, 200, b"{}")

    async with started(handler) as (upstream, _):
        with pytest.raises(UpstreamFailed):
            await upstream.models()


def test_ollamas_options():
    options = Ollama()
    assert options.problems() == []
    [problem] = Ollama(url="http://127.0.0.1:11434/v1").problems()
    assert problem.startswith("url: ends in `/v1`")
    assert options.dialects == {"ollama"}
    assert options.url == "http://127.0.0.1:11434"
