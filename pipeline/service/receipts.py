"""The records that can be read: of open exchanges as they stand, of ended ones as they were."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from pipeline.core.record import Record, packed, unpacked

MOST_BYTES = 64 * 2**20
"""All records together. A usual one has 300; long histories of personal data make more."""


class _Kept(NamedTuple):
    until: float
    data: bytes


class Receipts:
    """Keeps `count` records for `seconds` each; the oldest make room for new ones.

    They are kept as they can be kept best, and signed when somebody reads them: mostly nobody does.
    """

    def __init__(self, seconds: float, count: int, clock: Callable[[], float] = time.monotonic):
        self._seconds = seconds
        self._count = count
        self._clock = clock
        self._open: dict[str, Callable[[], Record]] = {}
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._size = 0

    def open(self, name: str, read: Callable[[], Record]) -> None:
        """An exchange goes on; `read` tells how it stands."""
        if self._count:
            self._open[name] = read

    def close(self, name: str, read: Callable[[], Record]) -> None:
        """An exchange that was opened has ended, as `read` tells."""
        if self._open.pop(name, None) is None:
            return
        data = packed(read())
        self._kept[name] = _Kept(self._clock() + self._seconds, data)
        self._size += len(data)
        self._tidy()

    def find(self, name: str) -> Record | None:
        """The record of an exchange, if there is one."""
        self._tidy()
        if name in self._open:
            return self._open[name]()
        kept = self._kept.get(name)
        return None if kept is None else unpacked(kept.data)

    def _tidy(self) -> None:
        """Drop what is too old or too much."""
        now = self._clock()
        while self._kept:
            first = next(iter(self._kept.values()))
            much = len(self._kept) > self._count or self._size > MOST_BYTES
            if not much and first.until > now:
                return
            self._kept.popitem(last=False)
            self._size -= len(first.data)
