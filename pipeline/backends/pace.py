"""How soon a stream is read again while there are more than the event loop can serve at once.

All that has arrived by the time a stream is read is handled together, for hardly more than one
event alone. So where many streams keep the loop so busy that everything waits for its turn, each of
them is read less often, and all of them and whatever begins are served sooner: as network cards do
with interrupts.
"""

from asyncio import TimerHandle, get_running_loop
from time import monotonic

_EVERY = 0.01
"""Seconds from one look at the loop to the next."""
_SMOOTH = 4
"""Looks that an average is made of."""
_FREE = 0.0005
"""Seconds that a timer is late although the loop has nothing else to do."""
_TIMES = 5
"""A stream waits so many times as long as others have to."""
_EACH = 0.00008
"""Seconds that it takes to serve a stream once: nobody waits longer than all others take."""
_LEAST, _MOST = 0.001, 0.02
_FEW = 12
"""Streams, at most, that are read as they come: to have them wait would spare nothing."""


class Pace:
    """The pace of all streams of a backend; each of them comes, and leaves."""

    def __init__(self) -> None:
        self.pause = 0.0
        """Seconds that a stream is to wait before it is read again; mostly it need not."""
        self._streams = set[object]()
        self._lag = 0.0
        self._due = 0.0
        self._timer: TimerHandle | None = None

    def come(self, stream: object) -> None:
        """One more is read."""
        self._streams.add(stream)
        if self._timer is None and len(self._streams) > _FEW:
            self._set()

    def leave(self, stream: object) -> None:
        """One is read no more, if it was."""
        self._streams.discard(stream)
        if self._timer is not None and len(self._streams) <= _FEW:
            self._timer.cancel()
            self._timer = None
            self._lag = self.pause = 0.0

    def _set(self) -> None:
        self._due = monotonic() + _EVERY
        self._timer = get_running_loop().call_later(_EVERY, self._look)

    def _look(self) -> None:
        late = max(0.0, monotonic() - self._due - _FREE)
        self._lag += (late - self._lag) / _SMOOTH
        pause = min(_TIMES * self._lag, _EACH * len(self._streams), _MOST)
        self.pause = pause if pause >= _LEAST else 0.0
        self._set()
