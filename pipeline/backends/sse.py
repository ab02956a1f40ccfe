"""Server-sent events, read from bytes as they arrive.

Follows the WHATWG's "Interpreting an event stream", on bytes: a line ends in ASCII, so no UTF-8
sequence is ever cut. The state is what the last piece left unfinished, which is bounded; the events
do not depend on where the pieces were cut. Whole lines are split off in C, not byte by byte.
"""

from pipeline import Event, UpstreamFailed

MAX_EVENT = 1024 * 1024
"""Bytes that an event may have, and a line too, unless told otherwise."""

_BOM = b"\xef\xbb\xbf"
_DATA = b"data: "
_END = b"\n\n"


class Decoder:
    """Bytes in, events out. An event that the end of the stream cuts off is never given."""

    def __init__(self, max_event: int = MAX_EVENT):
        self._max = max_event
        self._line = bytearray()
        self._after_cr = False
        self._first = True
        self._data: list[bytes] = []
        self._size = 0
        self._name = b""

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that end in this piece; raises UpstreamFailed if one is too large."""
        if self._is_event(chunk):
            self._first = False
            return [Event(chunk[len(_DATA) : -len(_END)])]
        if self._after_cr and chunk:
            chunk = chunk.removeprefix(b"\n")
            self._after_cr = False
        if b"\r" in chunk:
            self._after_cr = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        end = chunk.rfind(_END) + len(_END)
        events = self._ordinary(chunk[:end])
        if events:
            chunk = chunk[end:]
            if not chunk:
                return events
        *lines, rest = chunk.split(b"\n")
        if lines and self._line:
            lines[0] = bytes(self._line) + lines[0]
            self._line.clear()
        for line in lines:
            if line:
                self._field(line)
            else:
                self._end(events)
        self._bound(len(self._line) + len(rest))
        self._line += rest
        return events

    def _is_event(self, chunk: bytes) -> bool:
        """Whether this is one line of data and its end, as most pieces of a slow stream are."""
        return (
            chunk.startswith(_DATA)
            and chunk.endswith(_END)
            and chunk.count(b"\n") == len(_END)
            and b"\r" not in chunk
            and len(chunk) <= self._max
            and not (self._line or self._data or self._name or self._after_cr)
        )

    def _ordinary(self, blocks: bytes) -> list[Event]:
        """The events of whole blocks, if each is one line of data: so it takes a third of the time.

        Nothing, and nothing done, if they are anything else.
        """
        if self._line:
            blocks = bytes(self._line) + blocks
        if not blocks.startswith(_DATA) or self._data or self._name or len(blocks) > self._max:
            return []
        found = blocks[len(_DATA) : -len(_END)].split(_END + _DATA)
        if blocks.count(b"\n") != len(_END) * len(found) or not blocks.endswith(_END):
            return []
        self._line.clear()
        self._first = False
        return [Event(one) for one in found]

    def _field(self, line: bytes) -> None:
        self._bound(len(line))
        if self._first:
            self._first = False
            line = line.removeprefix(_BOM)
        if line.startswith(_DATA):
            value = line[len(_DATA) :]
        else:
            name, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            if name == b"event":
                self._name = value
            if name != b"data":
                return
        self._data.append(value)
        self._size += len(value) + 1
        self._bound(self._size - 1)

    def _end(self, events: list[Event]) -> None:
        self._first = False
        if self._data:
            name = self._name.decode("utf-8", "replace") if self._name else ""
            events.append(Event(b"\n".join(self._data), name))
            self._data = []
            self._size = 0
        self._name = b""

    def _bound(self, size: int) -> None:
        if size > self._max:
            raise UpstreamFailed(
                f"the backend sent a line or an event of more than {self._max} bytes; "
                "raise `max_event` if it is to be trusted with that"
            )
