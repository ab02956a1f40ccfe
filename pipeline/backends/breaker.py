"""The circuit breaker of a backend's model: one that keeps failing is left alone for a while.

Closed, all requests pass. Open, none does until a wait is over; then one is let through to try.
What it meets decides: closed again, or open for twice as long. No library fits: theirs wrap one
call that returns or raises, and here an exchange is let in before its request is even read through,
and has gone well only once the last event of its reply has come.
"""

import math
import random
import time
from collections import deque
from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from pipeline.core.backend import Breaker as Options
from pipeline.core.errors import Unavailable

State = Literal["closed", "open", "trying"]

_WINDOW = 20
"""How many of the last requests the rate of failures is taken of."""


class Standing(Struct, frozen=True):
    """How a breaker stands: since when it is closed, or is not, on the clock of `time.time`, and
    the last failure's code. `remaining` is the seconds until the next try.
    """

    state: State
    since: float
    why: str
    remaining: float


Turned = Callable[[State, str, float], None]
"""Told of a breaker that opens, again after a try that failed, or closes: its state, the code of
the last failure, and for how many seconds it will be left alone, or has been.
"""


def _nobody(_state: State, _why: str, _seconds: float) -> None:
    """Nobody listens."""


class Breaker:
    """Counts how requests end, and says who may pass. Knows no requests, only their number."""

    def __init__(
        self,
        options: Options,
        clock: Callable[[], float] = time.monotonic,
        turned: Turned = _nobody,
    ):
        self._options = options
        self._clock = clock
        self._turned = turned
        self._state: State = "closed"
        self._since = time.time()
        self._why = ""
        self._in_a_row = 0
        self._last: deque[bool] = deque(maxlen=_WINDOW)
        self._opened = 0
        self._opened_at = 0.0
        self._until = 0.0

    @property
    def standing(self) -> Standing:
        """How it stands now."""
        remaining = max(0.0, self._until - self._clock()) if self._state == "open" else 0.0
        return Standing(self._state, self._since, self._why, remaining)

    def enter(self) -> "Trial":
        """Let a request pass; raises Unavailable while none may."""
        if self._state == "closed":
            return Trial(self, probing=False)
        left = self._until - self._clock()
        if self._state == "trying" or left > 0:
            raise Unavailable(
                "the backend keeps failing and is left alone for a while; try again later",
                retry_after=max(1, math.ceil(left)),
            )
        self._become("trying")
        return Trial(self, probing=True)

    def succeed(self) -> None:
        """The backend did what it should."""
        self._in_a_row = 0
        if self._state == "trying":
            why, self._why = self._why, ""
            self._opened = 0
            self._last.clear()
            self._become("closed")
            self._turned("closed", why, self._clock() - self._opened_at)
        elif self._state == "closed":
            self._last.append(True)

    def fail(self, why: str, *, probing: bool = False) -> None:
        """The backend did not; `why` is an error's code."""
        if self._state != "closed" and not probing:
            # It set out before the breaker opened, and tells nothing new.
            return
        self._why = why
        self._in_a_row += 1
        self._last.append(False)
        if probing or self._too_many():
            self._open()

    def give_up(self) -> None:
        """The request that was to try did not get to it: the next one may."""
        if self._state == "trying":
            self._become("open")

    def _too_many(self) -> bool:
        options = self._options
        if options.failures == 0:
            return False
        if self._in_a_row >= options.failures:
            return True
        share = self._last.count(False) / _WINDOW
        return len(self._last) == _WINDOW and options.rate < 1 and share >= options.rate

    def _open(self) -> None:
        wait = min(self._options.most, self._options.wait * 2.0**self._opened)
        # Drawn, so that not all who wait for the same backend come back at once.
        wait *= random.uniform(0.75, 1.0)  # noqa: S311
        wait = max(wait, min(self._options.wait, self._options.most))
        now = self._clock()
        self._until = now + wait
        if self._opened == 0:
            self._opened_at = now
        self._opened = min(self._opened + 1, 30)
        self._become("open")
        self._turned("open", self._why, wait)

    def _become(self, state: State) -> None:
        # Who tries does not end what made him try.
        if "closed" in (state, self._state) and state != self._state:
            self._since = time.time()
        self._state = state


class Trial:
    """One request on its way past a breaker; tell how it ended once."""

    def __init__(self, breaker: Breaker, *, probing: bool):
        self._breaker = breaker
        self._probing = probing

    def answered(self) -> None:
        """The backend has begun to reply. If this one was to try, others need wait no longer."""
        if self._probing:
            self._probing = False
            self._breaker.succeed()

    def again(self, why: str) -> bool:
        """The backend failed; whether one may try again now."""
        self.failed(why)
        return self._breaker.standing.state == "closed"

    def succeeded(self) -> None:
        """All went well."""
        self._probing = False
        self._breaker.succeed()

    def failed(self, why: str) -> None:
        """The backend failed."""
        self._breaker.fail(why, probing=self._probing)
        self._probing = False

    def left(self) -> None:
        """It ended for reasons that say nothing of the backend."""
        if self._probing:
            self._probing = False
            self._breaker.give_up()
