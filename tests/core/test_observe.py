"""A pipeline that only observes: what it reports, and that it changes nothing."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from pipeline import Call, Channel, Event, Exchange, Plugin, Rejected, Reply, Request, TextFilter
from pipeline.core.chain import Chain, Link
from pipeline.core.errors import BadRequest, PrivetError
from pipeline.core.jsonvalue import decode, encode
from pipeline.core.plugin import Step
from pipeline.core.relay import Relay
from pipeline.core.target import Target
from pipeline.core.watch import Watch
from pipeline.dialects.openai import OpenAIChat

pytestmark = pytest.mark.anyio

BODY: Any = {
    "model": "m",
    "messages": [{"role": "user", "content": "I am Anna"}],
    "metadata": {"Anna": "x", "y": "z"},
}
WHOLE: Any = {
    "id": "c",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Hello NAME_1"},
            "finish_reason": "stop",
            "logprobs": {"content": []},
        }
    ],
}


class Backend:
    def __init__(self) -> None:
        self.seen: list[Call] = []

    async def send(self, call: Call) -> Reply:
        self.seen.append(call)
        return Reply(200, self._events())

    async def _events(self) -> AsyncGenerator[Event, None]:
        yield Event(encode(WHOLE), whole=True)

    async def probe(self) -> None:
        """It is there."""


class Hides(Plugin, frozen=True):
    """Hides a name, reports it, and would change the reply."""

    error: Any = None

    def on_request(self, request: Request) -> None:
        for text in request.texts():
            text.text = text.text.replace("Anna", "NAME_1")
        request.add_context("be brief")
        if self.error is not None:
            raise self.error

    def on_text(self, channel: Channel) -> TextFilter | None:
        raise AssertionError("replies are left alone")


class Step_(Step):
    def __init__(self, exchange: Exchange, plugin: Hides, done: list[object]):
        self.exchange, self.plugin, self.done = exchange, plugin, done

    def on_request(self, request: Request) -> None:
        self.exchange.receipt.found("messages[0].content", "PERSON", "replace")
        self.plugin.on_request(request)

    def on_text(self, channel: Channel) -> TextFilter | None:
        return self.plugin.on_text(channel)

    def on_done(self, error: BaseException | None) -> None:
        self.done.append(error)


async def observed(
    plugin: Hides, body: Any = BODY, make: Any = None
) -> tuple[Exchange, Backend, bytes, list[object]]:
    backend, done = Backend(), list[object]()
    exchange = Exchange(dialect="openai", model="m")
    link = Link("hides", make or (lambda one: Step_(one, plugin, done)), True, True)
    target = Target(
        route="m",
        pipeline="p",
        chain=Chain([link], [link], Watch(), observe=True),
        deadline=9.0,
        backend="b",
        upstream=backend,
        streams="both",
        model="theirs",
    )
    async with Relay(OpenAIChat(), [target], exchange, decode(encode(body)), dict) as relay:  # type: ignore[arg-type]
        await relay.start()
        raw = await relay.body()
        relay.delivered()
    return exchange, backend, raw, done


async def test_the_clients_own_request_is_sent_and_the_reply_comes_untouched():
    exchange, backend, raw, done = await observed(Hides())
    assert backend.seen[0].body == {**BODY, "model": "theirs"}
    assert decode(raw) == WHOLE
    assert exchange.receipt.would_be == "ok"
    assert exchange.receipt.plugins["hides"].found == {
        ("messages[0].content", "PERSON", "replace"): 1
    }
    assert done == [None]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Rejected("no"), "rejected"),
        (ValueError("Anna"), "plugin_failed"),
        (type("Own", (PrivetError,), {"code": "Anna Berg"})("x"), "*"),
    ],
)
async def test_what_would_have_been_refused_is_sent_and_said(error: Exception, code: str):
    exchange, backend, raw, _ = await observed(Hides(error))
    assert backend.seen[0].body["messages"] == BODY["messages"]
    assert decode(raw) == WHOLE
    assert exchange.receipt.would_be == code


async def test_a_step_that_cannot_be_made_stops_nothing():
    def make(_: Exchange) -> Step:
        raise ValueError("Anna")

    exchange, _, raw, _ = await observed(Hides(), make=make)
    assert exchange.receipt.would_be == "plugin_failed"
    assert decode(raw) == WHOLE


async def test_content_that_cannot_be_inspected_is_sent_and_said():
    part = {"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}
    body = {"model": "m", "messages": [{"role": "user", "content": [part]}]}
    exchange, backend, _, _ = await observed(Hides(), body)
    assert backend.seen[0].body["messages"] == body["messages"]
    assert exchange.receipt.would_be == "rejected"
    assert [line.action for line in exchange.receipt.opaque] == ["block"]


async def test_what_is_no_request_is_refused_all_the_same():
    deep: Any = "x"
    for _ in range(300):
        deep = [deep]
    with pytest.raises(BadRequest):
        await observed(Hides(), {**BODY, "deep": deep})
