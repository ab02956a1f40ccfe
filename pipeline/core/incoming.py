"""A backend's reply as it comes in: its frames, one by one, until the exchange's deadline."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import anyio

from pipeline.core.dialect import Dialect
from pipeline.core.errors import UpstreamFailed, UpstreamTimeout
from pipeline.core.exchange import Exchange
from pipeline.core.frames import Event, Frame, Reader
from pipeline.core.target import Target

_CLOSING_TIME = 5.0
"""Seconds that closing the backend's connection may take."""


class Incoming:
    """The reply of one attempt; to be closed however it ends."""

    def __init__(
        self, events: AsyncIterator[Event], reader: Reader, target: Target, exchange: Exchange
    ):
        self.reader = reader
        self._events = events
        self._target = target
        self._exchange = exchange

    async def frame(self) -> Frame:
        """The next frame, the ending one if the connection has ended; raises UpstreamFailed."""
        event = await self._event()
        return self.reader.eof() if event is None else self.reader.read(event)

    async def refusal(self, dialect: Dialect) -> Frame:
        """The one frame of an error's body."""
        event = await self._event()
        if event is None:
            raise UpstreamFailed("the backend refused the request without saying why")
        return dialect.error_frame(event)

    async def aclose(self) -> None:
        """Let go of the connection, in a time that is bounded; raises nothing but cancellation."""
        close = getattr(self._events, "aclose", None)
        if close is None:
            return
        # The exchange has ended: what fails now must neither hide why nor keep it from the steps.
        with anyio.move_on_after(_CLOSING_TIME, shield=True), suppress(Exception):
            await close()

    async def _event(self) -> Event | None:
        """The backend's next event, or None after its last."""
        try:
            # asyncio's, which costs half of anyio's: this is waited for at every event.
            async with asyncio.timeout(max(0.0, self._exchange.remaining)):
                return await anext(self._events, None)
        except TimeoutError:
            raise late(self._target) from None


def late(target: Target) -> UpstreamTimeout:
    """What to raise when the exchange's deadline has passed."""
    return UpstreamTimeout(
        f"the exchange took longer than its {target.deadline:g} seconds; "
        f"raise `deadline` of pipeline `{target.pipeline}` if that is too short"
    )
