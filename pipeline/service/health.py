"""Whether the service lives, and whether it is of use."""

from collections.abc import Mapping
from typing import Literal

from litestar import Response
from msgspec import Struct

from pipeline.service.gate import Gate, Phase
from pipeline.service.probes import BREAKERS, BackendHealth, Probes


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


class Overview(Struct):
    """The service's phase, and how each backend stands, by its configured name."""

    status: Phase
    backends: Mapping[str, BackendHealth] = {}


class Health:
    """Answers for orchestrators and load balancers; holds neither addresses nor messages."""

    def __init__(self, gate: Gate):
        self._gate = gate
        self._probes = Probes()

    def live(self) -> Response[Live]:
        """The process runs and its event loop comes round."""
        return Response(Live())

    async def ready(self) -> Response[Ready]:
        """Plugins have started, the service does not drain, and some backend can be reached."""
        running = self._gate.running
        states: Mapping[str, bool] = {}
        if running is not None and self._gate.phase == "ready":
            states = await self._probes.there(running.upstreams)
        # Draining may have begun while the backends were asked.
        phase = self._gate.phase
        status = "no_backend" if phase == "ready" and not any(states.values()) else phase
        clear_text = bool(running is not None and running.observing())
        return Response(
            Ready(status, states, clear_text, self._gate.peers.degraded),
            status_code=200 if status == "ready" else 503,
        )

    async def overview(self) -> Response[Overview]:
        """How each backend stands, by its last probe and by what requests have met."""
        running = self._gate.running
        found: Mapping[str, BackendHealth] = {}
        if running is not None:
            stopping = self._gate.phase == "draining"
            if not stopping:
                await self._probes.there(running.upstreams)
            others = await self._gate.peers.ask(BREAKERS)
            found = self._probes.overview(running, others, stopping=stopping)
        return Response(Overview(self._gate.phase, found))
