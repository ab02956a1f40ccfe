"""The circuit breaker: when it opens, who may try, and for how long it stays open."""

import pytest

from pipeline import Unavailable
from pipeline.backends.breaker import Breaker
from pipeline.core.backend import Breaker as Options


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def opened(options: Options, clock: Clock) -> Breaker:
    breaker = Breaker(options, clock)
    for _ in range(options.failures):
        breaker.enter().failed("upstream_failed")
    return breaker


def test_failures_in_a_row_open_it_and_a_success_between_them_does_not():
    breaker = Breaker(Options(failures=3, rate=1))
    for _ in range(10):
        breaker.enter().failed("upstream_failed")
        breaker.enter().failed("upstream_failed")
        breaker.enter().succeeded()
    assert breaker.standing.state == "closed"
    for _ in range(3):
        breaker.enter().failed("upstream_timeout")
    assert (breaker.standing.state, breaker.standing.why) == ("open", "upstream_timeout")
    with pytest.raises(Unavailable) as refused:
        breaker.enter()
    assert refused.value.retry_after == 1


def test_a_rate_of_failures_opens_it():
    breaker = Breaker(Options(failures=5, rate=0.5))
    for _ in range(9):
        breaker.enter().failed("upstream_failed")
        breaker.enter().succeeded()
    assert breaker.standing.state == "closed", "too few to say"
    breaker.enter().succeeded()
    breaker.enter().failed("upstream_failed")
    assert breaker.standing.state == "open"


def test_without_failures_it_never_opens():
    breaker = Breaker(Options(failures=0))
    for _ in range(100):
        breaker.enter().failed("upstream_failed")
    assert breaker.standing.state == "closed"


def test_after_the_wait_one_may_try_and_his_success_lets_all_in():
    clock = Clock()
    breaker = opened(Options(failures=2), clock)
    clock.now = 0.9
    with pytest.raises(Unavailable):
        breaker.enter()
    clock.now = 1.0
    trial = breaker.enter()
    with pytest.raises(Unavailable):
        breaker.enter()
    trial.answered()
    assert breaker.standing.state == "closed"
    breaker.enter()


def test_the_wait_doubles_to_its_bound_and_is_drawn():
    clock = Clock()
    waits = [list[float]() for _ in range(8)]
    for _ in range(30):
        clock.now = 0.0
        breaker = opened(Options(failures=1, most=60), clock)
        for kept in waits:
            wait = breaker.standing.remaining
            kept.append(wait)
            clock.now += wait
            breaker.enter().failed("upstream_failed")
    for step, kept in enumerate(waits):
        bound = min(60, 2**step)
        assert max(0.75 * bound, 1) <= min(kept)
        assert max(kept) <= bound
        assert step == 0 or len(set(kept)) > 1


def test_who_was_to_try_and_did_not_leaves_it_to_the_next():
    clock = Clock()
    breaker = opened(Options(failures=1), clock)
    clock.now = 2.0
    breaker.enter().left()
    assert breaker.standing.state == "open"
    breaker.enter().succeeded()
    assert breaker.standing.state == "closed"


def test_what_set_out_before_it_opened_neither_closes_it_nor_prolongs_it():
    clock = Clock()
    breaker = Breaker(Options(failures=1), clock)
    early, late = breaker.enter(), breaker.enter()
    breaker.enter().failed("upstream_failed")
    until = breaker.standing.remaining
    early.failed("upstream_failed")
    late.succeeded()
    assert (breaker.standing.state, breaker.standing.remaining) == ("open", until)


def test_whoever_listens_is_told_when_it_opens_and_closes():
    clock = Clock()
    heard = list[tuple[str, str, float]]()
    breaker = Breaker(Options(failures=2), clock, lambda *told: heard.append(told))
    breaker.enter().failed("upstream_failed")
    breaker.enter().succeeded()
    assert heard == []
    breaker.enter().failed("upstream_failed")
    late = breaker.enter()
    breaker.enter().failed("upstream_timeout")
    late.failed("upstream_failed")
    since = breaker.standing.since
    clock.now = 1.0
    breaker.enter().left()
    breaker.enter().failed("upstream_failed")
    wait = breaker.standing.remaining
    clock.now = 4.0
    trial = breaker.enter()
    assert breaker.standing.since == since, "it is one failure, whoever tries meanwhile"
    trial.answered()
    trial.succeeded()
    assert heard == [
        ("open", "upstream_timeout", 1.0),
        ("open", "upstream_failed", pytest.approx(wait)),
        ("closed", "upstream_failed", 4.0),
    ]
    breaker.enter().failed("upstream_failed")
    breaker.enter().failed("upstream_failed")
    assert heard[3:] == [("open", "upstream_failed", 1.0)], "it has forgotten the last time"
