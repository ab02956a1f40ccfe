"""A backend that says what it was told to say."""

from collections.abc import AsyncGenerator, Iterator, Sequence
from random import Random
from typing import TypeAlias, cast

import anyio.lowlevel

from pipeline.core.backend import Call, Reply
from pipeline.core.dialect import Dialect
from pipeline.core.frames import Event, Frame
from pipeline.core.jsonvalue import JsonObject, decode_object, encode
from pipeline.testing.samples import plain_reply

Script: TypeAlias = str | JsonObject | Sequence[JsonObject] | Sequence[Event | Exception]
"""A reply: its text, its whole body, its chunks, or the events of its stream as they are."""


class ScriptedBackend:
    """Says what it was told to say, and keeps what it was asked."""

    def __init__(self, dialect: Dialect, body: JsonObject, reply: Script, random: Random | None):
        self.saw: JsonObject | None = None
        self._random = random
        self._whole, self._events = read_script(dialect, body, reply)
        self.only_streams = self._whole is None

    async def send(self, call: Call) -> Reply:
        self.saw = decode_object(encode(call.body))
        await self._pause()
        return Reply(200, self._say(call.stream))

    async def probe(self) -> None:
        """It is always there."""

    async def _say(self, stream: bool) -> AsyncGenerator[Event, None]:
        if self._whole is not None and not stream:
            yield Event(encode(self._whole), whole=True)
            return
        for event in self._events:
            await self._pause()
            if isinstance(event, Exception):
                raise event
            yield event

    async def _pause(self) -> None:
        for _ in range(self._random.randint(0, 3) if self._random else 0):
            await anyio.lowlevel.checkpoint()


def read_script(
    dialect: Dialect, body: JsonObject, reply: Script
) -> tuple[JsonObject | None, Sequence[Event | Exception]]:
    """A reply as a whole body, if it can be one, and as a stream."""
    if isinstance(reply, str):
        reply = plain_reply(dialect, reply)
    if isinstance(reply, dict):
        whole = Frame(decode_object(encode(reply)), whole=True)
        return reply, [_event(dialect, frame) for frame in dialect.split(whole, body)]
    if not reply or any(not isinstance(one, dict) for one in reply):
        return None, cast(Sequence[Event | Exception], reply)
    chunks = [Frame(decode_object(encode(one))) for one in cast(Sequence[JsonObject], reply)]
    events = [_event(dialect, frame) for frame in chunks]
    reader = dialect.reader(body)
    if not any(reader.read(event).end for event in events):
        events.append(_event(dialect, Frame(None, end="done")))
    return dialect.join(chunks).data, events


def _event(dialect: Dialect, frame: Frame) -> Event:
    if frame.whole:
        return Event(dialect.encode(frame), whole=True)
    return next(wire_events(dialect.encode(frame)))


def wire_events(raw: bytes) -> Iterator[Event]:
    """The server-sent events of a stream that we wrote: one line of data each."""
    for block in raw.split(b"\n\n"):
        lines = (line.partition(b": ") for line in block.splitlines())
        fields = {name: value for name, _, value in lines}
        if b"data" in fields:
            yield Event(fields[b"data"], fields.get(b"event", b"").decode())
