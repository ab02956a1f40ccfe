"""Asking the OpenAI backend, shared by its tests."""

import asyncio
from asyncio import StreamWriter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import anyio
import pytest
from backends.server import Handler, Received, begin, chunk, serve

from pipeline import Call, Event, Exchange, Reply, Upstream, UpstreamFailed
from pipeline.backends.openai import OpenAI
from pipeline.core.jsonvalue import JsonObject

KEY = "sk-canary-0123456789"
SECRET = "canary text of the backend"
BODY: JsonObject = {"model": "m", "messages": [{"role": "user", "content": "Grüße 😀"}]}
PIECES = [b'data: {"a":"\xe2\x82\xac"}\n\n', b"event: x\r\ndata: b\r\n\r\n", b"data: [DONE]\n\n"]
EVENTS = [Event(b'{"a":"\xe2\x82\xac"}'), Event(b"b", "x"), Event(b"[DONE]")]


@asynccontextmanager
async def backend(url: str, **options: object) -> AsyncIterator[Upstream]:
    async with AsyncExitStack() as stack:
        yield await OpenAI(url=url, key=KEY, **{"reuse": True, **options}).start(stack)


def call(*, streamed: bool = False, seconds: float = 10) -> Call:
    exchange = Exchange(deadline=asyncio.get_running_loop().time() + seconds)
    return Call("openai", BODY, streamed, exchange)


async def read(answer: Reply) -> list[Event]:
    try:
        return [event async for event in answer.events]
    finally:
        await answer.aclose()


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


async def forever(request: Received, writer: StreamWriter) -> None:
    """One event, and then nothing for ever."""
    await begin(writer)
    await chunk(writer, PIECES[0])
    await anyio.sleep_forever()
