"""When the OpenAI backend keeps a connection, and how it lets go of one."""

from asyncio import StreamWriter

import anyio
import pytest
from backends.asking import EVENTS, PIECES, backend, call, forever, read
from backends.server import (
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

from pipeline import Event, UpstreamFailed

pytestmark = pytest.mark.anyio


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
            await answer.aclose()
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
        await answer.aclose()
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
            # The client's end hears of it on its next turns of the loop.
            await anyio.sleep(0.05)
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


async def left(server: Server) -> None:
    assert server.open == 1
    await server.all_closed(within=1)


async def test_leaving_before_anything_was_read():
    async with serve(forever) as server, backend(server.url) as upstream:
        answer = await upstream.send(call(streamed=True))
        await answer.aclose()
        await left(server)


async def test_leaving_in_the_middle():
    async with serve(forever) as server, backend(server.url) as upstream:
        answer = await upstream.send(call(streamed=True))
        await anext(answer.events)
        await answer.aclose()
        await answer.aclose()
        await left(server)


async def test_leaving_a_whole_reply():
    async def handler(request: Received, writer: StreamWriter) -> None:
        writer.write(head(200, "application/json", {"content-length": "100"}))
        await anyio.sleep_forever()

    async with serve(handler) as server, backend(server.url) as upstream:
        with anyio.move_on_after(0.1) as scope:
            await upstream.send(call())
        assert scope.cancelled_caught
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
                    await answer.aclose()

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


async def test_a_server_that_closes_after_a_stream_against_its_word_fails_no_request():
    async def handler(request: Received, writer: StreamWriter) -> None:
        await stream(writer, *PIECES)
        # After the client may have taken the connection for the next request.
        await anyio.sleep(0.01)
        writer.close()

    async with serve(handler) as server, backend(server.url, reuse=None) as upstream:
        for _ in range(20):
            assert await read(await upstream.send(call(streamed=True))) == EVENTS
            await anyio.sleep(0.005)
    assert server.connections == 20
