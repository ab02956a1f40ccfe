"""Faults 1 to 14: of the backend, before its reply begins."""

import socket
import ssl
from asyncio import StreamWriter
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import anyio
import pytest
from backends.server import Handler, Received, Server, reply, reset, serve, stream
from faults.house import (
    NAME,
    PLACEHOLDER,
    SAID_UPSTREAM,
    SCALE,
    backend,
    faulty,
    house,
    told_nothing,
)
from faults.voices import ANTHROPIC, MODEL, OPENAI, Voice

from pipeline.core.backend import Breaker

EXPIRED = Path(__file__).parent / "certificates" / "expired.pem"

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize("voice", [OPENAI, ANTHROPIC], ids=lambda one: one.name),
    pytest.mark.parametrize("streamed", [False, True], ids=["whole", "stream"]),
]


def fine(voice: Voice) -> Handler:
    """Answers what it was asked, as it was asked."""

    async def handler(request: Received, writer: StreamWriter) -> None:
        text = voice.asked(request.json)
        if request.json.get("stream"):
            await stream(writer, *voice.events(text[:9], text[9:]))
        else:
            await reply(writer, 200, voice.whole(text))

    return handler


async def test_nothing_fails(voice: Voice, streamed: bool):
    """The positive control: the name is hidden upstream, and restored for the client."""
    async with faulty(voice, fine(voice)) as (made, server):
        outcome = await made.ask(voice, stream=streamed)
    assert (outcome.status, outcome.ended) == (200, "complete")
    assert outcome.text == f"I am {NAME}."
    assert voice.asked(server.received[0].json) == f"I am {PLACEHOLDER}."
    assert len(server.received) == 1


async def test_fault_01_connection_refused(voice: Voice, streamed: bool):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    url = f"http://127.0.0.1:{port}/v1"
    async with house(backend(voice, url)) as made:
        outcome = await made.ask(voice, stream=streamed)
        receipt = await made.receipt(outcome)
    assert (outcome.status, outcome.ended) == (502, "error")
    assert [one["backend"] for one in receipt["attempts"]] == ["b0"] * 3
    told_nothing(outcome)
    assert b"b0" in outcome.raw, "it says which one is away"
    assert str(port).encode() not in outcome.raw
    async with serve(fine(voice)) as server:
        await falls_back_at_once(voice, url, server, streamed)


async def falls_back_at_once(voice: Voice, url: str, second: Server, streamed: bool) -> None:
    """A backend that is away is not asked again if another one would take the request."""
    first = backend(voice, url)
    async with house(first, backend(voice, second.url)) as made:
        outcome = await made.ask(voice, stream=streamed)
        receipt = await made.receipt(outcome)
    assert (outcome.status, outcome.ended) == (200, "complete")
    assert len(second.received) == 1
    assert receipt["attempts"] == [{"backend": "b0", "outcome": "upstream_failed"}]


async def test_fault_02_connect_timeout(voice: Voice, streamed: bool):
    full = socket.socket()
    full.bind(("127.0.0.1", 0))
    full.listen(0)
    port = full.getsockname()[1]
    fillers = [socket.socket() for _ in range(8)]
    try:
        for one in fillers:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        url = f"http://127.0.0.1:{port}/v1"
        async with house(backend(voice, url, retries=0, connect=SCALE)) as made:
            begun = anyio.current_time()
            outcome = await made.ask(voice, stream=streamed)
            took = anyio.current_time() - begun
        assert (outcome.status, outcome.ended) == (504, "error")
        assert SCALE * 0.9 <= took <= SCALE * 1.1 + 0.5
        told_nothing(outcome)
    finally:
        for one in (*fillers, full):
            one.close()


