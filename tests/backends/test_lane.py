"""The way to a target: turns, retries and their budget, and what the breaker learns."""

import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
import pytest

from pipeline import (
    Backend,
    Call,
    Event,
    Exchange,
    Reply,
    Unavailable,
    UpstreamFailed,
    UpstreamTimeout,
)
from pipeline.backends.breaker import Breaker
from pipeline.backends.lane import GuardedLane
from pipeline.backends.turns import Turns
from pipeline.core.backend import Breaker as BreakerOptions
from pipeline.core.errors import ClientGone, UpstreamBusy, UpstreamRefused

pytestmark = pytest.mark.anyio

NOTHING_DONE = UpstreamFailed("cannot be reached", unprocessed=True)
WHO_KNOWS = UpstreamFailed("broke off")
HOPELESS = UpstreamFailed("does not know the key", lasting=True)
FINE = 200


class Script:
    """An upstream that answers as it is told, with statuses and errors in order."""

    def __init__(self, *answers: int | UpstreamFailed | Callable[[], Reply]):
        self._answers = iter(answers)
        self.calls = 0
        self.closed = 0

    async def send(self, call: Call) -> Reply:
        self.calls += 1
        answer = next(self._answers)
        if isinstance(answer, UpstreamFailed):
            raise answer
        return Reply(answer, self._events()) if isinstance(answer, int) else answer()

    async def _events(self) -> AsyncIterator[Event]:
        try:
            yield Event(b"{}", whole=True)
        finally:
            self.closed += 1

    async def probe(self) -> None:
        pass


def lane(options: Backend | None = None, turns: Turns | None = None, *, replay: bool = False):
    options = options or Backend(retry_wait=0)
    turns = turns or Turns(options.concurrency, options.queue)
    return GuardedLane("b", options, turns, Breaker(options.breaker), replay=replay)


async def sent(
    way: GuardedLane,
    upstream: Script,
    exchange: Exchange | None = None,
    *,
    elsewhere: bool = False,
) -> Reply:
    exchange = exchange or Exchange()
    async with way.enter(exchange) as leave:
        body: Any = {"model": "m"}
        call = Call("openai", body, False, exchange)
        return await leave.send(upstream, call, elsewhere=elsewhere)


async def test_what_was_certainly_not_processed_is_sent_again():
    upstream, exchange = Script(NOTHING_DONE, NOTHING_DONE, FINE), Exchange()
    assert (await sent(lane(), upstream, exchange)).status == FINE
    assert upstream.calls == 3
    assert [(one.backend, one.outcome) for one in exchange.attempts] == [
        ("b", "upstream_failed")
    ] * 2


async def test_what_may_have_been_processed_is_sent_again_only_if_the_route_says_so():
    upstream = Script(WHO_KNOWS, FINE)
    with pytest.raises(UpstreamFailed):
        await sent(lane(), upstream)
    assert upstream.calls == 1
    upstream = Script(UpstreamTimeout("silent"), FINE)
    assert (await sent(lane(replay=True), upstream)).status == FINE


async def test_what_would_fail_again_is_not_sent_again():
    upstream = Script(HOPELESS, FINE)
    with pytest.raises(UpstreamFailed):
        await sent(lane(replay=True), upstream)
    assert upstream.calls == 1


async def test_what_was_not_processed_is_left_to_another_backend_at_once_if_there_is_one():
    upstream, breaker = Script(NOTHING_DONE, FINE), Breaker(BreakerOptions(failures=1))
    way = GuardedLane("b", Backend(retry_wait=60), Turns(9, 0), breaker, replay=True)
    assert way.open
    with pytest.raises(UpstreamFailed):
        await sent(way, upstream, elsewhere=True)
    assert upstream.calls == 1
    assert breaker.standing.state == "open", "it counts"
    assert not way.open


@pytest.mark.parametrize(
    "first",
    [
        UpstreamBusy("slow down", unprocessed=True),
        UpstreamFailed("overloaded", retry_after=0, unprocessed=True),
        WHO_KNOWS,
    ],
)
async def test_who_is_busy_or_may_have_begun_is_asked_again_before_another_backend(
    first: UpstreamFailed,
):
    upstream = Script(first, FINE)
    assert (await sent(lane(replay=True), upstream, elsewhere=True)).status == FINE
    assert upstream.calls == 2


async def test_retries_end():
    upstream = Script(*[NOTHING_DONE] * 9)
    with pytest.raises(UpstreamFailed):
        await sent(lane(Backend(retries=4, retry_wait=0)), upstream)
    assert upstream.calls == 5


def busy(after: str) -> Callable[[], Reply]:
    async def events() -> AsyncIterator[Event]:
        yield Event(b'{"error":{"message":"slow down"}}', whole=True)

    return lambda: Reply(429, events(), {"retry-after": after} if after else {})


async def test_retry_after_is_waited_for():
    upstream = Script(busy("1"), FINE)
    start = time.monotonic()
    assert (await sent(lane(), upstream)).status == FINE
    assert time.monotonic() - start >= 1


