"""A backend's reply as it comes in: its frames, until the exchange's deadline.

A backend may give the events together that arrived together. They are read together, so that they
can be handled and sent together; no more than so many at once, for others want their turn.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress

import anyio

from pipeline.core.dialect import Dialect
from pipeline.core.errors import PrivetError, UpstreamFailed, UpstreamTimeout
from pipeline.core.frames import Event, Frame, Reader
from pipeline.core.patience import Patience
from pipeline.core.target import Target

_CLOSING_TIME = 5.0
"""Seconds that closing the backend's connection may take."""
_MOST = 64
"""Events that are read at once."""


class Incoming:
    """The reply of one attempt; to be closed however it ends.

    A method `together` of the events waits for the next of them, and gives with it those that have
    arrived already; none at the end.
    """

    def __init__(
        self, events: AsyncIterator[Event], reader: Reader, target: Target, patience: Patience
    ):
        self.reader = reader
        self._events = events
        # To ask a protocol would take 20 microseconds.
        self._together: Callable[[], Awaitable[Sequence[Event]]] | None = getattr(
            events, "together", None
        )
        self._target = target
        self._patience = patience
        self._waiting: Sequence[Event] = ()
        self._failed: PrivetError | None = None

    async def frame(self) -> Frame:
        """The next frame, the ending one if the connection has ended; raises UpstreamFailed."""
        if not self._waiting and not await self._arrival():
            return self.reader.eof()
        return self._read()

    async def frames(self) -> Sequence[Frame]:
        """The next frame, and those that came with it. What is wrong with one of these is raised
        when it is its turn.
        """
        if self._failed is not None:
            raise self._failed
        found = [await self.frame()]
        events = len(found[0].alike)
        while self._waiting and not found[-1].end and events < _MOST:
            try:
                found.append(self._read())
            except PrivetError as error:
                self._failed = error
                break
            events += len(found[-1].alike) or 1
        return found

    async def refusal(self, dialect: Dialect) -> Frame:
        """The one frame of an error's body."""
        if not await self._arrival():
            raise UpstreamFailed("the backend refused the request without saying why")
        return dialect.error_frame(self._waiting[0])

    async def aclose(self) -> None:
        """Let go of the connection, in a time that is bounded; raises nothing but cancellation."""
        close = getattr(self._events, "aclose", None)
        if close is None:
            return
        # The exchange has ended: what fails now must neither hide why nor keep it from the steps.
        with anyio.move_on_after(_CLOSING_TIME, shield=True), suppress(Exception):
            await close()

    async def _arrival(self) -> bool:
        """Wait for the backend's next events; false after its last."""
        try:
            with self._patience:
                self._waiting = await (self._together or self._alone)()
        except TimeoutError:
            raise late(self._target) from None
        return bool(self._waiting)

    async def _alone(self) -> Sequence[Event]:
        return [event] if (event := await anext(self._events, None)) is not None else ()

    def _read(self) -> Frame:
        """The frame of the first event that waits, or of more if they are alike."""
        waiting = self._waiting
        frame = self.reader.alike(waiting[:_MOST]) or self.reader.read(waiting[0])
        self._waiting = waiting[len(frame.alike) or 1 :]
        return frame


def late(target: Target) -> UpstreamTimeout:
    """What to raise when the exchange's deadline has passed."""
    return UpstreamTimeout(
        f"the exchange took longer than its {target.deadline:g} seconds; "
        f"raise `deadline` of pipeline `{target.pipeline}` if that is too short"
    )
