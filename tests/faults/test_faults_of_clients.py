"""Faults 29 to 32 and 38: of clients that leave, or do not take their replies."""

import tracemalloc
from asyncio import Event, StreamWriter
from collections.abc import Callable
from contextlib import ExitStack

import anyio
import pytest
from backends.server import Handler, Received, Server, begin, chunk, head, reply
from faults.clients import Line, dialled, request_of
from faults.figures import Figure
from faults.house import NAME, PLACEHOLDER, SCALE, House, faulty
from faults.voices import ANTHROPIC, OPENAI, Voice

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize("voice", [OPENAI, ANTHROPIC], ids=lambda one: one.name),
]

both = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "stream"])
either = pytest.mark.parametrize("leave", [Line.go, Line.drop])

Leave = Callable[[Line], None]

KIBI = 1024
LONG = {"deadline": 60.0}
"""Time-outs that are not what ends an exchange."""


def silent() -> tuple[Handler, Event]:
    """Takes requests and says nothing; the event is set while it has one."""
    asked = Event()

    async def handler(request: Received, writer: StreamWriter) -> None:
        asked.set()
        await anyio.sleep_forever()

    return handler, asked


def hesitant(voice: Voice) -> Handler:
    """Begins a reply, and says no more."""

    async def handler(request: Received, writer: StreamWriter) -> None:
        if request.json.get("stream"):
            await begin(writer)
            for one in (*voice.opening(), voice.piece(f"Hello {PLACEHOLDER}, how are you?")):
                await chunk(writer, one)
        else:
            body = voice.whole("Hello")
            writer.write(head(200, "application/json", {"content-length": str(len(body))}))
            writer.write(body[:9])
        await anyio.sleep_forever()

    return handler


async def noticed(server: Server, made: House) -> float:
    """The seconds until the backend has lost its client, and the exchange is over."""
    begun = anyio.current_time()
    await server.all_closed(within=5.0)
    await until(lambda: not made.gate.inside)
    return anyio.current_time() - begun


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what does not tell of itself."""
    with anyio.fail_after(10):
        while not condition():  # noqa: ASYNC110
            await anyio.sleep(0.001)


def told_of_leaving(made: House) -> None:
    """The log says of each exchange that its client went away."""
    said = [one for one in made.logged if one.startswith("exchange ")]
    assert said
    assert all("'status': 499, 'outcome': 'client_gone'" in one for one in said)


@either
@both
async def test_fault_29_the_client_leaves_before_the_first_token(
    voice: Voice, streamed: bool, leave: Leave
):
    handler, asked = silent()
    async with faulty(voice, handler) as (made, server):
        with dialled(made) as connection:
            await connection.send(request_of(voice, stream=streamed))
            await asked.wait()
            leave(connection)
            assert await noticed(server, made) < 1
        told_of_leaving(made)
    assert len(server.received) == 1


@either
async def test_fault_30_the_client_leaves_mid_stream(voice: Voice, leave: Leave):
    async with faulty(voice, hesitant(voice)) as (made, server):
        with dialled(made) as connection:
            await connection.send(request_of(voice, stream=True))
            await connection.until(NAME.encode())
            leave(connection)
            assert await noticed(server, made) < 1
        told_of_leaving(made)
    assert len(server.received) == 1


@either
async def test_fault_31_the_client_leaves_while_nothing_is_streamed(voice: Voice, leave: Leave):
    for handler in (hesitant(voice), silent()[0]):
        async with faulty(voice, handler) as (made, server):
            with dialled(made) as connection:
                await connection.send(request_of(voice))
                await until(lambda: len(server.received) == 1)
                leave(connection)
                assert await noticed(server, made) < 1
            told_of_leaving(made)
        assert len(server.received) == 1


@both
async def test_fault_31_leaving_is_noticed_within_a_second(
    voice: Voice, streamed: bool, tries: int, figure: Figure
):
    """At the 99th percentile, in the middle of a stream and before a reply that is none."""
    handler, asked = silent()
    took = list[float]()
    chosen = hesitant(voice) if streamed else handler
    async with faulty(voice, chosen) as (made, server):
        for _ in range(tries):
            with dialled(made) as connection:
                asked.clear()
                await connection.send(request_of(voice, stream=streamed))
                await (connection.until(NAME.encode()) if streamed else asked.wait())
                connection.go()
                took.append(await noticed(server, made))
        told_of_leaving(made)
    nearly_all = sorted(took)[tries * 99 // 100 - 1]
    mode = "stream" if streamed else "whole"
    figure(f"client gone, {voice.name}, {mode}: p99 of {tries} tries, ms", 1000 * nearly_all)
    assert nearly_all < 1


BLOCK = "word " * 200


def endless(voice: Voice) -> tuple[Handler, list[int]]:
    """Streams as fast as it is taken, for ever; the list has what it has sent of each stream."""
    sent = list[int]()

    async def handler(request: Received, writer: StreamWriter) -> None:
        number = len(sent)
        sent.append(0)
        writer.transport.set_write_buffer_limits(high=0)
        await begin(writer)
        for one in voice.opening():
            await chunk(writer, one)
        piece = voice.piece(BLOCK * 8)
        while True:
            await chunk(writer, piece)
            sent[number] += len(piece)

    return handler, sent


async def stalled(sent: list[int], streams: int) -> None:
    """Wait until nothing is taken from the backend any more: a quarter of a second without."""
    with anyio.fail_after(20):
        before, since = list[int](), anyio.current_time()
        while len(sent) < streams or anyio.current_time() - since < SCALE:
            await anyio.sleep(0.01)
            if sent != before:
                before, since = sent.copy(), anyio.current_time()


async def test_fault_32_a_slow_reader_holds_the_backend_up(voice: Voice):
    """It is not read from while nobody reads; what was sent is in the kernel's buffers."""
    handler, sent = endless(voice)
    async with faulty(voice, handler, pipeline=LONG) as (made, server):
        with dialled(made, buffer=4 * KIBI) as connection:
            await connection.send(request_of(voice, stream=True))
            await stalled(sent, 1)
        await until(lambda: not made.gate.inside)
        await server.all_closed()
    assert 64 * KIBI < sent[0] < 32 * KIBI * KIBI


