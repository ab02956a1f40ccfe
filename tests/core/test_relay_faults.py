"""Backends that fail the relay where nobody looks: in a refusal, and when they are closed."""

import time
from collections.abc import AsyncGenerator
from typing import Any

import anyio
import pytest

from pipeline import Call, Event, Exchange, Reply, Step
from pipeline.core.chain import Chain, Link
from pipeline.core.errors import UpstreamFailed, UpstreamTimeout
from pipeline.core.jsonvalue import encode
from pipeline.core.relay import Relay
from pipeline.core.target import Target
from pipeline.core.watch import Watch
from pipeline.dialects.openai import OpenAIChat

pytestmark = pytest.mark.anyio

WHOLE = Event(
    encode({"choices": [{"index": 0, "message": {"content": "x"}, "finish_reason": "stop"}]}),
    whole=True,
)


class Told(Step):
    def __init__(self) -> None:
        self.errors: list[BaseException | None] = []

    def on_done(self, error: BaseException | None) -> None:
        self.errors.append(error)


class Backend:
    def __init__(self, reply: Reply):
        self.reply = reply

    async def send(self, call: Call) -> Reply:
        return self.reply

    async def probe(self) -> None:
        """It is there."""


class Events:
    """One event; closing fails."""

    def __init__(self, event: Event):
        self.events = [event]

    def __aiter__(self) -> "Events":
        return self

    async def __anext__(self) -> Event:
        if not self.events:
            raise StopAsyncIteration
        return self.events.pop()

    async def aclose(self) -> None:
        raise OSError("it was closed before")


def relay(reply: Reply, told: Told, deadline: float = float("inf")) -> Relay:
    links = [Link("told", lambda _: told, True, True)]
    target = Target(
        route="r",
        pipeline="p",
        chain=Chain(links, links, Watch()),
        deadline=5.0,
        backend="b",
        upstream=Backend(reply),
        streams="both",
        model="m",
    )
    body: Any = {"model": "m", "messages": []}
    return Relay(OpenAIChat(), [target], Exchange(deadline=deadline), body, dict)


async def test_a_backend_that_fails_when_it_is_closed_is_no_failure_of_the_reply():
    told = Told()
    async with relay(Reply(200, Events(WHOLE)), told) as one:
        await one.start()
        await one.body()
        one.delivered()
    assert told.errors == [None]


async def test_a_backend_that_fails_when_it_is_closed_hides_no_error():
    told = Told()
    with pytest.raises(UpstreamFailed) as caught:
        async with relay(Reply(200, Events(Event(b"no json"))), told) as one:
            await one.start()
    assert told.errors == [caught.value]


async def test_a_refusal_that_never_comes_ends_at_the_deadline():
    async def say() -> AsyncGenerator[Event, None]:
        await anyio.sleep_forever()
        yield WHOLE

    told = Told()
    begun = time.monotonic()
    with pytest.raises(UpstreamTimeout), anyio.fail_after(5):
        async with relay(Reply(429, say()), told, begun + 0.05) as one:
            await one.start()
    assert isinstance(told.errors[0], UpstreamTimeout)
