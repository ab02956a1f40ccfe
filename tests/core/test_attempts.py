"""Several targets: which one replies, and what each of them gets to see."""

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from copy import deepcopy
from functools import partial
from typing import Any, Self

import anyio
import pytest

from pipeline import (
    Call,
    Event,
    Exchange,
    PrivetError,
    Rejected,
    Reply,
    Request,
    Step,
    Unavailable,
    Upstream,
    UpstreamFailed,
    UpstreamTimeout,
)
from pipeline.core.chain import Chain, Link
from pipeline.core.errors import BadRequest
from pipeline.core.jsonvalue import encode
from pipeline.core.relay import Relay
from pipeline.core.target import OpenLane, Target, Terms
from pipeline.core.watch import Watch
from pipeline.dialects.openai import OpenAIChat

pytestmark = pytest.mark.anyio

NAME = "Anna"
WHOLE = encode({"choices": [{"index": 0, "message": {"content": "ok"}, "finish_reason": "stop"}]})
NOTHING_DONE = UpstreamFailed("cannot be reached", unprocessed=True)
WHO_KNOWS = UpstreamFailed("broke off")


class Backend:
    """Answers as it is told, and keeps what it was asked."""

    def __init__(self, answer: bytes | Exception = WHOLE, status: int = 200):
        self._answer = answer
        self._status = status
        self.asked: list[str] = []
        self.closed = 0

    async def send(self, call: Call) -> Reply:
        self.asked.append(encode(call.body).decode())
        if isinstance(self._answer, Exception):
            raise self._answer
        self._left = [Event(self._answer, whole=True)]
        return Reply(self._status, self)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        if not self._left:
            raise StopAsyncIteration
        return self._left.pop()

    async def aclose(self) -> None:
        self.closed += 1

    async def probe(self) -> None:
        pass


class Hide(Step):
    """Hides the name behind `word`, and labels the exchange; counts how often it ran."""

    def __init__(self, exchange: Exchange, word: str, ran: list[str], label: str = ""):
        self._exchange = exchange
        self._word = word
        self._ran = ran
        self._label = label

    def on_request(self, request: Request) -> None:
        self._ran.append(self._word)
        self._exchange.labels.update({self._label} - {""})
        for text in request.texts():
            text.text = text.text.replace(NAME, self._word)

    def on_done(self, error: BaseException | None) -> None:
        self._ran.append(type(error).__name__ if error else "done")


def chain(word: str, ran: list[str], label: str = "") -> Chain:
    return Chain([Link(word, lambda one: Hide(one, word, ran, label), True, True)], [], Watch())


class Lane(OpenLane):
    """A way that says how it was left, and may be closed."""

    def __init__(self, closed: bool = False):
        self._closed = closed
        self.left: list[str] = []
        self.elsewhere: bool | None = None

    @property
    def open(self) -> bool:
        return not self._closed

    @asynccontextmanager
    async def enter(self, exchange: Exchange) -> AsyncGenerator["Lane"]:
        if self._closed:
            raise Unavailable("overloaded", retry_after=1)
        try:
            yield self
        except BaseException as error:
            self.left.append(type(error).__name__)
            raise
        self.left.append("well")

    async def send(self, upstream: Upstream, call: Call, *, elsewhere: bool) -> Reply:
        self.elsewhere = elsewhere
        return await super().send(upstream, call, elsewhere=elsewhere)


def target(upstream: Upstream, through: Chain, **more: Any) -> Target:
    fields: dict[str, Any] = {
        "route": "r",
        "pipeline": "p",
        "deadline": 5.0,
        "backend": "b",
        "streams": "both",
        "model": "m",
    }
    return Target(upstream=upstream, chain=through, **{**fields, **more})


async def exchange_of(*targets: Target, deadline: float = float("inf")) -> tuple[Exchange, bytes]:
    body: Any = {"model": "m", "messages": [{"role": "user", "content": f"I am {NAME}"}]}
    exchange = Exchange(deadline=deadline)
    relay = Relay(OpenAIChat(), targets, exchange, body, partial(deepcopy, deepcopy(body)))
    async with relay:
        await relay.start()
        raw = await relay.body()
        relay.delivered()
    return exchange, raw


