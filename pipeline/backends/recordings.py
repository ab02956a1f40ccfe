"""Recorded exchanges with a backend: what it was asked, and what it said, one on each line.

What is recorded is what has left the pipeline, so it is as redacted as the pipeline makes it.
"""

from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from pipeline.core.backend import Call, Reply, Upstream
from pipeline.core.frames import Event

_sorted = msgspec.json.Encoder(order="sorted")


class Said(Struct, frozen=True, omit_defaults=True):
    """One event of a reply, or a whole body."""

    data: str
    name: str = ""
    whole: bool = False


class Recorded(Struct, frozen=True):
    """One exchange; `request` is JSON."""

    dialect: str
    stream: bool
    request: Raw
    status: int
    events: Sequence[Said]

    def fits(self, call: Call) -> bool:
        """Whether a request is the same, whatever the order of its members."""
        return (self.dialect, self.stream) == (call.dialect, call.stream) and canonical(
            msgspec.json.decode(self.request)
        ) == canonical(call.body)


class Unreadable(ValueError):
    """A file holds something else than recorded exchanges; says in which line."""


def canonical(request: object) -> bytes:
    """The JSON of a request with its members in the order of their names."""
    return _sorted.encode(request)


def read(path: Path) -> list[Recorded]:
    """The exchanges of a file; raises OSError and Unreadable."""
    found: list[Recorded] = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        if line.strip():
            try:
                found.append(msgspec.json.decode(line, type=Recorded))
            except msgspec.MsgspecError:
                raise Unreadable(f"line {number} is no recorded exchange") from None
    return found


class Recording:
    """Does what another upstream does, and adds each exchange that comes to its end to a file."""

    def __init__(self, inner: Upstream, path: Path):
        self._inner = inner
        self._path = path

    async def send(self, call: Call) -> Reply:
        """Send a request."""
        # Taken down now: whoever sends it may change what it was asked.
        asked = Raw(canonical(call.body))
        reply = await self._inner.send(call)
        return replace(reply, events=self._events(call, asked, reply))

    async def probe(self) -> None:
        """Ask the other one."""
        await self._inner.probe()

    async def _events(self, call: Call, asked: Raw, reply: Reply) -> AsyncGenerator[Event, None]:
        said: list[Said] = []
        try:
            async for event in reply.events:
                said.append(Said(event.data.decode(errors="replace"), event.name, event.whole))
                if _is_last(event):
                    # Nobody asks for more after this.
                    self._keep(Recorded(call.dialect, call.stream, asked, reply.status, said))
                yield event
        finally:
            await reply.aclose()

    def _keep(self, one: Recorded) -> None:
        with self._path.open("ab") as file:
            file.write(msgspec.json.encode(one) + b"\n")


def _is_last(event: Event) -> bool:
    """Whether a reply is complete with this."""
    return event.whole or event.data == b"[DONE]" or event.name == "message_stop"
