"""Faults 15 to 28: of the backend, in the middle of its reply."""

import gzip
import json
from asyncio import StreamWriter
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from backends.server import Received, begin, chunk, head, reply, reset, serve, stream
from faults.house import (
    NAME,
    PLACEHOLDER,
    SCALE,
    backend,
    faulty,
    house,
    told_nothing,
)
from faults.voices import ANTHROPIC, OPENAI, Outcome, Voice

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize("voice", [OPENAI, ANTHROPIC], ids=lambda one: one.name),
]

both = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "stream"])

HELLO = f"Hello {PLACEHOLDER}"
"""What reaches a client before the server fails."""


def close(writer: StreamWriter) -> None:
    """End the connection in good order."""
    writer.close()


def beginning(voice: Voice, *more: bytes) -> list[bytes]:
    """A stream that has said something."""
    return [*voice.opening(), voice.piece(f"{HELLO}, how"), voice.piece(" are"), *more]


def broken(outcome: Outcome, code: tuple[str, ...] = ("upstream_failed", "api_error")) -> None:
    """The client was told once, in a stream that has begun, and nothing looks complete."""
    assert (outcome.status, outcome.ended) == (200, "error")
    assert outcome.code in code
    assert f"Hello {NAME}, how are".startswith(outcome.text)
    told_nothing(outcome)


@pytest.mark.parametrize("end", [reset, close])
async def test_fault_15_a_body_is_cut_off(voice: Voice, end: Callable[[StreamWriter], None]):
    async def handler(request: Received, writer: StreamWriter) -> None:
        body = voice.whole(HELLO)
        length = {"content-length": str(len(body))}
        writer.write(head(200, "application/json", length) + body[:-3])
        await writer.drain()
        await anyio.sleep(0.02)
        end(writer)

    async with faulty(voice, handler, route={"replay": False}) as (made, server):
        outcome = await made.ask(voice, stream=False)
    assert (outcome.status, outcome.ended) == (502, "error")
    assert len(server.received) == 1
    told_nothing(outcome)


@pytest.mark.parametrize("end", [reset, close])
async def test_fault_16_the_last_chunk_is_missing(
    voice: Voice, end: Callable[[StreamWriter], None]
):
    async def handler(request: Received, writer: StreamWriter) -> None:
        await begin(writer)
        for one in beginning(voice):
            await chunk(writer, one)
        await anyio.sleep(0.05)
        end(writer)

    async with faulty(voice, handler) as (made, server):
        broken(await made.ask(voice, stream=True))
        outcome = await made.ask(voice, stream=False)
    assert (outcome.status, outcome.ended) == (502, "error")
    assert len(server.received) == 2


async def test_fault_17_an_event_is_cut_off(voice: Voice):
    async def handler(request: Received, writer: StreamWriter) -> None:
        last = voice.piece("FRAGMENT").rstrip(b"\n")
        await stream(writer, *beginning(voice, last))

    async with faulty(voice, handler) as (made, _):
        outcome = await made.ask(voice, stream=True)
    broken(outcome)
    assert b"FRAGMENT" not in outcome.raw


async def test_fault_18_a_clean_end_without_an_ending(voice: Voice):
    async def handler(request: Received, writer: StreamWriter) -> None:
        await stream(writer, *beginning(voice))

    async with faulty(voice, handler) as (made, _):
        broken(await made.ask(voice, stream=True))
        outcome = await made.ask(voice, stream=False)
    assert (outcome.status, outcome.ended) == (502, "error")


@pytest.mark.parametrize("ends", [b"\n", b"\r\n", b"\r"])
async def test_fault_19_single_bytes(voice: Voice, ends: bytes):
    text = f"Grüße 😀 an {PLACEHOLDER}, \u2028 und {PLACEHOLDER}!"
    sliced = False

    async def handler(request: Received, writer: StreamWriter) -> None:
        data = b"".join(voice.events(text[:15], text[15:])).replace(b"\n", ends)
        if ends == b"\r":
            # A lone CR ends a line only once it is clear that no LF follows.
            data += b": done\n"
        if not sliced:
            await stream(writer, data)
            return
        await begin(writer)
        for byte in data:
            writer.write(b"1\r\n" + bytes([byte]) + b"\r\n")
        await chunk(writer, b"")

    async with faulty(voice, handler) as (made, _):
        whole = await made.ask(voice, stream=True)
        sliced = True
        single = await made.ask(voice, stream=True)
    assert whole.ended == single.ended == "complete"
    assert whole.text == single.text == text.replace(PLACEHOLDER, NAME)


