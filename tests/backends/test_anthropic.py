"""The Anthropic backend: what it sends, how it reads what comes back, and its options."""

import asyncio
from asyncio import StreamWriter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import anyio
import pytest
from anthropic._constants import ANTHROPIC_API_VERSION
from anthropic.types import MessageCountTokensParams
from backends.server import Handler, Received, begin, chunk, reply, serve
from typing_extensions import get_type_hints

from pipeline import Call, Event, Exchange, Reply, UpstreamFailed
from pipeline.backends.anthropic import COUNTED, Anthropic
from pipeline.core.backend import CountsTokens, ListsModels
from pipeline.core.catalog import Tokens
from pipeline.core.errors import UpstreamRefused
from pipeline.core.jsonvalue import JsonObject

pytestmark = pytest.mark.anyio

KEY = "sk-ant-canary-0123456789"
BODY: JsonObject = {"model": "m", "messages": [{"role": "user", "content": "Grüße 😀"}]}
STREAM = [
    b'event: message_start\ndata: {"type":"message_start"}\n\n',
    b'event: ping\ndata: {"type":"ping"}\n\n',
    b'event: message_stop\ndata: {"type":"message_stop"}\n\n',
]
EVENTS = [
    Event(b'{"type":"message_start"}', "message_start"),
    Event(b'{"type":"ping"}', "ping"),
    Event(b'{"type":"message_stop"}', "message_stop"),
]


@asynccontextmanager
async def started(handler: Handler, **options: Any) -> AsyncIterator[tuple[Any, Any]]:
    async with serve(handler) as server, AsyncExitStack() as stack:
        url = server.url.removesuffix("/v1")
        yield await Anthropic(url=url, key=KEY, **{"reuse": True, **options}).start(stack), server


def call(body: JsonObject = BODY, *, streamed: bool = False) -> Call:
    exchange = Exchange(deadline=asyncio.get_running_loop().time() + 10)
    return Call("anthropic", body, streamed, exchange)


async def read(answer: Reply) -> list[Event]:
    try:
        return [event async for event in answer.events]
    finally:
        await answer.aclose()


async def whole(request: Received, writer: StreamWriter) -> None:
    await reply(writer, 200, b'{"type":"message"}')


async def test_sends_the_body_the_key_and_the_version():
    async with started(whole, beta=["a-1", "b-2"]) as (upstream, server):
        before = repr(BODY)
        assert await read(await upstream.send(call())) == [Event(b'{"type":"message"}', whole=True)]
        assert repr(BODY) == before
    [asked] = server.received
    assert (asked.method, asked.path) == ("POST", "/v1/messages")
    assert asked.json == {"max_tokens": 16_384, **BODY}
    assert asked.headers == {
        "accept": "application/json, text/event-stream",
        "accept-encoding": "identity",
        "anthropic-beta": "a-1,b-2",
        "anthropic-version": "2023-06-01",
        "content-length": str(len(asked.body)),
        "content-type": "application/json",
        "host": server.url.removeprefix("http://").removesuffix("/v1"),
        "user-agent": "privet",
        "x-api-key": KEY,
    }


async def test_what_the_client_says_of_tokens_goes_first():
    async with started(whole, version=ANTHROPIC_API_VERSION, max_tokens=5) as (upstream, server):
        await read(await upstream.send(call()))
        await read(await upstream.send(call({**BODY, "max_tokens": 9})))
    assert [one.json["max_tokens"] for one in server.received] == [5, 9]
    assert server.received[0].headers["anthropic-version"] == "2026-10-21"
    assert "anthropic-beta" not in server.received[0].headers


async def test_a_stream_ends_at_message_stop():
    async def handler(request: Received, writer: StreamWriter) -> None:
        await begin(writer)
        await chunk(writer, b"".join(STREAM))
        await anyio.sleep(0.01)
        await chunk(writer, b"")

    async with started(handler) as (upstream, server):
        for _ in range(3):
            answer = await upstream.send(call(streamed=True))
            assert [await anext(answer.events) for _ in EVENTS] == EVENTS
            # The connection is used again although its own end came later.
            await answer.aclose()
    assert server.connections == 1


@pytest.mark.parametrize("streamed", [True, False])
async def test_the_clients_own_mistake(streamed: bool):
    body = b'{"type":"error","error":{"type":"invalid_request_error","message":"x"}}'

    async def handler(request: Received, writer: StreamWriter) -> None:
        await reply(writer, 400, body)

    async with started(handler) as (upstream, _):
        answer = await upstream.send(call(streamed=streamed))
        assert answer.status == 400
        assert await read(answer) == [Event(body, whole=True)]


