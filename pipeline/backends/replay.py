"""The backend `replay`: answers from recorded exchanges, for tests and demos without a model."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, Literal

import anyio
from msgspec import Meta

from pipeline import Backend, Call, Event, Reply, Upstream, UpstreamFailed
from pipeline.backends.recordings import Recorded, Said, Unreadable, read


class Replay(Backend, frozen=True, kw_only=True):
    """Answers as a backend once did. `privet run --record FILE` records exchanges."""

    file: str
    """The recorded exchanges: JSON Lines, as `privet run --record` writes them."""

    match: Literal["request", "next"] = "request"
    """Which answer a request gets: that of the same `request`, or the `next` one in the file, from
    the first again after the last.
    """

    delay: Annotated[float, Meta(ge=0)] = 0.0
    """Seconds before each event, as a model would take them."""

    @property
    def dialects(self) -> frozenset[str]:
        """Those that the recorded requests were made in."""
        try:
            return frozenset(one.dialect for one in read(Path(self.file)))
        except (OSError, Unreadable):
            return frozenset()

    def problems(self) -> list[str]:
        """What is wrong with the file."""
        try:
            found = read(Path(self.file))
        except OSError:
            return ["file: cannot be read; name a file that `privet run --record` has written"]
        except Unreadable as error:
            return [f"file: {error}; record it anew, or take it out"]
        return [] if found else ["file: there is no exchange in it; record one"]

    @property
    def leaves(self) -> bool:
        """It answers by itself."""
        return False

    def start(self, stack: AsyncExitStack) -> Upstream:
        """Read the file."""
        return _Replay(read(Path(self.file)), self.match, self.delay)


class _Replay:
    """The started backend."""

    def __init__(self, recorded: Sequence[Recorded], match: str, delay: float):
        self._recorded = recorded
        self._match = match
        self._delay = delay
        self._at = 0

    async def send(self, call: Call) -> Reply:
        one = self._same(call) if self._match == "request" else self._next(call)
        if one is None:
            raise UpstreamFailed(
                "no recorded exchange answers this request; record one with `privet run --record`",
                unprocessed=True,
            )
        return Reply(one.status, self._events(one.events))

    async def probe(self) -> None:
        """Always there."""

    def _same(self, call: Call) -> Recorded | None:
        return next((one for one in self._recorded if one.fits(call)), None)

    def _next(self, call: Call) -> Recorded | None:
        """The next exchange in this dialect and mode."""
        count = len(self._recorded)
        for step in range(count):
            one = self._recorded[(self._at + step) % count]
            if (one.dialect, one.stream) == (call.dialect, call.stream):
                self._at = (self._at + step + 1) % count
                return one
        return None

    async def _events(self, said: Sequence[Said]) -> AsyncIterator[Event]:
        for one in said:
            # Even without a delay: whoever reads must not keep everyone else waiting.
            await anyio.sleep(self._delay)
            yield Event(one.data.encode(), one.name, one.whole)
