"""The records that can be read: of open exchanges as they stand, of ended ones as they were.

Mostly nobody reads one. So ended ones are kept in blocks of many, compressed, where one takes 72
bytes rather than 1,000; what a record looks like is put together, and signed, when it is asked for.
"""

import time
import zlib
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from msgspec import Struct, msgpack

from pipeline.core.record import Record, packed, unpacked

MOST_BYTES = 64 * 2**20
"""All that is kept. Records of long histories of personal data are large."""

_BLOCKS = 50
"""Blocks that the records are divided into: the oldest one goes at once."""
_BLOCK_BYTES = 64 * 2**10
"""Bytes of records that make a block, however few they are: compressing more would take long."""


class _Kept(NamedTuple):
    until: float
    data: bytes


class _Block(Struct, frozen=True):
    """`names` are apart by newlines; `data` has the records in their order, compressed."""

    until: float
    count: int
    names: bytes
    data: bytes

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        return len(self.names) + len(self.data)


class Receipts:
    """Keeps at most `count` records for `seconds` each; the oldest make room for new ones."""

    def __init__(self, seconds: float, count: int, clock: Callable[[], float] = time.monotonic):
        self._seconds = seconds
        self._count = count
        self._clock = clock
        self._each = max(1, count // _BLOCKS)
        self._open: dict[str, Callable[[], Record]] = {}
        self._latest: dict[str, _Kept] = {}
        self._latest_size = 0
        self._blocks = deque[_Block]()
        self._kept = 0
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
        self._kept += 1
        self._latest[name] = _Kept(self._clock() + self._seconds, data)
        self._latest_size += len(data)
        if len(self._latest) >= self._each or self._latest_size >= _BLOCK_BYTES:
            self._fill_block()
        self._tidy()

    def find(self, name: str) -> Record | None:
        """The record of an exchange, if there is one."""
        self._tidy()
        if name in self._open:
            return self._open[name]()
        kept = self._latest.get(name) or self._in_blocks(name)
        return unpacked(kept.data) if kept is not None and kept.until > self._clock() else None

    def _in_blocks(self, name: str) -> _Kept | None:
        wanted = name.encode()
        for block in self._blocks:
            if wanted in block.names and wanted in (names := block.names.split(b"\n")):
                records = msgpack.decode(zlib.decompress(block.data), type=list[_Kept])
                return records[names.index(wanted)]
        return None

    def _fill_block(self) -> None:
        """Make a block of the latest records."""
        records = list(self._latest.values())
        names = "\n".join(self._latest).encode()
        data = zlib.compress(msgpack.encode(records), 1)
        block = _Block(records[-1].until, len(records), names, data)
        self._blocks.append(block)
        self._size += block.size
        self._forget_latest()

    def _tidy(self) -> None:
        """Drop what is too old or too much."""
        now = self._clock()
        while self._blocks:
            much = self._kept > self._count or self._size > MOST_BYTES
            if not much and self._blocks[0].until > now:
                break
            oldest = self._blocks.popleft()
            self._kept -= oldest.count
            self._size -= oldest.size
        if self._latest and next(reversed(self._latest.values())).until <= now:
            self._kept -= len(self._latest)
            self._forget_latest()

    def _forget_latest(self) -> None:
        self._latest = {}
        self._latest_size = 0
