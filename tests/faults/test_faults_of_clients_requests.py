"""Faults 33 to 37 and 39: of requests that are too slow, too large, or not what they should be."""

import json
from asyncio import StreamWriter
from typing import Any

import anyio
import pytest
from backends.server import Handler, Received, begin, chunk, reply, stream
from faults.clients import Line, body_of, dialled, head_of, refused, request_of
from faults.house import NAME, SCALE, House, faulty
from faults.voices import ANTHROPIC, OPENAI, Voice
from msgspec import field

from pipeline import Plugin, Request

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize("voice", [OPENAI, ANTHROPIC], ids=lambda one: one.name),
]

both = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "stream"])


class Seen(Plugin, frozen=True):
    """Counts the requests that reach plugins."""

    requests: list[int] = field(default_factory=list)

    def on_request(self, request: Request) -> None:
        self.requests.append(1)


def echo(voice: Voice) -> Handler:
    """Answers what it was asked, as it was asked."""

    async def handler(request: Received, writer: StreamWriter) -> None:
        text = voice.asked(request.json)
        if request.json.get("stream"):
            await stream(writer, *voice.events(text))
        else:
            await reply(writer, 200, voice.whole(text))

    return handler


async def drip(connection: Line, data: bytes, every: float) -> None:
    """Send byte by byte, as long as anybody takes it. A byte that is late makes no other one so."""
    begun = anyio.current_time()
    for number, byte in enumerate(data, 1):
        try:
            await connection.send(bytes([byte]))
        except ConnectionError:
            return
        await anyio.sleep_until(begun + number * every)


async def still_serves(made: House, voice: Voice) -> None:
    """A request in good order is answered."""
    outcome = await made.ask(voice, stream=False)
    assert (outcome.status, outcome.ended) == (200, "complete")


@pytest.mark.parametrize("slow", ["head", "body", "both"])
async def test_fault_33_byte_by_byte(voice: Voice, slow: str):
    """One bound for the whole: a head that takes long leaves less for the body."""
    bound = 4 * SCALE
    async with faulty(voice, echo(voice), service={"header_timeout": bound}) as (made, server):
        whole = request_of(voice)
        at = {"head": 0, "body": whole.index(b"\r\n\r\n") + 4, "both": 60}[slow]
        with dialled(made) as connection:
            begun = anyio.current_time()
            async with anyio.create_task_group() as group:

                async def send() -> None:
                    if slow == "both":
                        await drip(connection, whole[:at], bound * 0.6 / at)
                        await connection.send(whole[at:-9])
                        await drip(connection, whole[-9:], bound / 5)
                    else:
                        await connection.send(whole[:at])
                        await drip(connection, whole[at:], bound / 20)

                group.start_soon(send)
                seen = await connection.all()
                took = anyio.current_time() - begun
                group.cancel_scope.cancel()
        await still_serves(made, voice)
    assert bound * 0.9 <= took < bound * 1.3 + 0.3
    if seen:
        refused(voice, seen, 408)
    else:
        assert slow == "head", "who has sent a head is told"
    assert len(server.received) == 1


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunks"])
async def test_fault_34_a_body_over_the_limit(voice: Voice, chunked: bool):
    seen = Seen()
    more: dict[str, Any] = {"service": {"max_body": 1000}, "plugins": {"seen": seen}}
    async with faulty(voice, echo(voice), **more) as (made, server):
        long = body_of(voice, text="x" * 1000)
        with dialled(made) as connection:
            if chunked:
                # It ends here, and neither said before how long it is nor that it ends.
                head = head_of(voice, b"connection: close", b"transfer-encoding: chunked")
                await connection.send(head + b"%x\r\n%b\r\n" % (len(long), long))
            else:
                # None of it is waited for.
                length = b"content-length: %d" % 10**12
                await connection.send(head_of(voice, b"connection: close", length))
            refused(voice, await connection.all(), 413)
        assert not seen.requests
        exact = body_of(voice)
        with dialled(made) as connection:
            padded = exact + b" " * (1000 - len(exact))
            await connection.send(request_of(voice, b"connection: close", body=padded))
            assert b" 200 OK" in await connection.all()
    assert (len(seen.requests), len(server.received)) == (1, 1)


