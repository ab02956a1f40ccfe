"""A backend that says what it was told to say."""

from collections import deque
from collections.abc import Iterator, Sequence
from random import Random
from typing import Self, TypeAlias, cast

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
        await _pause(self._random)
        if self._whole is not None and not call.stream:
            return Reply(200, _Said([Event(encode(self._whole), whole=True)], None))
        return Reply(200, _Said(self._events, self._random))

    async def probe(self) -> None:
        """It is always there."""


class _Said:
    """Events, of which some arrive together: by chance, but each time the same ones."""

    def __init__(self, events: Sequence[Event | Exception], random: Random | None):
        self._events = deque(events)
        self._random = random
        self._together = Random(len(events))  # noqa: S311

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        if not self._events:
            raise StopAsyncIteration
        await _pause(self._random)
        event = self._events.popleft()
        if isinstance(event, Exception):
            raise event
        return event

    async def together(self) -> Sequence[Event]:
        """The next and some more, up to what is to be raised."""
        if not self._events:
            return ()
        more = [await anext(self)]
        for _ in range(self._together.randint(-3, 5)):
            if self._events and isinstance(event := self._events[0], Event):
                self._events.popleft()
                more.append(event)
        return more


async def _pause(random: Random | None) -> None:
    for _ in range(random.randint(0, 3) if random else 0):
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