@both
async def test_fault_20_silence_in_the_middle(voice: Voice, streamed: bool):
    async def handler(request: Received, writer: StreamWriter) -> None:
        await begin(writer)
        for one in beginning(voice):
            await chunk(writer, one)
        await anyio.sleep_forever()

    async with faulty(
        voice, handler, options={"idle": SCALE}, service={"keepalive": SCALE / 5}
    ) as (made, server):
        begun = anyio.current_time()
        outcome = await made.ask(voice, stream=streamed)
        took = anyio.current_time() - begun
        await server.all_closed()
    assert SCALE * 0.9 <= took < SCALE + 1, "our own pings are no sign of life"
    if streamed:
        broken(outcome, ("upstream_timeout", "timeout_error", "api_error"))
        assert outcome.raw.count(b": ping") + outcome.raw.count(b"event: ping") >= 2
    else:
        assert (outcome.status, outcome.ended) == (504, "error")


@both
async def test_fault_21_it_never_ends(voice: Voice, streamed: bool):
    async def handler(request: Received, writer: StreamWriter) -> None:
        await begin(writer)
        for one in beginning(voice):
            await chunk(writer, one)
        while True:
            await chunk(writer, b" ")
            await anyio.sleep(SCALE / 10)

    async with faulty(voice, handler, pipeline={"deadline": 3 * SCALE}) as (made, server):
        begun = anyio.current_time()
        outcome = await made.ask(voice, stream=streamed)
        assert anyio.current_time() - begun < 3 * SCALE + 1
        await server.all_closed()
    if streamed:
        broken(outcome, ("upstream_timeout", "timeout_error", "api_error"))
    else:
        assert (outcome.status, outcome.ended) == (504, "error")