HEADS: dict[str, tuple[bytes, bool]] = {
    "long": (b"x: " + b"y" * 70_000, True),
    "many": (b"\r\n".join([b"x: y"] * 10_000), True),
    "a long one without end": (b"x: " + b"y" * 1_000_000, False),
    "a long name without end": (b"x" * 1_000_000, False),
    "many without end": (b"\r\n".join([b"x: y"] * 10_000), False),
}


@pytest.mark.parametrize(("lines", "ends"), HEADS.values(), ids=list(HEADS))
async def test_fault_35_a_huge_head(voice: Voice, lines: bytes, ends: bool):
    async with faulty(voice, echo(voice)) as (made, server):
        with dialled(made) as connection:
            whole = request_of(voice, lines)
            try:
                await connection.send(whole if ends else whole.partition(lines)[0] + lines)
                seen = await connection.all()
            except ConnectionError:
                seen = b""
        if seen:  # what is not read any more may cost the client the answer
            refused(voice, seen, 431)
        await still_serves(made, voice)
    assert len(server.received) == 1


async def test_fault_35_a_path_and_trailers_without_end(voice: Voice):
    body = body_of(voice)
    sent = [
        b"POST /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
        head_of(voice, b"transfer-encoding: chunked")
        + b"%x\r\n%b\r\n0\r\n" % (len(body), body)
        + b"x: y\r\n" * 10_000,
    ]
    async with faulty(voice, echo(voice)) as (made, server):
        for data in sent:
            with dialled(made) as connection:
                await connection.send(data)
                assert b" 431 " in (await connection.all())[:16]
        await still_serves(made, voice)
    assert len(server.received) == 1


LENGTH = b"content-length: %d"
CHUNKED = b"transfer-encoding: chunked"

HEADERS: dict[str, tuple[bytes, ...]] = {
    "length and chunks": (LENGTH, CHUNKED),
    "chunks and length": (CHUNKED, LENGTH),
    "two lengths": (LENGTH, LENGTH),
    "two other lengths": (LENGTH, b"content-length: 5"),
    "a list of lengths": (b"content-length: %d, %d",),
    "a length with a plus": (b"content-length: +%d",),
    "a length with a minus": (b"content-length: -%d",),
    "a length with a space within": (b"content-length: 1 %d",),
    "a length with a space after": (b"content-length: %d ",),
    "a length in hexadecimal": (b"content-length: 0x%x",),
    "a length with an underscore": (b"content-length: 1_%d",),
    "an empty length": (b"content-length: ",),
    "a length of 25 digits": (b"content-length: 9999999999999999999999999",),
    "a space before the colon": (b"content-length : %d",),
    "chunks twice": (b"transfer-encoding: chunked, chunked",),
    "chunks in two headers": (CHUNKED, CHUNKED),
    "chunks and gzip": (b"transfer-encoding: gzip, chunked",),
    "gzip last": (b"transfer-encoding: chunked, gzip",),
    "what is nearly chunks": (b"transfer-encoding: xchunked",),
    "identity": (b"transfer-encoding: identity",),
    "a tab before chunks": (b"transfer-encoding: \x0bchunked",),
    "chunks in a folded line": (b"transfer-encoding:\r\n chunked",),
    "a folded line": (b"x: a\r\n b", LENGTH),
    "a bare LF": (b"x: a\n" + LENGTH,),
    "a bare CR": (b"x: a\rb", LENGTH),
    "NUL in a value": (b"x: a\0b", LENGTH),
    "NUL in a name": (b"x\0: a", LENGTH),
    "DEL in a value": (b"x: a\x7fb", LENGTH),
    "no name": (b": a", LENGTH),
    "no colon": (b"xyz", LENGTH),
    "two hosts": (b"host: y", LENGTH),
    "an upgrade with a body": (b"connection: upgrade", b"upgrade: websocket", LENGTH),
}

CHUNKS: dict[str, bytes] = {
    "a size that overflows": b"1%016x\r\n%b\r\n0\r\n\r\n",
    "a size with a minus": b"-%x\r\n%b\r\n0\r\n\r\n",
    "a size with a plus": b"+%x\r\n%b\r\n0\r\n\r\n",
    "a size with 0x": b"0x%x\r\n%b\r\n0\r\n\r\n",
    "a size with a space": b"%x \r\n%b\r\n0\r\n\r\n",
    "a size and a bare LF": b"%x\n%b\r\n0\r\n\r\n",
    "a size and a bare CR": b"%x\rX%b\r\n0\r\n\r\n",
    "an extension with a bare LF": b"%x;a\nb\r\n%b\r\n0\r\n\r\n",
    "data and a bare LF": b"%x\r\n%b\n0\r\n\r\n",
    "data beyond the size": b"%x\r\n%bxx\r\n0\r\n\r\n",
    "a length after the data": b"%x\r\n%b\r\n0\r\ncontent-length: 5\r\n\r\n",
}


