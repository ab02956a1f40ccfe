"""Newline-delimited JSON, read from bytes as they arrive.

The state is the line that the last piece left unfinished, which is bounded; the events do not
depend on where the pieces were cut.
"""

from pipeline import Event, UpstreamFailed
from pipeline.backends.sse import MAX_EVENT


class Lines:
    """Bytes in, an event for each line out; empty lines are nothing. A line that the end of the
    stream cuts off is never given.
    """

    def __init__(self, max_event: int = MAX_EVENT):
        self._max = max_event
        self._line = bytearray()

    def feed(self, chunk: bytes) -> list[Event]:
        """The lines that end in this piece; raises UpstreamFailed if one is too long."""
        *lines, rest = chunk.split(b"\n")
        if lines and self._line:
            lines[0] = bytes(self._line) + lines[0]
            self._line.clear()
        self._line += rest
        if max(len(self._line), *(len(one) for one in lines), 0) > self._max:
            raise UpstreamFailed(
                f"the backend sent a line of more than {self._max} bytes; "
                "raise `max_event` if it is to be trusted with that"
            )
        return [Event(data) for one in lines if (data := one.strip(b" \t\r"))]
