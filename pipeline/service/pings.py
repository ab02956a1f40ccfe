"""Signs of life for a client that waits for its stream."""

from asyncio import Task, TaskGroup, get_running_loop
from time import monotonic

from pipeline.service.wire import Wire

_PING = b": ping\n\n"


class Pings:
    """Writes one whenever nothing else was written for `every` seconds, until it is closed.

    A timer looks after that: most streams need no ping, and so no task for it.
    """

    def __init__(self, wire: Wire, every: float, group: TaskGroup):
        self._wire = wire
        self._every = every
        self._group = group
        self._ping: Task[None] | None = None
        self._look()

    def close(self) -> None:
        """Write no more."""
        self._timer.cancel()
        if self._ping is not None:
            self._ping.cancel()

    def _look(self) -> None:
        wait = self._wire.last + self._every - monotonic()
        if wait <= 0:
            wait = self._every
            if self._ping is None or self._ping.done():
                self._ping = self._group.create_task(self._write())
        self._timer = get_running_loop().call_later(wait, self._look)

    async def _write(self) -> None:
        if self._wire.ended:
            return
        # From here on an error can only be told as an event, but the client still waits.
        if not self._wire.started:
            await self._wire.stream(200, {})
        await self._wire.write(_PING)