@pytest.mark.parametrize("lines", HEADERS.values(), ids=list(HEADERS))
async def test_fault_36_a_head_with_two_readings(voice: Voice, lines: tuple[bytes, ...]):
    body = body_of(voice)
    if any(b"transfer-encoding" in one for one in lines):
        body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    filled = [one % ((len(body),) * one.count(b"%")) for one in lines]
    await refuses(voice, head_of(voice, *filled) + body)


@pytest.mark.parametrize("chunks", CHUNKS.values(), ids=list(CHUNKS))
async def test_fault_36_chunks_with_two_readings(voice: Voice, chunks: bytes):
    body = body_of(voice)
    await refuses(voice, head_of(voice, CHUNKED) + chunks % (len(body), body))


async def test_fault_36_other_requests_with_two_readings(voice: Voice):
    good = request_of(voice)
    chunked = head_of(voice, CHUNKED) + b"2\r\n{}\r\n0\r\n\r\n"
    for data in (
        good.replace(b"\r\n", b"\n"),
        good.replace(b"host: x\r\n", b""),
        good.replace(b"HTTP/1.1", b"HTTP/1.2"),
        good.replace(b"HTTP/1.1", b"HTTP/2.0"),
        chunked.replace(b"HTTP/1.1", b"HTTP/1.0"),
        good + b"GARBAGE\r\n\r\n",
        good + b"\0\0\0",
    ):
        await refuses(voice, data)


async def refuses(voice: Voice, data: bytes) -> None:
    """The service refuses a request, closes, asks no backend, and serves the next."""
    async with faulty(voice, echo(voice)) as (made, server):
        with dialled(made) as connection:
            await connection.send(data)
            refused(voice, await connection.all(), 400)
        assert not server.received
        await still_serves(made, voice)


async def test_fault_36_a_trailer_is_no_header(voice: Voice):
    body = body_of(voice)
    trailer = b"x-privet-session: " + b"x" * 200  # longer than one may be
    async with faulty(voice, echo(voice)) as (made, _):
        with dialled(made) as connection:
            head = head_of(voice, CHUNKED, b"connection: close")
            await connection.send(head + b"%x\r\n%b\r\n0\r\n" % (len(body), body))
            await connection.send(trailer + b"\r\n\r\n")
            assert b" 200 OK" in await connection.all()


def with_member(voice: Voice, raw: bytes) -> bytes:
    """A request in which another member has this JSON."""
    return body_of(voice)[:-1] + b', "metadata": ' + raw + b"}"


JSONS: dict[str, bytes] = {
    "nothing": b"",
    "cut off": b"{",
    "a list": b"[1]",
    "null": b"null",
    "single quotes": b"{'a': 1}",
    "a comma too many": b'{"a": 1,}',
    "two values": b"{}{}",
    "a comment": b"{} // x",
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "no UTF-8": b'{"a": "\xff"}',
    "an overlong character": b'{"a": "\xc0\xaf"}',
    "deep lists": b"[" * 100_000,
    "deep lists with an end": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
}

VALUES: dict[str, bytes] = {
    "not a number": b"NaN",
    "infinity": b"Infinity",
    "minus infinity": b"-Infinity",
    "a number beyond floats": b"1e999",
    "a number in hexadecimal": b"0x1",
    "a zero before": b"01",
    "half a character": b'"\\ud800"',
    "the other half": b'"x\\udc00"',
    "a control character": b'"\x01"',
    "an unknown escape": b'"\\x41"',
    "deep lists": b"[" * 90 + b"]" * 90,
    "keys twice": b'{"a": 1, "a": 2}',
    "keys twice, one in escapes": b'{"a": 1, "\\u0061": 2}',
    "keys twice, with colons": b'{"a:": 1, "a\\u003a": ":"}',
}


@pytest.mark.parametrize("body", JSONS.values(), ids=list(JSONS))
async def test_fault_37_what_is_no_json(voice: Voice, body: bytes):
    await bad_json(voice, body)


@pytest.mark.parametrize("value", VALUES.values(), ids=list(VALUES))
async def test_fault_37_what_is_no_json_within(voice: Voice, value: bytes):
    await bad_json(voice, with_member(voice, value))


