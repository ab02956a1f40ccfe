"""The first signal asks the service to stop; the second one does not ask."""

import multiprocessing
import os
import signal
from asyncio import AbstractEventLoop
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

from pipeline.service.logs import event


@contextmanager
def signals(loop: AbstractEventLoop, stop: Callable[[], None]) -> Generator[None]:
    """Call `stop` in the loop at the first SIGTERM or SIGINT, and exit at the second.

    The handlers are Python's own, not the loop's: they run even while a plugin blocks the loop.
    """
    asked = False

    def handle(number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            _die(number)
        asked = True
        loop.call_soon_threadsafe(stop)

    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _die(number: int) -> None:
    """Exit at once, as killed by this signal; worker processes do not outlive the service."""
    event("killed", signal=signal.Signals(number).name)
    for child in multiprocessing.active_children():
        child.kill()
    os._exit(128 + number)