@pytest.mark.parametrize(("status", "unprocessed"), [(529, True), (500, False), (401, False)])
async def test_statuses(status: int, unprocessed: bool):
    async def handler(request: Received, writer: StreamWriter) -> None:
        await reply(writer, status, b'{"type":"error","error":{"message":"canary"}}')

    async with started(handler) as (upstream, _):
        with pytest.raises(UpstreamFailed) as caught:
            await upstream.send(call())
    assert caught.value.unprocessed is unprocessed
    assert "canary" not in repr(caught.value)


async def test_counts_tokens():
    async def handler(request: Received, writer: StreamWriter) -> None:
        assert request.path == "/v1/messages/count_tokens"
        await reply(writer, 200, b'{"input_tokens": 12}')

    body: JsonObject = {**BODY, "max_tokens": 9, "stream": True, "system": "s", "temperature": 0}
    async with started(handler) as (upstream, server):
        assert isinstance(upstream, CountsTokens)
        assert await upstream.count(call(body)) == Tokens(12, "provider")
    assert server.received[0].json == {**BODY, "system": "s"}


def test_what_is_counted_is_what_the_sdk_counts():
    known = get_type_hints(MessageCountTokensParams).keys()
    assert known >= COUNTED
    # These are sent in headers, or about who pays.
    assert known - COUNTED == {"speed", "user_profile_id", "workspace_id"}


async def test_lists_models():
    async def handler(request: Received, writer: StreamWriter) -> None:
        assert (request.method, request.path) == ("GET", "/v1/models?limit=1000")
        await reply(writer, 200, b'{"data": [{"id": "a"}, {"id": "b"}, {}, 3]}')

    async with started(handler) as (upstream, _):
        assert isinstance(upstream, ListsModels)
        assert await upstream.models() == ["a", "b"]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, b"{}"),
        (500, b"{}"),
        (200, b"canary"),
        (200, b"[]"),
        (200, b"{}"),
        (200, b'{"input_tokens": -1}'),
    ],
)
async def test_what_it_does_not_say(status: int, body: bytes):
    async def handler(request: Received, writer: StreamWriter) -> None:
        await reply(writer, status, body)

    async with started(handler) as (upstream, _):
        with pytest.raises(UpstreamFailed) as caught:
            await upstream.count(call())
        with pytest.raises(UpstreamFailed):
            await upstream.models()
    assert "canary" not in repr(caught.value)
    # A server that does not know the question is as well as ever.
    assert isinstance(caught.value, UpstreamRefused) is (status == 404)


@pytest.mark.parametrize(("status", "there"), [(200, True), (401, True), (404, True), (529, False)])
async def test_probes_it(status: int, there: bool):
    async def handler(request: Received, writer: StreamWriter) -> None:
        await reply(writer, status, b"{}")

    async with started(handler) as (upstream, _):
        if there:
            await upstream.probe()
        else:
            with pytest.raises(UpstreamFailed, match=str(status)):
                await upstream.probe()


def test_what_it_speaks_and_hides():
    options = Anthropic(key=KEY)
    assert options.url == "https://api.anthropic.com"
    assert options.dialects == {"anthropic"}
    assert KEY not in f"{options!r} {options}"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"key": KEY}, None),
        ({"url": "http://127.0.0.1:8080"}, None),
        ({"headers": {"Authorization": f"Bearer {KEY}"}}, None),
        ({"key": KEY, "version": ""}, "version:"),
        ({"key": KEY, "version": "2023\r\n"}, "version:"),
        ({"key": KEY, "beta": ["ok", ""]}, "beta:"),
        ({"key": KEY, "beta": ["a\nb"]}, "beta:"),
        ({"url": "nowhere"}, "url:"),
        ({"url": "https://api.anthropic.com/v1/messages", "key": KEY}, "url: ends in `/v1/mess"),
        ({"url": "http://127.0.0.1:8080/v1"}, "url: ends in `/v1`, "),
        ({"key": ""}, "key:"),
        ({}, "key:"),
        ({"headers": {"x-team": "a"}}, "key:"),
    ],
)
def test_anthropics_problems(options: dict[str, Any], words: str | None):
    problems = Anthropic(**options).problems()
    assert len(problems) == (words is not None)
    assert all(one.startswith(str(words)) for one in problems)