class Names:
    """A resolver of its own, because the machine's may take as long as it likes to say no. It finds
    nothing as often as it is told to, and then this machine.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, failures: float = float("inf")):
        self.asked = 0
        self._failures = failures
        self._found = socket.getaddrinfo
        monkeypatch.setattr("socket.getaddrinfo", self)

    def __call__(self, host: str, *where: Any, **more: Any) -> Any:
        if host != "nowhere.invalid":
            return self._found(host, *where, **more)
        self.asked += 1
        if self.asked <= self._failures:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return self._found("127.0.0.1", *where, **more)


async def test_fault_03_no_such_host(voice: Voice, streamed: bool, monkeypatch: pytest.MonkeyPatch):
    names = Names(monkeypatch)
    url = "http://nowhere.invalid/v1"
    async with house(backend(voice, url)) as made:
        outcome = await made.ask(voice, stream=streamed)
    assert (outcome.status, outcome.ended) == (502, "error")
    assert names.asked == 3
    told_nothing(outcome)
    assert b"nowhere" not in outcome.raw
    async with serve(fine(voice)) as server:
        await falls_back_at_once(voice, url, server, streamed)


async def test_fault_03_a_name_that_comes_back(
    voice: Voice, streamed: bool, monkeypatch: pytest.MonkeyPatch
):
    names = Names(monkeypatch, failures=2)
    async with serve(fine(voice)) as server:
        url = server.url.replace("127.0.0.1", "nowhere.invalid")
        async with house(backend(voice, url)) as made:
            outcome = await made.ask(voice, stream=streamed)
    assert (outcome.status, outcome.ended) == (200, "complete")
    assert (names.asked, len(server.received)) == (3, 1)


async def test_fault_04_expired_certificate(voice: Voice, streamed: bool):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(EXPIRED)
    async with serve(fine(voice), tls=context) as server:
        for ca in (None, str(EXPIRED)):
            async with house(backend(voice, server.url, ca=ca)) as made:
                outcome = await made.ask(voice, stream=streamed)
            assert (outcome.status, outcome.ended) == (502, "error")
            told_nothing(outcome)
        async with serve(fine(voice)) as second:
            await falls_back_at_once(voice, server.url, second, streamed)
    assert not server.received, "nothing is sent to somebody unproven, nor in the clear"


async def test_fault_05_the_pooled_connection_is_closed_already(voice: Voice, streamed: bool):
    async def handler(request: Received, writer: StreamWriter) -> None:
        await fine(voice)(request, writer)
        writer.close()

    async with faulty(voice, handler) as (made, server):
        for _ in range(3):
            outcome = await made.ask(voice, stream=streamed)
            assert (outcome.status, outcome.ended) == (200, "complete")
            await server.all_closed()
    assert len(server.received) == 3


@pytest.mark.parametrize("replay", [False, True])
async def test_fault_06_keep_alive_race(voice: Voice, streamed: bool, replay: bool):
    async def handler(request: Received, writer: StreamWriter) -> None:
        if len(server.received) == 2:
            writer.close()
        else:
            await fine(voice)(request, writer)

    route = {"replay": replay}
    async with faulty(voice, handler, route=route) as (made, server):
        first = await made.ask(voice, stream=streamed)
        second = await made.ask(voice, stream=streamed)
    assert first.ended == "complete"
    assert (second.status, second.ended) == ((200, "complete") if replay else (502, "error"))
    assert len(server.received) == (3 if replay else 2)


@pytest.mark.parametrize("replay", [False, True])
async def test_fault_07_reset_after_the_request(voice: Voice, streamed: bool, replay: bool):
    async def handler(request: Received, writer: StreamWriter) -> None:
        reset(writer)

    async with serve(handler) as failing, serve(fine(voice)) as second:
        ways = [backend(voice, failing.url, retries=0), backend(voice, second.url)]
        async with house(*ways, route={"replay": replay}) as made:
            outcome = await made.ask(voice, stream=streamed)
            receipt = await made.receipt(outcome)
    assert (outcome.status, outcome.ended) == ((200, "complete") if replay else (502, "error"))
    assert (len(failing.received), len(second.received)) == (1, int(replay))
    assert receipt["attempts"] == [{"backend": "b0", "outcome": "upstream_failed"}]
    assert receipt["backend"] == ("b1" if replay else "b0")


GARBAGE = {
    "garbage": b"\x00\x01 this is not HTTP\r\n\r\n",
    "a status of letters": b"HTTP/1.1 abc OK\r\n\r\n",
    "200 kB of headers": b"HTTP/1.1 200 OK\r\nx-long: " + b"x" * 200_000 + b"\r\n\r\n{}",
    "10,000 headers": b"HTTP/1.1 200 OK\r\n" + b"x-a: b\r\n" * 10_000 + b"\r\n{}",
}


@pytest.mark.parametrize("raw", GARBAGE.values(), ids=list(GARBAGE))
async def test_fault_08_garbage_for_headers(voice: Voice, streamed: bool, raw: bytes):
    async def handler(request: Received, writer: StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()
        writer.close()

    options = {"breaker": Breaker(failures=1)}
    async with faulty(voice, handler, options=options) as (made, server):
        outcome = await made.ask(voice, stream=streamed)
        assert made.running.ways.of[MODEL][0].breaker.standing.state == "open", "it counts"
    assert (outcome.status, outcome.ended) == (502, "error")
    assert len(server.received) == 1
    told_nothing(outcome)


@pytest.mark.parametrize("replay", [False, True])
async def test_fault_09_no_first_byte(voice: Voice, streamed: bool, replay: bool):
    async def handler(request: Received, writer: StreamWriter) -> None:
        await anyio.sleep_forever()

    deadline = 3 * SCALE
    options = {"first_byte": SCALE, "retries": 9}
    more = {"route": {"replay": replay}, "pipeline": {"deadline": deadline}}
    async with faulty(voice, handler, options=options, **more) as (made, server):
        begun = anyio.current_time()
        outcome = await made.ask(voice, stream=streamed)
        took = anyio.current_time() - begun
        await server.all_closed()
    assert (outcome.status, outcome.ended) == (504, "error")
    assert took <= (deadline if replay else SCALE) * 1.1 + 0.5, "retries are within the deadline"
    assert len(server.received) <= (4 if replay else 1)


@pytest.mark.parametrize("after", ["1", "date", "junk", "", "1000000000"])
async def test_fault_10_busy(voice: Voice, streamed: bool, after: str):
    async def handler(request: Received, writer: StreamWriter) -> None:
        times.append(anyio.current_time())
        when = datetime.now(UTC) + timedelta(seconds=2)
        value = format_datetime(when, usegmt=True) if after == "date" else after
        if len(times) > 1:
            await fine(voice)(request, writer)
            return
        body = voice.error("slow down", "rate_limit_error")
        await reply(writer, 429, body, headers={"retry-after": value} if value else {})

    times = list[float]()
    async with faulty(voice, handler, options={"retry_most": 3.0}) as (made, server):
        outcome = await made.ask(voice, stream=streamed)
    if after == "1000000000":
        assert (outcome.status, outcome.ended) == (429, "error")
        assert int(outcome.headers["retry-after"]) >= 3600
        assert len(server.received) == 1
        return
    assert (outcome.status, outcome.ended) == (200, "complete")
    assert len(server.received) == 2
    least = {"1": 1.0, "date": 1.0}.get(after, 0.0)
    assert least <= times[1] - times[0] < 4


async def test_fault_10_busy_and_another_is_not(voice: Voice, streamed: bool):
    async def handler(request: Received, writer: StreamWriter) -> None:
        body = voice.error("slow down", "rate_limit_error")
        await reply(writer, 429, body, headers={"retry-after": "60"})

    async with serve(handler) as busy, serve(fine(voice)) as second:
        async with house(backend(voice, busy.url), backend(voice, second.url)) as made:
            outcome = await made.ask(voice, stream=streamed)
        assert (outcome.status, outcome.ended) == (200, "complete")
        assert (len(busy.received), len(second.received)) == (1, 1)
        async with house(backend(voice, busy.url), backend(voice, busy.url)) as made:
            outcome = await made.ask(voice, stream=streamed)
    assert (outcome.status, outcome.ended) == (429, "error")
    assert outcome.headers["retry-after"] == "60"


@pytest.mark.parametrize("status", [500, 502, 503, 504, 529])
async def test_fault_11_an_error_page(voice: Voice, streamed: bool, status: int):
    async def handler(request: Received, writer: StreamWriter) -> None:
        page = f"<html><pre>Traceback: {SAID_UPSTREAM}</pre></html>".encode()
        await reply(writer, status, page, "text/html")

    async with faulty(voice, handler, route={"replay": True}) as (made, server):
        outcome = await made.ask(voice, stream=streamed)
    assert outcome.ended == "error"
    assert outcome.status in (502, 503, 504, 429)
    assert len(server.received) == 3, "the first, and two retries"
    told_nothing(outcome)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
async def test_fault_12_the_server_refuses(voice: Voice, streamed: bool, status: int):
    async def handler(request: Received, writer: StreamWriter) -> None:
        said = f"{PLACEHOLDER} is wrong"
        await reply(writer, status, voice.error(said, "invalid_request_error"))

    async with faulty(voice, handler, route={"replay": True}) as (made, server):
        outcome = await made.ask(voice, stream=streamed)
    assert outcome.ended == "error"
    assert outcome.status == (502 if status in (401, 403) else status)
    assert len(server.received) == 1, "it would be refused again"
    told_nothing(outcome)
    if status not in (401, 403):
        assert f"{NAME} is wrong".encode() in outcome.raw, "its words come restored"


NO_REPLY = {
    "nothing": b"",
    "no JSON": b"{",
    "HTML": f"<html>{SAID_UPSTREAM}</html>".encode(),
    "a list": b"[]",
    "another object": b'{"foo": "bar"}',
    "null": b"null",
}


@pytest.mark.parametrize("body", NO_REPLY.values(), ids=list(NO_REPLY))
@pytest.mark.parametrize("kind", ["application/json", "text/event-stream", "text/html"])
async def test_fault_13_what_is_no_reply(voice: Voice, streamed: bool, body: bytes, kind: str):
    async def handler(request: Received, writer: StreamWriter) -> None:
        data = b"data: " + body + b"\n\n" if "event" in kind and body else body
        await reply(writer, 200, data, kind)

    async with faulty(voice, handler) as (made, server):
        outcome = await made.ask(voice, stream=streamed)
    assert (outcome.status, outcome.ended) == (502, "error")
    assert len(server.received) == 1
    told_nothing(outcome)


@pytest.mark.parametrize("replay", [False, True])
async def test_fault_14_an_error_is_the_first_event(voice: Voice, streamed: bool, replay: bool):
    async def handler(request: Received, writer: StreamWriter) -> None:
        await stream(writer, voice.error_event(f"out of memory, {SAID_UPSTREAM}"))

    async with serve(handler) as failing, serve(fine(voice)) as second:
        ways = [backend(voice, failing.url), backend(voice, second.url)]
        async with house(*ways, route={"replay": replay}) as made:
            outcome = await made.ask(voice, stream=streamed)
    assert (outcome.status, outcome.ended) == ((200, "complete") if replay else (502, "error"))
    assert (len(failing.received), len(second.received)) == (1, int(replay))
    told_nothing(outcome)