async def test_the_next_target_of_the_same_pipeline_gets_the_redacted_request_as_it_is():
    ran = list[str]()
    through = chain("PERSON_1", ran)
    first, second = Backend(NOTHING_DONE), Backend()
    lane = Lane()
    exchange, _ = await exchange_of(
        target(first, through, backend="one", lane=lane), target(second, through, model="n")
    )
    assert ran == ["PERSON_1", "done"], "it went through the chain once"
    assert "PERSON_1" in second.asked[0]
    assert NAME not in second.asked[0] + first.asked[0]
    assert '"n"' in second.asked[0]
    assert [(one.backend, one.outcome) for one in exchange.attempts] == [("one", "upstream_failed")]
    assert lane.left == ["UpstreamFailed"]


async def test_a_target_of_another_pipeline_starts_from_what_the_client_sent():
    light, strict = list[str](), list[str]()
    first, second = Backend(NOTHING_DONE), Backend()
    exchange, _ = await exchange_of(
        target(first, chain("A.", light)), target(second, chain("PERSON_1", strict), pipeline="q")
    )
    assert "I am A." in first.asked[0]
    assert "I am PERSON_1" in second.asked[0]
    assert (light, strict) == (["A.", "UpstreamFailed"], ["PERSON_1", "done"])
    assert exchange.pipeline == "q"


@pytest.mark.parametrize(
    ("waits", "behind"),
    [
        (True, [{"backend": "two"}]),
        (True, [{"lane": Lane(closed=True), "backend": "two"}, {"backend": "three"}]),
        (False, [{"lane": Lane(closed=True), "backend": "two"}]),
        (False, [{"terms": Terms(without=frozenset({"sensitive"})), "backend": "two"}]),
        (False, [{"terms": Terms(most=1), "backend": "two"}]),
        (False, [{"model": "n"}]),
        (False, []),
    ],
    ids=["one", "a later one", "left alone", "barred", "too small", "the same backend", "none"],
)
async def test_a_lane_is_told_whether_another_backend_would_take_it(
    waits: bool, behind: list[dict[str, Any]]
):
    through, lane = chain("X", [], "sensitive"), Lane()
    later = [target(Backend(), through, **one) for one in behind]
    await exchange_of(target(Backend(), through, lane=lane), *later)
    assert lane.elsewhere is waits
    last = Lane()
    await exchange_of(
        target(Backend(UpstreamFailed("no", unprocessed=True)), through),
        target(Backend(), through, backend="two", lane=last),
    )
    assert last.elsewhere is False, "nobody is behind the last"


async def test_an_error_names_the_backend_that_it_is_about():
    through = chain("X", [])
    first = target(Backend(UpstreamFailed("cannot be reached", unprocessed=True)), through)
    for second, told in (
        (Lane(closed=True), "backend `two`: overloaded"),
        (Lane(), "backend `two`: broke off"),
    ):
        failing = Backend(UpstreamFailed("broke off"))
        with pytest.raises(PrivetError) as failed:
            await exchange_of(first, target(failing, through, backend="two", lane=second))
        assert failed.value.message == told


async def test_nothing_is_sent_elsewhere_that_may_have_been_processed():
    through, second = chain("X", []), Backend()
    with pytest.raises(UpstreamFailed):
        await exchange_of(target(Backend(WHO_KNOWS), through), target(second, through))
    assert not second.asked
    await exchange_of(target(Backend(WHO_KNOWS), through, replay=True), target(second, through))
    assert second.asked


@pytest.mark.parametrize("status", [400, 404])
async def test_the_request_that_a_backend_finds_fault_with_goes_nowhere_else(status: int):
    through, second, lane = chain("X", []), Backend(), Lane()
    refusing = Backend(b'{"error":{"message":"no such model"}}', status)
    _, raw = await exchange_of(
        target(refusing, through, replay=True, lane=lane), target(second, through)
    )
    assert b"no such model" in raw
    assert not second.asked
    assert lane.left == ["UpstreamRefused"]


