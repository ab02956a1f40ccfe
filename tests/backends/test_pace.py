"""Streams that are read less often while the event loop is busy."""

import asyncio
import ssl
import time
from asyncio import StreamWriter

import httpx
import pytest

from pipeline.backends import sockets as module
from pipeline.backends.pace import Pace
from pipeline.backends.sockets import Sockets
from tests.backends.server import Received, serve

pytestmark = pytest.mark.anyio

PIECES = 40


async def turn(pace: Pace, seconds: float, *, busy: bool) -> list[float]:
    """What the pauses are while the loop does much; or while it does nothing, until one is none."""
    pauses: list[float] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end and (busy or 0 not in pauses):
        if busy:
            time.sleep(0.015)  # noqa: ASYNC251
        await asyncio.sleep(0 if busy else 0.005)
        pauses.append(pace.pause)
    return pauses


@pytest.mark.parametrize(("streams", "most"), [(50, 0.004), (1000, 0.02)])
async def test_many_are_read_less_often_while_the_loop_is_busy(streams: int, most: float):
    pace = Pace()
    for stream in range(streams):
        pace.come(stream)
    assert pace.pause == 0
    assert max(await turn(pace, 0.5, busy=True)) == pytest.approx(most)
    # Somebody else may keep the machine busy for a while.
    assert 0 in await turn(pace, 5, busy=False)
    for stream in range(streams):
        pace.leave(stream)


async def test_few_are_always_read_at_once():
    pace = Pace()
    for stream in range(10):
        pace.come(stream)
    assert set(await turn(pace, 0.3, busy=True)) == {0}


async def test_none_is_made_to_wait_when_most_have_left():
    pace = Pace()
    for stream in range(1000):
        pace.come(stream)
    await turn(pace, 0.3, busy=True)
    assert pace.pause > 0
    for stream in range(1, 1000):
        pace.leave(stream)
        pace.leave(stream)
    assert pace.pause == 0
    assert set(await turn(pace, 0.1, busy=True)) == {0}


async def say(_request: Received, writer: StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    for number in range(PIECES):
        writer.write(b"4\r\n%4d\r\n" % number)
        await writer.drain()
        await asyncio.sleep(0.005)
    writer.write(b"0\r\n\r\n")


async def test_what_comes_in_a_pause_is_read_together_and_the_beginning_at_once(
    monkeypatch: pytest.MonkeyPatch,
):
    pace = Pace()
    monkeypatch.setattr(module, "Pace", lambda: pace)
    async with serve(say) as server:
        sockets = Sockets(4, 5, ssl.create_default_context())
        for pause in (0.0, 0.05):
            pace.pause = pause
            response = await sockets.handle_async_request(httpx.Request("GET", server.url))
            assert isinstance(response.stream, httpx.AsyncByteStream)
            pieces = [piece async for piece in response.stream]
            await response.stream.aclose()
            assert b"".join(pieces) == b"".join(b"%4d" % number for number in range(PIECES))
            assert max(map(len, pieces[:4])) <= 16  # a pause would bring 40 bytes
            assert (len(pieces) < PIECES / 2) == bool(pause)
        await sockets.aclose()


@pytest.mark.parametrize("read", [1, 3, 100])
async def test_a_reply_counts_from_its_first_piece_until_it_is_read_or_closed(
    monkeypatch: pytest.MonkeyPatch, read: int
):
    there: set[object] = set()

    class Counting(Pace):
        def come(self, stream: object) -> None:
            there.add(stream)

        def leave(self, stream: object) -> None:
            there.discard(stream)

    monkeypatch.setattr(module, "Pace", Counting)
    async with serve(say) as server:
        sockets = Sockets(4, 5, ssl.create_default_context())
        response = await sockets.handle_async_request(httpx.Request("GET", server.url))
        assert isinstance(response.stream, httpx.AsyncByteStream)
        assert not there
        pieces = aiter(response.stream)
        for _ in range(read):
            if await anext(pieces, None) is None:
                break
            assert there == {response.stream}
        if read < PIECES:
            await response.stream.aclose()
        assert not there
        await response.stream.aclose()
        await sockets.aclose()
