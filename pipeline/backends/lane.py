"""The way to one target: its breaker, a turn at its backend, and retries.

Nobody gets past a breaker that is open or a queue that is full, and he is told at once, before
anything is done for him. A request is sent again only if the backend certainly did nothing with it,
or the route lets it be replayed. Waits are drawn at random from zero to a bound that doubles ("full
jitter", as AWS's architecture blog calls it), which is one line; libraries for that know neither
`Retry-After` nor a budget that all requests to a backend share.
"""

import random
from types import TracebackType
from typing import Self

import anyio

from pipeline.backends.breaker import Breaker
from pipeline.backends.turns import Turns
from pipeline.core.backend import Backend, Call, Reply, Upstream
from pipeline.core.errors import UpstreamBusy, UpstreamFailed, UpstreamRefused
from pipeline.core.exchange import Attempt, Exchange

_BUSY = 429
_FAILED = 500


class GuardedLane:
    """The way to one target. Targets of one backend share its turns."""

    def __init__(
        self, name: str, options: Backend, turns: Turns, breaker: Breaker, *, replay: bool
    ):
        self.name = name
        self.options = options
        self.turns = turns
        self.breaker = breaker
        self.replay = replay

    @property
    def open(self) -> bool:
        """Whether it is known of no reason to let nobody in."""
        return self.breaker.standing.state == "closed"

    def enter(self, exchange: Exchange) -> "_Pass":
        """Wait for a turn; raises Unavailable at once if there is none to be had."""
        return _Pass(self)


class _Pass:
    """One exchange's leave to send, while it is entered."""

    def __init__(self, lane: GuardedLane):
        self._lane = lane
        self._sent = False

    async def __aenter__(self) -> Self:
        self._trial = self._lane.breaker.enter()
        try:
            await self._lane.turns.take()
        except BaseException:
            self._trial.left()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if isinstance(error, UpstreamRefused) or (error is None and self._sent):
                self._trial.succeeded()
            elif isinstance(error, UpstreamFailed) and not isinstance(error, UpstreamBusy):
                self._trial.failed(error.code)
        finally:
            self._trial.left()
            self._lane.turns.give_back()

    async def send(self, upstream: Upstream, call: Call, *, elsewhere: bool = False) -> Reply:
        """Send the request, again after failures that allow it and that nobody `elsewhere` can
        make good at once.
        """
        self._sent = True
        lane = self._lane
        lane.turns.tried()
        outcome = await self._once(upstream, call)
        for retry in range(lane.options.retries):
            failure = _failure(outcome)
            if elsewhere and failure is not None and _is_away(failure):
                break
            pause = self._pause(failure, retry, call.exchange) if failure else None
            if failure is None or pause is None:
                break
            with lane.turns.retrying() as granted:
                if not granted or not self._goes_on(failure):
                    break
                call.exchange.attempts.append(Attempt(lane.name, failure.code))
                if isinstance(outcome, Reply):
                    await outcome.aclose()
                await anyio.sleep(pause)
                outcome = await self._once(upstream, call)
        if isinstance(outcome, UpstreamFailed):
            raise outcome
        if outcome.status < _FAILED:
            self._trial.answered()
        return outcome

    def _goes_on(self, failure: UpstreamFailed) -> bool:
        """Whether the target is still to be asked after this."""
        return isinstance(failure, UpstreamBusy) or self._trial.again(failure.code)

    async def _once(self, upstream: Upstream, call: Call) -> Reply | UpstreamFailed:
        try:
            return await upstream.send(call)
        except UpstreamFailed as error:
            return error

    def _pause(self, failure: UpstreamFailed, retry: int, exchange: Exchange) -> float | None:
        """How long to wait before this retry; None if there is to be none."""
        options = self._lane.options
        if failure.lasting or not (self._lane.replay or failure.unprocessed):
            return None
        bound = min(options.retry_most, options.retry_wait * 2.0**retry)
        pause = max(random.uniform(0, bound), failure.retry_after or 0)  # noqa: S311
        return None if pause > options.retry_most or pause >= exchange.remaining else pause


def _is_away(failure: UpstreamFailed) -> bool:
    """Whether the backend did nothing, and did not say when it will: mostly it is not there."""
    busy = isinstance(failure, UpstreamBusy) or failure.retry_after is not None
    return failure.unprocessed and not busy


def _failure(outcome: Reply | UpstreamFailed) -> UpstreamFailed | None:
    """What was wrong with an outcome that another try may better."""
    if isinstance(outcome, UpstreamFailed):
        return outcome
    if outcome.status != _BUSY:
        return None
    after = outcome.headers.get("retry-after", "")
    return UpstreamBusy(
        "the backend takes no more requests for now",
        retry_after=int(after) if after.isdecimal() else None,
        unprocessed=True,
    )
