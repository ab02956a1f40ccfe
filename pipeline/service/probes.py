"""Whether backends are there: asked of them, and learnt from the requests that went to them."""

import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

import anyio
from msgspec import Struct

from pipeline.core.backend import Upstream
from pipeline.core.errors import PrivetError
from pipeline.service.logs import event, failure
from pipeline.setup.build import Running

State = Literal["running", "degraded", "failed", "stopped"]

_PROBE_TIME = 2.0
_PROBE_AGAIN = 5.0
"""Seconds: backends are asked no more often, however often somebody asks us."""


class TargetHealth(Struct):
    """A target as requests have met it: its breaker's state, since when, and the last failure."""

    route: str
    model: str
    state: Literal["closed", "open", "trying"]
    since: str
    why: str = ""


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

    def overview(self, running: Running, *, stopping: bool) -> dict[str, BackendHealth]:
        """How each backend stands, by its last probe and by what requests have met."""
        return {name: self._backend(name, running, stopping) for name in running.upstreams}

    def _backend(self, name: str, running: Running, stopping: bool) -> BackendHealth:
        turns = running.ways.turns[name]
        found = self._found.get(name) or _Found("", running.since)
        ways = [way for each in running.ways.of.values() for way in each]
        standings = [
            (way.target, way.breaker.standing) for way in ways if way.target.backend == name
        ]
        bad = [one for _, one in standings if one.state != "closed"]
        state: State = "running"
        why, since = "", found.since
        if bad:
            state = "failed" if len(bad) == len(standings) else "degraded"
            why, since = bad[0].why, min(one.since for one in bad)
        if found.why:
            state, why, since = "failed", found.why, found.since
        if stopping:
            state = "stopped"
        return BackendHealth(
            state=state,
            since=_written(since),
            why=why,
            active=turns.taken,
            waiting=turns.waiting,
            targets=[
                TargetHealth(to.route, to.configured_model, one.state, _written(one.since), one.why)
                for to, one in standings
            ],
        )

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


def _written(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
