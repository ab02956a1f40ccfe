"""The client of a request, as its connection tells of it to whoever serves the request."""

from collections.abc import Callable, Mapping
from time import monotonic
from typing import cast

_KEY = "privet_caller"


class Caller:
    """`begun` is when the request began, on the clock of `time.monotonic`; `complete` says whether
    all of its body has come. `on_leave` is called, in the event loop, once the client is gone.
    """

    __slots__ = ("begun", "complete", "on_leave")

    def __init__(self) -> None:
        self.begun = monotonic()
        self.complete = False
        self.on_leave: Callable[[], None] | None = None

    def leave(self) -> None:
        """The client is gone."""
        if self.on_leave is not None:
            self.on_leave()


def announce(scope: Mapping[str, object]) -> Caller:
    """The client of a request that begins now, noted in its scope."""
    caller = _state(scope)[_KEY] = Caller()
    return caller


def caller_of(scope: Mapping[str, object]) -> Caller:
    """The client of a request that came through our protocol."""
    return _state(scope)[_KEY]


def _state(scope: Mapping[str, object]) -> dict[str, Caller]:
    return cast(dict[str, Caller], scope["state"])
