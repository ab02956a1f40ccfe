"""Whether the service lives, and whether it is of use."""

import time
from collections.abc import Mapping
from typing import Literal

import anyio
from litestar import Response
from msgspec import Struct

from pipeline.core.backend import Upstream
from pipeline.core.errors import PrivetError
from pipeline.service.gate import Gate, Phase
from pipeline.service.logs import event, failure

_PROBE_TIME = 2.0
_PROBE_AGAIN = 5.0
"""Seconds: backends are asked no more often, however often somebody asks whether we are ready."""


class Live(Struct):
    """The service answers."""

    status: str = "live"


class Ready(Struct):
    """What the service is ready for. Backends go by their configured names.

    `clear_text` is true if some pipeline only observes, and sends what clients write as it is.
    `degraded` counts the exchanges since the start in which a part of a plugin failed and another
    one was enough.
    """

    status: Phase | Literal["no_backend"]
    backends: Mapping[str, bool] = {}
    clear_text: bool = False
    degraded: int = 0


class Health:
    """Answers for orchestrators and load balancers; holds neither addresses nor messages."""

    def __init__(self, gate: Gate):
        self._gate = gate
        self._states: dict[str, bool] = {}
        self._probed = float("-inf")
        self._lock = anyio.Lock()

    def live(self) -> Response[Live]:
        """The process runs and its event loop comes round."""
        return Response(Live())

    async def ready(self) -> Response[Ready]:
        """Plugins have started, the service does not drain, and some backend can be reached."""
        running = self._gate.running
        states: Mapping[str, bool] = {}
        if running is not None and self._gate.phase == "ready":
            states = await self._backends(running.upstreams)
        # Draining may have begun while the backends were asked.
        phase = self._gate.phase
        status = "no_backend" if phase == "ready" and not any(states.values()) else phase
        clear_text = bool(running is not None and running.observing())
        return Response(
            Ready(status, states, clear_text, self._gate.degraded),
            status_code=200 if status == "ready" else 503,
        )

    async def _backends(self, upstreams: Mapping[str, Upstream]) -> Mapping[str, bool]:
        async with self._lock:
            if time.monotonic() - self._probed >= _PROBE_AGAIN:
                async with anyio.create_task_group() as group:
                    for name, upstream in upstreams.items():
                        group.start_soon(self._probe, name, upstream)
                self._probed = time.monotonic()
        return self._states

    async def _probe(self, name: str, upstream: Upstream) -> None:
        there = False
        with anyio.move_on_after(_PROBE_TIME):
            try:
                await upstream.probe()
                there = True
            except PrivetError:
                pass
            except Exception as error:
                failure("probe_failed", error, backend=name)
        if self._states.get(name) != there:
            event("backend_up" if there else "backend_down", backend=name)
        self._states[name] = there
