"""Whether backends are there: asked of them, and learnt from the requests that went to them."""

import logging
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal

import anyio
import msgspec
from msgspec import Struct

from pipeline.backends.breaker import State as BreakerState
from pipeline.core.backend import Upstream
from pipeline.core.errors import PrivetError
from pipeline.service.logs import event, failure
from pipeline.setup.build import Running
from pipeline.setup.ways import Ways

State = Literal["running", "degraded", "failed", "stopped"]

_PROBE_TIME = 2.0
_PROBE_AGAIN = 5.0
"""Seconds: backends are asked no more often, however often somebody asks us."""


class TargetHealth(Struct):
    """A model of a backend as requests have met it: its breaker's state, since when it is closed or
    is not, and the code of the last failure. It has its configured name, or is a route's pattern.
    """

    model: str
    routes: list[str]
    state: BreakerState
    since: str
    why: str = ""


BREAKERS = "breakers"
"""What processes ask each other for: `told_breakers`."""


class BackendHealth(Struct):
    """A backend: `degraded` if some of its targets are left alone, `failed` if all are or if it
    does not answer. `why` is an error's code. `active` and `waiting` count requests.
    """

    state: State
    since: str
    why: str
    active: int
    waiting: int
    targets: list[TargetHealth]


class _Found(Struct, frozen=True):
    """What the last probe of a backend has found, and since when it has found that."""

    why: str
    since: float


class Probes:
    """Asks the backends, but not too often."""

    def __init__(self) -> None:
        self._found: dict[str, _Found] = {}
        self._probed = float("-inf")
        self._lock = anyio.Lock()

    async def there(self, upstreams: Mapping[str, Upstream]) -> Mapping[str, bool]:
        """Whether each backend answers."""
        async with self._lock:
            if time.monotonic() - self._probed >= _PROBE_AGAIN:
                async with anyio.create_task_group() as group:
                    for name, upstream in upstreams.items():
                        group.start_soon(self._probe, name, upstream)
                self._probed = time.monotonic()
        return {name: not one.why for name, one in self._found.items()}

    def overview(
        self, running: Running, others: Sequence[bytes] = (), *, stopping: bool
    ) -> dict[str, BackendHealth]:
        """How each backend stands, by its last probe and by what requests have met, in `others` too
        by what these tell of their breakers.
        """
        targets = _breakers(running.ways)
        for one in others:
            for name, found in _decode(one).items():
                targets[name] = [
                    max(pair, key=_trouble) for pair in zip(targets[name], found, strict=True)
                ]
        return {
            name: self._backend(name, running, targets[name], stopping)
            for name in running.upstreams
        }

    def _backend(
        self, name: str, running: Running, targets: list[TargetHealth], stopping: bool
    ) -> BackendHealth:
        turns = running.ways.turns[name]
        found = self._found.get(name) or _Found("", running.since)
        bad = [one for one in targets if one.state != "closed"]
        state: State = "running"
        why, since = "", _written(found.since)
        if bad:
            state = "failed" if len(bad) == len(targets) else "degraded"
            why, since = bad[0].why, min(one.since for one in bad)
        if found.why:
            state, why, since = "failed", found.why, _written(found.since)
        if stopping:
            state = "stopped"
        return BackendHealth(state, since, why, turns.taken, turns.waiting, targets)

    async def _probe(self, name: str, upstream: Upstream) -> None:
        why = "upstream_timeout"
        with anyio.move_on_after(_PROBE_TIME):
            try:
                await upstream.probe()
                why = ""
            except PrivetError as error:
                why = error.code
            except Exception as error:
                failure("probe_failed", error, backend=name)
                why = "internal_error"
        old = self._found.get(name)
        if old is None or bool(old.why) != bool(why):
            if why:
                event("backend_down", logging.WARNING, backend=name)
            else:
                event("backend_up", backend=name)
            self._found[name] = _Found(why, time.time())
        elif old.why != why:
            self._found[name] = _Found(why, old.since)


def breaker_turned(backend: str, model: str, state: BreakerState, why: str, seconds: float) -> None:
    """What `Ways.breaker_turned` is told."""
    closed = state == "closed"
    event(
        "breaker_closed" if closed else "breaker_open",
        logging.INFO if closed else logging.WARNING,
        backend=backend,
        model=model,
        why=why,
        seconds=round(seconds, 1),
    )


def told_breakers(ways: Ways) -> bytes:
    """How this process's breakers stand, for another one of the service."""
    return msgspec.json.encode(_breakers(ways))


def _breakers(ways: Ways) -> dict[str, list[TargetHealth]]:
    return {name: _targets(name, ways) for name in ways.turns}


def _trouble(target: TargetHealth) -> int:
    return ("closed", "trying", "open").index(target.state)


_decode = msgspec.json.Decoder(dict[str, list[TargetHealth]]).decode


def _targets(backend: str, ways: Ways) -> list[TargetHealth]:
    found: list[TargetHealth] = []
    for (name, model), breaker in ways.breakers.items():
        if name == backend:
            routes = [
                route
                for route, each in ways.of.items()
                if any(one.breaker is breaker for one in each)
            ]
            now = breaker.standing
            found.append(TargetHealth(model, routes, now.state, _written(now.since), now.why))
    return found


def _written(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
