"""What the OpenAI backend makes of statuses other than success."""

from asyncio import StreamWriter
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from backends.asking import KEY, SECRET, backend, call, failure, read
from backends.server import (
    Received,
    reply,
    serve,
)

from pipeline import Event, UpstreamFailed
from pipeline.core.backend import ListsModels
from pipeline.core.errors import UpstreamRefused

pytestmark = pytest.mark.anyio


async def test_the_clients_own_mistake_is_passed_on():
    async def handler(request: Received, writer: StreamWriter) -> None:
        await reply(writer, 400, b'{"error":{"message":"too long"}}')

    async with serve(handler) as server, backend(server.url) as upstream:
        answer = await upstream.send(call(streamed=True))
        assert (answer.status, dict(answer.headers)) == (400, {})
        assert await read(answer) == [Event(b'{"error":{"message":"too long"}}', whole=True)]
        await read(await upstream.send(call()))
    assert server.connections == 1


@pytest.mark.parametrize("status", [400, 404, 422, 429])
@pytest.mark.parametrize(
    "body", [SECRET.encode(), f'"{SECRET}"'.encode(), b"", b'{"a":"' + b"x" * 65536 + b'"}']
)
async def test_a_mistake_in_words_that_cannot_be_read(status: int, body: bytes):
    async def handler(request: Received, writer: StreamWriter) -> None:
        await reply(writer, status, body, "text/html")

    await failure(handler)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("7", "7"),
        ("0", "0"),
        ("1000000000", "86400"),
        ("9" * 5000, None),
        ("soon", None),
        ("-1", None),
        ("", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", "0"),
        (format_datetime(datetime.now(UTC) + timedelta(days=9), usegmt=True), "86400"),
    ],
)
async def test_retry_after(said: str, told: str | None):
    async def handler(request: Received, writer: StreamWriter) -> None:
        await reply(writer, 429, b"{}", headers={"retry-after": said})

    async with serve(handler) as server, backend(server.url) as upstream:
        answer = await upstream.send(call())
        await read(answer)
        assert answer.status == 429
        assert answer.headers.get("retry-after") == told


async def test_retry_after_of_a_failure():
    async def handler(request: Received, writer: StreamWriter) -> None:
        await reply(writer, 503, SECRET.encode(), "text/html", {"retry-after": "3"})

    assert (await failure(handler)).retry_after == 3


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "`key`"),
        (403, "`key`"),
        (302, "redirects"),
        (308, "redirects"),
        (500, "500"),
        (504, "504"),
    ],
)
async def test_a_failure_in_words_of_ours(status: int, words: str):
    async def handler(request: Received, writer: StreamWriter) -> None:
        body = f'{{"error":{{"message":"{SECRET} {KEY}"}}}}'.encode()
        await reply(writer, status, body, headers={"location": "/elsewhere"})

    error = await failure(handler)
    assert (error.status, words in error.message) == (502, True)


@pytest.mark.parametrize(("status", "there"), [(200, True), (404, True), (401, True), (502, False)])
async def test_probe(status: int, there: bool):
    async def handler(request: Received, writer: StreamWriter) -> None:
        assert (request.method, request.path) == ("GET", "/v1/models")
        await reply(writer, status, SECRET.encode())

    async with serve(handler) as server, backend(server.url) as upstream:
        if there:
            await upstream.probe()
        else:
            with pytest.raises(UpstreamFailed, match=str(status)):
                await upstream.probe()


async def test_its_models_if_it_says():
    async def handler(request: Received, writer: StreamWriter) -> None:
        assert (request.method, request.path) == ("GET", "/v1/models")
        await reply(writer, 200, b'{"object": "list", "data": [{"id": "a"}, {"id": "b"}]}')

    async with serve(handler) as server, backend(server.url) as upstream:
        assert isinstance(upstream, ListsModels)
        assert await upstream.models() == ["a", "b"]


async def test_what_the_server_does_not_offer_is_no_failure_of_it():
    async def handler(request: Received, writer: StreamWriter) -> None:
        await reply(writer, 501, SECRET.encode(), "text/plain")

    error = await failure(handler)
    assert isinstance(error, UpstreamRefused)
    assert (error.unprocessed, error.lasting) == (True, True), "another backend may offer it"
    assert "does not offer chat" in error.message
