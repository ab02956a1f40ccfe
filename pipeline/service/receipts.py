"""What can be read of exchanges: of open ones how they stand, of ended ones how they were.

Mostly nobody reads it. So ended ones are kept in blocks of many, compressed, where one takes 30
bytes rather than 1,000, of which 16 are its id; a record is put together, and signed, when it is
asked for.
"""

import time
import zlib
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from msgspec import Struct, msgpack

from pipeline.core.entry import Entry
from pipeline.core.record import Record, shown

MOST_BYTES = 64 * 2**20
"""All that is kept. Records of long histories of personal data are large."""

_BLOCKS = 50
"""Blocks that the records are divided into: the oldest one goes at once."""
_BLOCK_BYTES = 64 * 2**10
"""Bytes of entries that make a block, however few they are: compressing more would take long."""
_ID = 16
"""Bytes of an exchange's id, which is written in hexadecimal digits."""

_encoder = msgpack.Encoder()


class _Kept(NamedTuple):
    """When the exchange ended, in milliseconds, and its entry as MessagePack."""

    ended: int
    data: bytes


class _Block(Struct, frozen=True):
    """`ids` stand one after another; `data` has the entries in their order, compressed.

    `ended` is when the last of the exchanges did.
    """

    ended: int
    count: int
    ids: bytes
    data: bytes

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        return len(self.ids) + len(self.data)

    def find(self, wanted: bytes) -> _Kept | None:
        """What is kept of an exchange."""
        if wanted in self.ids:
            ids = [self.ids[at : at + _ID] for at in range(0, len(self.ids), _ID)]
            if wanted in ids:
                kept = msgpack.decode(zlib.decompress(self.data), type=list[_Kept])
                return kept[ids.index(wanted)]
        return None


class Receipts:
    """Keeps at most `count` entries for `seconds` each; the oldest make room for new ones."""

    def __init__(self, seconds: float, count: int, clock: Callable[[], float] = time.monotonic):
        self._keep = seconds * 1000
        self._count = count
        self._clock = clock
        self._each = max(1, count // _BLOCKS)
        self._open: dict[str, Callable[[], Entry]] = {}
        self._latest: dict[str, _Kept] = {}
        self._latest_size = 0
        self._blocks = deque[_Block]()
        self._kept = 0
        self._size = 0

    def open(self, name: str, read: Callable[[], Entry]) -> None:
        """An exchange of this id goes on; `read` tells how it stands."""
        if self._count:
            self._open[name] = read

    def close(self, name: str, read: Callable[[], Entry]) -> None:
        """An exchange that was opened has ended, as `read` tells."""
        if self._open.pop(name, None) is None:
            return
        data = _encoder.encode(read())
        now = self._now()
        self._latest[name] = _Kept(now, data)
        self._latest_size += len(data)
        self._kept += 1
        if len(self._latest) >= self._each or self._latest_size >= _BLOCK_BYTES:
            self._fill_block()
        self._drop_blocks(now)

    def find(self, name: str) -> Record | None:
        """The record of an exchange, if there is one."""
        if name in self._open:
            return shown(name, self._open[name]())
        now = self._now()
        self._drop_blocks(now)
        if self._latest and self._is_old(next(reversed(self._latest.values())).ended, now):
            self._kept -= len(self._latest)
            self._forget_latest()
        kept = self._latest.get(name) or self._in_blocks(name)
        if kept is None or self._is_old(kept.ended, now):
            return None
        return shown(name, msgpack.decode(kept.data, type=Entry))

    def _now(self) -> int:
        return int(self._clock() * 1000)

    def _is_old(self, ended: int, now: int) -> bool:
        return ended + self._keep <= now

    def _in_blocks(self, name: str) -> _Kept | None:
        try:
            wanted = bytes.fromhex(name)
        except ValueError:
            return None
        if wanted.hex() != name:
            return None
        return next(filter(None, (block.find(wanted) for block in self._blocks)), None)

    def _fill_block(self) -> None:
        """Make a block of the latest entries."""
        kept = list(self._latest.values())
        ids = b"".join(map(bytes.fromhex, self._latest))
        block = _Block(kept[-1].ended, len(kept), ids, zlib.compress(_encoder.encode(kept), 1))
        self._blocks.append(block)
        self._size += block.size
        self._forget_latest()

    def _forget_latest(self) -> None:
        self._latest = {}
        self._latest_size = 0

    def _drop_blocks(self, now: int) -> None:
        """Drop what is too old or too much."""
        while self._blocks and (
            self._kept > self._count
            or self._size > MOST_BYTES
            or self._is_old(self._blocks[0].ended, now)
        ):
            oldest = self._blocks.popleft()
            self._kept -= oldest.count
            self._size -= oldest.size