async def test_a_busy_backend_leaves_it_to_the_next_and_the_last_one_says_so_itself():
    through, second = chain("X", []), Backend()
    busy = Backend(b'{"error":{"message":"slow down"}}', 429)
    _, raw = await exchange_of(target(busy, through), target(second, through))
    assert raw == WHOLE
    assert busy.closed == 1
    _, raw = await exchange_of(target(busy, through))
    assert b"slow down" in raw


async def test_an_error_as_the_first_event_may_be_bettered_elsewhere():
    through, second = chain("X", []), Backend()
    failing = Backend(b'{"error":{"message":"out of memory"}}')
    with pytest.raises(UpstreamFailed):
        await exchange_of(target(failing, through), target(second, through))
    assert not second.asked
    await exchange_of(target(failing, through, replay=True), target(second, through))
    assert second.asked


async def test_a_target_that_is_overloaded_is_passed_over_before_anything_is_done():
    ran = list[str]()
    first, second = Backend(), Backend()
    await exchange_of(
        target(first, chain("A.", ran), lane=Lane(closed=True)), target(second, chain("B.", ran))
    )
    assert not first.asked
    assert ran == ["B.", "done"]
    with pytest.raises(Unavailable):
        await exchange_of(target(first, chain("A.", ran), lane=Lane(closed=True)))


async def test_a_sensitive_exchange_stays_where_it_may_go():
    ran = list[str]()
    through = chain("PERSON_1", ran, "sensitive")
    cloud, house = Backend(), Backend()
    lane = Lane()
    terms = Terms(without=frozenset({"sensitive"}))
    await exchange_of(target(cloud, through, terms=terms, lane=lane), target(house, through))
    assert not cloud.asked
    assert house.asked
    assert lane.left == ["well"]
    with pytest.raises(Rejected, match="it is labelled `sensitive`"):
        await exchange_of(target(cloud, through, terms=terms))
    with pytest.raises(UpstreamFailed):
        await exchange_of(
            target(Backend(NOTHING_DONE), through), target(cloud, through, terms=terms)
        )
    assert not cloud.asked


async def test_what_cannot_be_said_to_one_backend_may_be_to_the_next():
    through, second, lane = chain("X", []), Backend(), Lane()
    foreign = Backend(BadRequest("`n` cannot be carried over", param="n"))
    await exchange_of(target(foreign, through, lane=lane), target(second, through))
    assert second.asked
    assert lane.left == ["BadRequest"]
    with pytest.raises(BadRequest, match="`n`"):
        await exchange_of(target(foreign, through))
    with pytest.raises(UpstreamFailed):
        await exchange_of(target(Backend(NOTHING_DONE), through), target(foreign, through))


class Fails(Step):
    """A plugin that fails, as backends do."""

    def __init__(self, error: Exception):
        self._error = error

    def on_request(self, request: Request) -> None:
        raise self._error


@pytest.mark.parametrize("error", [Unavailable("later"), NOTHING_DONE, ValueError(NAME)])
async def test_a_chain_that_fails_ends_the_exchange_whatever_it_raises(error: Exception):
    first, second = Backend(), Backend()
    through = Chain([Link("fails", lambda _: Fails(error), True, True)], [], Watch())
    with pytest.raises(PrivetError):
        await exchange_of(target(first, through, replay=True), target(second, through, replay=True))
    assert not first.asked + second.asked


async def test_no_attempt_begins_after_the_deadline():
    first, through = Backend(), chain("X", [])
    with pytest.raises(UpstreamTimeout):
        await exchange_of(target(first, through), deadline=time.monotonic() - 1)
    assert not first.asked


async def test_waiting_for_a_turn_ends_with_the_deadline():
    class Full(OpenLane):
        @asynccontextmanager
        async def enter(self, exchange: Exchange) -> AsyncGenerator["Full"]:
            await anyio.sleep_forever()
            yield self

    first, through = Backend(), chain("X", [])
    with pytest.raises(UpstreamTimeout):
        await exchange_of(target(first, through, lane=Full()), deadline=time.monotonic() + 0.05)
    assert not first.asked