async def test_fault_37_a_key_twice_at_the_top(voice: Voice):
    await bad_json(voice, body_of(voice)[:-1] + b', "model": "other"}')


async def bad_json(voice: Voice, body: bytes) -> None:
    """It is refused quickly, and no plugin and no backend sees it."""
    seen = Seen()
    async with faulty(voice, echo(voice), plugins={"seen": seen}) as (made, server):
        begun = anyio.current_time()
        with dialled(made) as connection:
            await connection.send(request_of(voice, b"connection: close", body=body))
            refused(voice, await connection.all(), 400)
        assert anyio.current_time() - begun < 1
        assert not seen.requests
        assert not server.received


@both
async def test_fault_39_requests_sent_ahead(voice: Voice, streamed: bool):
    """They are answered in their order, each reply whole before the next."""
    async with faulty(voice, echo(voice)) as (made, server):
        with dialled(made) as connection:
            first = request_of(voice, stream=streamed, text="first")
            second = request_of(voice, stream=not streamed, text="second")
            third = request_of(voice, b"connection: close", text="third")
            await connection.send(first + second + third)
            seen = await connection.all()
    places = [seen.index(one) for one in (b"first", b"second", b"third")]
    heads = [at for at in range(len(seen)) if seen.startswith(b"HTTP/1.1 200 OK", at)]
    assert len(heads) == len(server.received) == 3
    assert heads[0] < places[0] < heads[1] < places[1] < heads[2] < places[2]


async def test_fault_39_too_many_requests_sent_ahead(voice: Voice):
    """The reply in the making is given, and the connection closed: the others may come again."""
    for ahead in (request_of(voice) * 40, request_of(voice, text="x" * 300_000)):
        waiting = anyio.Event()

        async def handler(
            request: Received, writer: StreamWriter, waiting: anyio.Event = waiting
        ) -> None:
            await waiting.wait()
            await echo(voice)(request, writer)

        async with faulty(voice, handler) as (made, server):
            with dialled(made) as connection:
                await connection.send(request_of(voice) + ahead)
                with anyio.fail_after(5):
                    while not server.received:  # noqa: ASYNC110 - it does not tell
                        await anyio.sleep(0.001)
                waiting.set()
                seen = await connection.all()
        assert seen.count(b"HTTP/1.1 200 OK") == len(server.received) == 1
        assert NAME.encode() in seen


async def test_fault_39_a_client_that_leaves_behind_requests_sent_ahead(voice: Voice):
    async def handler(request: Received, writer: StreamWriter) -> None:
        await begin(writer)
        await chunk(writer, voice.opening()[0])
        await anyio.sleep_forever()

    async with faulty(voice, handler) as (made, server):
        with dialled(made) as connection:
            await connection.send(request_of(voice, stream=True) * 3)
            with anyio.fail_after(5):
                while not server.received:  # noqa: ASYNC110 - it does not tell
                    await anyio.sleep(0.001)
            connection.go()
            await server.all_closed()
    assert len(server.received) == 1


async def test_fault_39_expect(voice: Voice):
    async with faulty(voice, echo(voice), service={"max_body": 1000}) as (made, server):
        body = body_of(voice)
        with dialled(made) as connection:
            lines = (b"content-length: %d" % len(body), b"expect: 100-continue")
            await connection.send(head_of(voice, *lines, b"connection: close"))
            assert await connection.until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            await connection.send(body)
            assert (await connection.all()).startswith(b"HTTP/1.1 200 OK\r\n")
        with dialled(made) as connection:
            # The second one is asked for its body after the first reply.
            await connection.send(request_of(voice) + head_of(voice, *lines, b"connection: close"))
            seen = await connection.until(b"100 Continue\r\n\r\n")
            assert seen.startswith(b"HTTP/1.1 200 OK")
            assert seen.index(NAME.encode()) < seen.index(b"HTTP/1.1 100")
            await connection.send(body)
            assert (await connection.all()).startswith(b"HTTP/1.1 200 OK")
        with dialled(made) as connection:
            # Nobody is asked for a body that is refused.
            await connection.send(head_of(voice, b"content-length: 1001", *lines[1:]))
            assert (await connection.until(b"}")).startswith(b"HTTP/1.1 413 ")
    assert len(server.received) == 3
    assert all(json.loads(one.body) for one in server.received)