async def test_a_retry_after_beyond_the_bound_or_the_deadline_is_passed_on():
    for exchange in (Exchange(), Exchange(deadline=time.monotonic() + 5)):
        upstream = Script(busy("11" if exchange.deadline > 1e9 else "6"), FINE)
        reply = await sent(lane(), upstream, exchange)
        assert (reply.status, upstream.calls) == (429, 1)
        assert reply.headers["retry-after"] in ("11", "6")


async def test_being_busy_opens_no_breaker():
    options = Backend(retries=0, breaker=BreakerOptions(failures=1))
    way = lane(options)
    for _ in range(3):
        assert (await sent(way, Script(busy("")))).status == 429


async def test_all_retries_together_are_a_fifth_of_what_is_under_way():
    options = Backend(
        concurrency=100, retries=3, retry_wait=0.05, breaker=BreakerOptions(failures=0)
    )
    turns = Turns(100, 0)
    way = lane(options, turns)
    under_way = 0
    most = 0
    calls = 0

    class Slow(Script):
        async def send(self, call: Call) -> Reply:
            nonlocal calls, under_way, most
            calls += 1
            under_way += len(call.exchange.attempts) > 0
            most = max(most, under_way)
            await anyio.sleep(0.02)
            under_way -= len(call.exchange.attempts) > 0
            raise NOTHING_DONE

    async def one() -> None:
        with pytest.raises(UpstreamFailed):
            await sent(way, Slow())

    async with anyio.create_task_group() as group:
        for _ in range(100):
            group.start_soon(one)
    assert most <= 17, "a fifth of the first tries"
    assert 100 < calls <= 120, "and of all there were"


async def test_over_the_bound_they_wait_and_over_the_queue_they_are_turned_away_at_once():
    turns = Turns(1, 1)
    way = lane(turns=turns)
    release, inside = anyio.Event(), list[int]()

    async def one(number: int) -> None:
        async with way.enter(Exchange()):
            inside.append(number)
            await release.wait()

    async with anyio.create_task_group() as group:
        group.start_soon(one, 1)
        await anyio.wait_all_tasks_blocked()
        group.start_soon(one, 2)
        await anyio.wait_all_tasks_blocked()
        assert (turns.taken, turns.waiting, inside) == (1, 1, [1])
        times = list[float]()
        for _ in range(5):
            start = time.perf_counter()
            with pytest.raises(Unavailable) as refused:
                async with way.enter(Exchange()):
                    raise AssertionError("let in")
            times.append(time.perf_counter() - start)
        assert min(times) < 0.01
        assert refused.value.retry_after == 1
        release.set()
    assert inside == [1, 2]
    assert (turns.taken, turns.waiting) == (0, 0)


async def test_who_goes_while_waiting_takes_no_turn():
    turns = Turns(1, 1)
    way = lane(turns=turns)
    async with way.enter(Exchange()):
        with anyio.move_on_after(0.01):
            async with way.enter(Exchange()):
                raise AssertionError("let in")
    assert (turns.taken, turns.waiting) == (0, 0)


@pytest.mark.parametrize(
    ("error", "opens"),
    [
        (UpstreamFailed("broke off in the middle"), True),
        (UpstreamTimeout("silent"), True),
        (UpstreamRefused("no such model"), False),
        (ClientGone("gone"), False),
        (ValueError("a plugin"), False),
    ],
)
async def test_what_counts_against_a_target(error: Exception, opens: bool):
    breaker = Breaker(BreakerOptions(failures=1))
    options = Backend()
    way = GuardedLane("b", options, Turns(1, 0), breaker, replay=False)
    with pytest.raises(type(error)):
        async with way.enter(Exchange()) as leave:
            exchange = Exchange()
            await leave.send(Script(FINE), Call("openai", {}, False, exchange))
            raise error
    assert breaker.standing.state == ("open" if opens else "closed")


async def test_an_open_breaker_answers_at_once_and_asks_nobody():
    options = Backend(retries=2, retry_wait=0, breaker=BreakerOptions(failures=2))
    way, upstream = lane(options), Script(*[NOTHING_DONE] * 9)
    with pytest.raises(UpstreamFailed):
        await sent(way, upstream)
    assert upstream.calls == 2, "it opens in the middle of the retries, which end there"
    times = list[float]()
    for _ in range(5):
        start = time.perf_counter()
        with pytest.raises(Unavailable):
            await sent(way, upstream)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.01
    assert upstream.calls == 2


async def test_a_reply_that_begins_lets_the_others_in_before_it_ends():
    clock = 0.0
    breaker = Breaker(BreakerOptions(failures=1), lambda: clock)
    way = GuardedLane("b", Backend(), Turns(9, 0), breaker, replay=False)
    with pytest.raises(UpstreamFailed):
        await sent(way, Script(WHO_KNOWS))
    clock = 5.0
    async with way.enter(Exchange()) as leave:
        await leave.send(Script(FINE), Call("openai", {}, False, Exchange()))
        assert breaker.standing.state == "closed"
        assert (await sent(way, Script(FINE))).status == FINE
