"""Anthropic's routes: errors in its form, counting, its list of models."""

import json
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from serving import MODEL, Asked, Call, Event, Script, Scripted, serving

from pipeline import Rejected, Reply, Request, UpstreamFailed
from pipeline.core.catalog import Tokens

pytestmark = pytest.mark.anyio

PATH = "/v1/messages"


def ask(text: str = "hi", **more: Any) -> dict[str, Any]:
    return {
        "model": MODEL,
        "max_tokens": 9,
        "messages": [{"role": "user", "content": text}],
        **more,
    }


def shout(asked: Request) -> None:
    for text in asked.texts():
        text.text = text.text.upper()


def event(kind: str, **more: Any) -> Event:
    return Event(json.dumps({"type": kind, **more}).encode(), kind)


class Native(Scripted, frozen=True):
    """A backend that speaks Anthropic's protocol."""

    @property
    def dialects(self) -> frozenset[str]:
        return frozenset({"anthropic"})


async def hello(call: Call) -> AsyncGenerator[Event, None]:
    message: Any = {
        "id": "m",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [{"type": "text", "text": "hello"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }
    if not call.stream:
        yield Event(json.dumps(message).encode(), whole=True)
        return
    yield event("message_start", message={**message, "content": [], "stop_reason": None})
    yield event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    yield event("content_block_delta", index=0, delta={"type": "text_delta", "text": "hello"})
    yield event("content_block_stop", index=0)
    yield event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 1})
    yield event("message_stop")


class Counting(Script):
    """A backend that counts."""

    fails = False

    async def count(self, call: Call) -> Tokens:
        self.seen.append(call)
        if self.fails:
            raise UpstreamFailed("it does not")
        return Tokens(42, "provider")


class Counts(Native, frozen=True):
    def start(self, stack: AsyncExitStack) -> Counting:
        return self.script


async def test_a_message_goes_through_the_pipeline() -> None:
    script = Script(hello)
    async with serving(Native(script), {"asked": Asked(shout)}) as house:
        whole = await house.client.post(PATH, json=ask())
        streamed = await house.client.post(PATH, json=ask(stream=True))
    assert whole.status_code == streamed.status_code == 200
    assert whole.json()["content"] == [{"type": "text", "text": "hello"}]
    assert [call.body["messages"] for call in script.seen] == [
        [{"role": "user", "content": "HI"}]
    ] * 2
    names = [line for line in streamed.text.splitlines() if line.startswith("event: ")]
    assert names[0] == "event: message_start" and names[-1] == "event: message_stop"


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"{", 400, "invalid_request_error"),
        (json.dumps(ask(model="nobody")).encode(), 404, "not_found_error"),
        (json.dumps(ask("x" * 3000)).encode(), 413, "request_too_large"),
    ],
)
@pytest.mark.parametrize("path", [PATH, f"{PATH}/count_tokens"])
async def test_errors_have_anthropics_form(path: str, body: bytes, status: int, kind: str) -> None:
    async with serving(Script(), max_body=2000) as house:
        reply = await house.client.post(path, content=body)
    assert reply.status_code == status
    told = reply.json()
    assert set(told) == {"type", "error"} and told["type"] == "error"
    assert set(told["error"]) == {"type", "message"} and told["error"]["type"] == kind


async def test_errors_outside_exchanges_are_in_the_dialect_of_the_path() -> None:
    async with serving(Script()) as house:
        wrong = await house.client.get(PATH)
        missing = await house.client.get(f"{PATH}/nothing")
        known = await house.client.get("/v1/nothing", headers={"anthropic-version": "2023-06-01"})
        other = await house.client.get("/v1/nothing")
    assert wrong.status_code == 405 and wrong.json()["type"] == "error"
    assert missing.json()["error"]["type"] == "not_found_error"
    assert known.json()["type"] == "error"
    assert other.json()["error"]["code"] == "not_found"


