"""A thread that looks after the event loop and names the plugin that blocks it."""

import logging
import sys
import threading
import time
from asyncio import AbstractEventLoop
from types import TracebackType
from typing import Self

from pipeline.core.watch import Watch
from pipeline.service.logs import event, place


class Watchdog:
    """Logs `loop_blocked` once the loop has not come round for `limit` seconds, and when it has.

    Enter it in the loop's own thread.
    """

    def __init__(self, loop: AbstractEventLoop, limit: float = 1.0):
        self.watch = Watch()
        self._loop = loop
        self._limit = limit
        self._beat = time.monotonic()
        self._stop = threading.Event()
        self._watched = threading.get_ident()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        blocked = ""
        asked = self._ask()
        while not self._stop.wait(self._limit / 4):
            late = time.monotonic() - asked
            if self._beat >= asked:
                if blocked:
                    event(
                        "loop_free", logging.WARNING, **self._who(blocked), seconds=round(late, 3)
                    )
                blocked = ""
                asked = self._ask()
            elif late >= self._limit and not blocked:
                blocked = self.watch.doing or "-"
                event("loop_blocked", logging.ERROR, **self._who(blocked), at=self._line())

    def _ask(self) -> float:
        asked = time.monotonic()
        self._loop.call_soon_threadsafe(self._answer)
        return asked

    def _answer(self) -> None:
        self._beat = time.monotonic()

    def _who(self, name: str) -> dict[str, str]:
        return {} if name == "-" else {"plugin": name}

    def _line(self) -> str:
        """Where the loop's thread is now."""
        frame = sys._current_frames().get(self._watched)  # pyright: ignore[reportPrivateUsage]
        if frame is None:
            return "unknown"
        code = frame.f_code
        return place(code.co_filename, frame.f_lineno, code.co_qualname)