@pytest.mark.parametrize("line", [b"x" * 65_536, b"data: x\n"])
async def test_fault_22_an_event_without_end(voice: Voice, line: bytes):
    sent = 0

    async def handler(request: Received, writer: StreamWriter) -> None:
        nonlocal sent
        await begin(writer)
        for one in beginning(voice):
            await chunk(writer, one)
        block = line * (65_536 // len(line))
        while sent < 50_000_000:
            await chunk(writer, block)
            sent += len(block)

    async with faulty(voice, handler) as (made, server):
        broken(await made.ask(voice, stream=True))
        await server.all_closed()
    assert sent < 10_000_000, "what is read is bounded; the rest is in the sockets' buffers"


async def test_fault_23_more_after_the_end(voice: Voice):
    async def handler(request: Received, writer: StreamWriter) -> None:
        await begin(writer)
        for one in (*voice.events("Hello"), voice.piece("MORE"), *voice.events("MORE")):
            await chunk(writer, one)
        await anyio.sleep(0.2)
        await chunk(writer, voice.piece("MORE"))
        await chunk(writer, b"")

    async with faulty(voice, handler) as (made, server):
        for _ in range(2):
            outcome = await made.ask(voice, stream=True)
            assert (outcome.ended, outcome.text) == ("complete", "Hello")
            assert b"MORE" not in outcome.raw
    assert server.connections == 2, "such a connection is not used again"


async def test_fault_24_nothing_is_tried_again_once_the_client_has_something(voice: Voice):
    async def handler(request: Received, writer: StreamWriter) -> None:
        await begin(writer)
        for one in beginning(voice):
            await chunk(writer, one)
        await anyio.sleep(0.05)
        reset(writer)

    async def never(request: Received, writer: StreamWriter) -> None:
        await reply(writer, 200, voice.whole("never"))

    async with serve(handler) as failing, serve(never) as second:
        ways = [backend(voice, failing.url), backend(voice, second.url)]
        async with house(*ways, route={"replay": True}) as made:
            broken(await made.ask(voice, stream=True))
    assert (len(failing.received), len(second.received)) == (1, 0)


MALFORMED = {
    "no JSON": b'data: {"a": \n\n',
    "no object": b"data: [1]\n\n",
    "no UTF-8": b'data: {"a": "\xff"}\n\n',
    "another object": b'data: {"foo": "bar"}\n\n',
}


@pytest.mark.parametrize("event", MALFORMED.values(), ids=list(MALFORMED))
async def test_fault_25_a_malformed_event(voice: Voice, event: bytes):
    async def handler(request: Received, writer: StreamWriter) -> None:
        await stream(writer, *beginning(voice, event), *voice.closing())

    async with faulty(voice, handler) as (made, _):
        broken(await made.ask(voice, stream=True))


async def test_fault_26_a_placeholder_is_cut_anywhere(voice: Voice):
    text = f"a {PLACEHOLDER} b"
    at = 0

    async def handler(request: Received, writer: StreamWriter) -> None:
        await stream(writer, *voice.events(text[:at], text[at:]))

    async with faulty(voice, handler) as (made, _):
        for cut in range(1, len(text)):
            at = cut
            outcome = await made.ask(voice, stream=True)
            assert (outcome.ended, outcome.text) == ("complete", f"a {NAME} b")
            assert b"PERSON" not in outcome.raw


USAGES: dict[str, Any] = {
    "missing": None,
    "negative": {"input_tokens": -5, "output_tokens": -1, "total": -6},
    "zero": {"input_tokens": 0, "output_tokens": 0, "total": 0},
    "words": {"input_tokens": "many", "output_tokens": True, "total": []},
    "no object": [],
}


@both
@pytest.mark.parametrize("usage", USAGES.values(), ids=list(USAGES))
async def test_fault_27_usage_that_nobody_can_believe(voice: Voice, streamed: bool, usage: Any):
    if voice is OPENAI and isinstance(usage, dict):
        names = ("prompt_tokens", "completion_tokens", "total_tokens")
        usage = dict(zip(names, usage.values(), strict=True))

    def believable(data: bytes) -> bytes:
        body = json.loads(data)
        for holder in (body, body.get("message", {})):
            if "usage" in holder:
                if usage is None:
                    del holder["usage"]
                else:
                    holder["usage"] = usage
        return json.dumps(body).encode()

    async def handler(request: Received, writer: StreamWriter) -> None:
        if not request.json.get("stream"):
            await reply(writer, 200, believable(voice.whole("Hello there")))
            return
        events = list[bytes]()
        for one in voice.events("Hello there"):
            name, _, data = one.rpartition(b"data: ")
            events.append(one if b"DONE" in data else name + b"data: " + believable(data) + b"\n\n")
        await stream(writer, *events)

    async with faulty(voice, handler) as (made, _):
        outcome = await made.ask(voice, stream=streamed)
        receipt = await made.receipt(outcome)
    assert outcome.ended == "complete"
    assert receipt["tokens_estimated"]
    assert receipt["input_tokens"] > 0
    assert receipt["output_tokens"] > 0


@both
async def test_fault_28_a_bomb(voice: Voice, streamed: bool):
    bomb = gzip.compress(bytes(50_000_000))

    async def handler(request: Received, writer: StreamWriter) -> None:
        assert request.headers["accept-encoding"] == "identity"
        kind = "text/event-stream" if streamed else "application/json"
        await reply(writer, 200, bomb, kind, {"content-encoding": "gzip"})

    async with faulty(voice, handler) as (made, server):
        outcome = await made.ask(voice, stream=streamed)
    assert (outcome.status, outcome.ended) == (502, "error")
    assert len(server.received) == 1


async def test_fault_28_a_body_without_end(voice: Voice):
    sent = 0

    async def handler(request: Received, writer: StreamWriter) -> None:
        nonlocal sent
        writer.write(head(200, "application/json"))
        while sent < 100_000_000:
            writer.write(b" " * 65_536)
            await writer.drain()
            sent += 65_536

    options = {"max_reply": 1_000_000}
    async with faulty(voice, handler, options=options) as (made, server):
        outcome = await made.ask(voice, stream=False)
        await server.all_closed()
    assert (outcome.status, outcome.ended) == (502, "error")
    assert sent < 10_000_000
