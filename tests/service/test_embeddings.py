"""Embeddings over HTTP, from a client's request to the backend and back."""

import json
from asyncio import StreamWriter
from collections.abc import AsyncGenerator
from typing import Any

import anyio
import pytest
from backends.server import Received, serve
from backends.server import reply as answer
from serving import MODEL, Asked, Script, serving

from pipeline import Call, Event, Reply, Request
from pipeline.backends.openai import OpenAI

pytestmark = pytest.mark.anyio

PATH = "/v1/embeddings"
VECTOR = {"object": "embedding", "index": 0, "embedding": [0.5, -0.25]}
USAGE = {"prompt_tokens": 2, "total_tokens": 2}
REPLY = {"object": "list", "data": [VECTOR], "model": "m", "usage": USAGE}
ASK = {"model": MODEL, "input": ["hi Anna", "bye"]}


async def vectors(call: Call) -> AsyncGenerator[Event, None]:
    yield Event(json.dumps(REPLY).encode(), whole=True)


def script() -> Script:
    made = Script(vectors)
    made.dialects = frozenset({"openai", "openai-embeddings"})
    return made


def shout(asked: Request) -> None:
    for text in asked.texts():
        text.text = text.text.upper()


async def test_texts_go_through_the_pipeline_and_vectors_come_back() -> None:
    upstream = script()
    async with serving(upstream, {"asked": Asked(shout)}) as house:
        reply = await house.client.post(PATH, json=ASK)
        with anyio.fail_after(5):
            while True:
                name = reply.headers["x-privet-exchange"]
                receipt: Any = (await house.client.get(f"/privet/receipts/{name}")).json()
                if receipt["complete"]:
                    break
    assert (reply.status_code, reply.json()) == (200, REPLY)
    [call] = upstream.seen
    assert call.dialect == "openai-embeddings"
    assert call.body == {"model": MODEL, "input": ["HI ANNA", "BYE"]}
    assert call.exchange.endpoint == "embeddings"
    assert (receipt["dialect"], receipt["outcome"]) == ("openai-embeddings", "ok")
    assert receipt["stream"] is False


@pytest.mark.parametrize(
    ("more", "status", "param"),
    [
        ({"input": None}, 400, "input"),
        ({"model": ""}, 400, "model"),
        ({"stream": True}, 400, "stream"),
        ({"input": [1, 2]}, 400, "input"),
        ({"model": "nobody"}, 404, "model"),
    ],
)
async def test_errors_are_told_in_openais_form(more: Any, status: int, param: str | None) -> None:
    upstream = script()
    async with serving(upstream, {"asked": Asked(shout)}) as house:
        reply = await house.client.post(PATH, json={**ASK, **more})
    assert reply.status_code == status
    assert reply.json()["error"]["param"] == param
    assert upstream.seen == []


async def test_a_backend_that_makes_none_is_not_asked() -> None:
    upstream = Script(vectors)
    async with serving(upstream) as house:
        reply = await house.client.post(PATH, json=ASK)
    assert reply.status_code == 400
    assert "cannot be asked in the dialect `openai-embeddings`" in reply.json()["error"]["message"]
    assert upstream.seen == []


async def test_a_refusal_of_the_backend_is_passed_on() -> None:
    class Refusing(Script):
        async def send(self, call: Call) -> Reply:
            return Reply(422, self.refuse())

        async def refuse(self) -> AsyncGenerator[Event, None]:
            yield Event(b'{"error": {"message": "shorter"}}', whole=True)

    upstream = Refusing()
    upstream.dialects = frozenset({"openai-embeddings"})
    async with serving(upstream) as house:
        reply = await house.client.post(PATH, json=ASK)
    assert reply.status_code == 422
    assert reply.json() == {"error": {"message": "shorter"}}


NOT_HERE = "backend `scripted`: the backend does not offer embeddings for this model (status {})"


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (501, b'{"error": {"code": 501, "message": "4711"}}', "application/json"),
        (501, b"4711", "text/plain"),
        (404, b"404 page 4711 not found", "text/plain"),
        (404, b'{"detail": "4711 Not Found"}', "application/json"),
        (405, b"", "text/html"),
    ],
)
async def test_a_backend_that_offers_none_is_told_as_such(
    status: int, body: bytes, kind: str
) -> None:
    async def handler(request: Received, writer: StreamWriter) -> None:
        assert request.path == "/v1/embeddings"
        await answer(writer, status, body, kind)

    async with serve(handler) as server, serving(OpenAI(url=server.url)) as house:
        for _ in range(7):
            reply = await house.client.post(PATH, json=ASK)
        breaker = house.running.ways.breakers["scripted", MODEL]
        assert breaker.standing.state == "closed", "it works well otherwise"
    error = reply.json()["error"]
    assert (reply.status_code, error["code"], error["param"]) == (400, "upstream_refused", "model")
    assert error["type"] == "invalid_request_error"
    assert error["message"].startswith(NOT_HERE.format(status))
    assert "4711" not in reply.text
    assert len(server.received) == 7, "it is not asked again"


async def test_what_the_backend_says_of_an_unknown_model_is_passed_on() -> None:
    said = b'{"error": {"message": "no model m, try pulling it"}}'

    async def handler(request: Received, writer: StreamWriter) -> None:
        await answer(writer, 404, said)

    async with serve(handler) as server, serving(OpenAI(url=server.url)) as house:
        reply = await house.client.post(PATH, json=ASK)
    assert (reply.status_code, reply.json()) == (404, json.loads(said))


async def test_a_dry_run_names_the_dialect() -> None:
    upstream = script()
    async with serving(upstream, {"asked": Asked(shout)}) as house:
        query = {"dialect": "openai-embeddings"}
        reply = await house.client.post("/privet/inspect", json=ASK, params=query)
        chat = await house.client.post("/privet/inspect", json=ASK)
    told = reply.json()
    assert told["request"]["input"] == ["HI ANNA", "BYE"]
    assert told["receipt"]["dialect"] == "openai-embeddings"
    assert upstream.seen == []
    assert chat.status_code == 400, "chat is what is taken without a name"


async def test_it_is_described() -> None:
    async with serving(script()) as house:
        paths = (await house.client.get("/schema/openapi.json")).json()["paths"]
    body = paths[PATH]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["required"] == ["model", "input"]