async def test_fault_32_a_slow_reader_makes_us_hold_little(voice: Voice, figure: Figure):
    """256 KiB at most of each stream, with all that the server of the test holds."""
    streams = 4
    handler, sent = endless(voice)
    async with faulty(voice, handler, pipeline=LONG) as (made, server):
        with ExitStack() as stack:
            lines = [stack.enter_context(dialled(made, buffer=4 * KIBI)) for _ in range(streams)]
            tracemalloc.start()
            stack.callback(tracemalloc.stop)
            for one in lines:
                await one.send(request_of(voice, stream=True))
            await stalled(sent, streams)
            held = tracemalloc.get_traced_memory()[0]
        await until(lambda: not made.gate.inside)
        await server.all_closed()
    figure(f"slow reader, {voice.name}: KiB held of a stream", held / streams / KIBI)
    assert held / streams <= 256 * KIBI


@both
async def test_fault_32_a_client_that_takes_nothing_is_cut_off(voice: Voice, streamed: bool):
    handler, _ = endless(voice)

    async def large(request: Received, writer: StreamWriter) -> None:
        await reply(writer, 200, voice.whole("word " * 200_000))

    service = {"write_timeout": SCALE}
    chosen = handler if streamed else large
    async with faulty(voice, chosen, service=service, pipeline=LONG) as (made, server):
        with dialled(made, buffer=4 * KIBI) as connection:
            # A whole reply is written at once, so that nothing but the connection is left of it.
            lines = () if streamed else (b"connection: close",)
            await connection.send(request_of(voice, *lines, stream=streamed))
            await until(lambda: bool(server.received) and not made.gate.inside)
            if streamed:
                told_of_leaving(made)
                await server.all_closed()
            await until(lambda: not made.connections)
            seen = await connection.all()
    assert b"200 OK" in seen
    assert len(seen) < 500_000
    assert b"[DONE]" not in seen
    assert b"message_stop" not in seen


async def test_fault_32_a_client_that_takes_a_little_is_not(voice: Voice):
    pieces = 100

    async def handler(request: Received, writer: StreamWriter) -> None:
        await begin(writer)
        for one in voice.events(*[BLOCK * 30] * pieces):
            await chunk(writer, one)
        await chunk(writer, b"")

    more = {"service": {"write_timeout": 3 * SCALE}, "pipeline": LONG}
    async with faulty(voice, handler, **more) as (made, _):
        with dialled(made, buffer=64 * KIBI) as connection:
            await connection.send(request_of(voice, b"connection: close", stream=True))
            begun = anyio.current_time()
            seen = bytearray()
            while anyio.current_time() - begun < 9 * SCALE:
                seen += await connection.receive(16 * KIBI)
                await anyio.sleep(SCALE / 10)
            assert made.gate.inside == 1, "it has not all been taken, by him or by the system"
            seen += await connection.all(within=20)
    assert b"[DONE]" in seen or b"message_stop" in seen
    assert seen.count(BLOCK.encode()) == pieces * 30


@both
async def test_fault_38_the_client_closes_its_half(voice: Voice, streamed: bool):
    """It is taken for one that left: nobody can tell whether it still listens."""
    handler, asked = silent()
    async with faulty(voice, handler) as (made, server):
        with dialled(made) as connection:
            await connection.send(request_of(voice, stream=streamed))
            await asked.wait()
            connection.half()
            assert await noticed(server, made) < 1
            assert await connection.all() == b""
        told_of_leaving(made)
    assert len(server.received) == 1


async def test_fault_38_half_of_a_request(voice: Voice):
    handler, _ = silent()
    async with faulty(voice, handler) as (made, server):
        for length in (10, len(request_of(voice)) - 1):
            with dialled(made) as connection:
                await connection.send(request_of(voice)[:length])
                connection.half()
                assert await connection.all() == b""
    assert not server.received