async def test_models_are_listed_as_the_client_expects() -> None:
    async with serving(Script()) as house:
        headers = {"anthropic-version": "2023-06-01"}
        listed = (await house.client.get("/v1/models", headers=headers)).json()
        plain = (await house.client.get("/v1/models")).json()
    (model,) = listed["data"]
    assert (model["id"], model["type"], model["display_name"]) == (MODEL, "model", MODEL)
    assert (listed["first_id"], listed["last_id"], listed["has_more"]) == (MODEL, MODEL, False)
    assert plain["object"] == "list"


async def test_the_backend_counts_what_it_would_get() -> None:
    script, plugin = Counting(), Asked(shout)
    async with serving(Counts(script), {"asked": plugin}) as house:
        reply = await house.client.post(f"{PATH}/count_tokens", json=ask("hi Anna", system="Be."))
    assert reply.json() == {"input_tokens": 42}
    (call,) = script.seen
    assert call.dialect == "anthropic" and not call.stream
    assert "Anna" not in json.dumps(call.body)
    assert call.body["messages"] == [{"role": "user", "content": "HI ANNA"}]
    assert plugin.notes == ["ClientGone"], "no step takes it for an exchange that went well"


async def test_what_no_backend_counts_is_estimated() -> None:
    script = Counting()
    script.fails = True
    async with serving(Counts(script)) as house:
        failed = await house.client.post(f"{PATH}/count_tokens", json=ask("x" * 40))
    async with serving(Native(Script())) as house:
        silent = await house.client.post(f"{PATH}/count_tokens", json=ask("x" * 40))
    assert failed.json() == silent.json() == {"input_tokens": 10, "source": "estimate"}


async def test_a_request_that_is_refused_is_not_counted() -> None:
    def refuse(asked: Request) -> None:
        raise Rejected("messages[0].content: no")

    script = Counting()
    async with serving(Counts(script), {"asked": Asked(refuse)}) as house:
        reply = await house.client.post(f"{PATH}/count_tokens", json=ask())
    assert reply.status_code == 400
    assert reply.json()["error"]["message"] == "messages[0].content: no"
    assert script.seen == []


async def test_a_dry_run_takes_this_dialect() -> None:
    async with serving(Native(Script()), {"asked": Asked(shout)}) as house:
        reply = await house.client.post(
            "/privet/inspect?dialect=anthropic", json=ask(system="be kind")
        )
    assert reply.status_code == 200
    assert reply.json()["request"] == ask("HI", system="BE KIND")


async def test_added_context_becomes_system_text() -> None:
    def add(asked: Request) -> None:
        asked.add_context("Today is Monday.")

    script = Script(hello)
    async with serving(Native(script), {"shout": Asked(shout), "add": Asked(add)}) as house:
        for system in ("be kind", [{"type": "text", "text": "be kind"}]):
            await house.client.post(PATH, json=ask(system=system))
        await house.client.post(PATH, json=ask())
    said = [[one["text"] for one in call.body["system"]] for call in script.seen]
    assert said == [["BE KIND", "TODAY IS MONDAY."]] * 2 + [["TODAY IS MONDAY."]]
    assert all(call.body["messages"] == [{"role": "user", "content": "HI"}] for call in script.seen)


async def test_a_broken_stream_ends_with_an_error_event() -> None:
    async def breaks(call: Call) -> AsyncGenerator[Event, None]:
        yield event("message_start", message={"id": "m", "content": []})
        raise UpstreamFailed("the backend broke")

    async with serving(Native(Script(breaks))) as house:
        reply = await house.client.post(PATH, json=ask(stream=True))
    assert "event: error\ndata: " in reply.text
    assert "message_stop" not in reply.text


async def test_a_refusal_of_the_backend_stays_in_its_form() -> None:
    class Refuses(Script):
        async def send(self, call: Call) -> Reply:
            return Reply(422, self._body())

        async def _body(self) -> AsyncGenerator[Event, None]:
            error = {"type": "invalid_request_error", "message": "no"}
            body: Any = {"type": "error", "error": error, "request_id": "r"}
            yield Event(json.dumps(body).encode(), whole=True)

    async with serving(Native(Refuses())) as house:
        reply = await house.client.post(PATH, json=ask())
    assert reply.status_code == 422
    assert reply.json()["request_id"] == "r"
