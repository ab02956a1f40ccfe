"""Events of a stream that differ from the one before them in their text alone.

Most do. The first is read in the ordinary way, and which of its strings holds the text is found out
by trying: another string is put in its place. JSON reads a string alike whatever the others say, so
an event with the same bytes around a string in that place comes to the same frame with that text.
"""

import re
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Any, TypeAlias, cast

from msgspec import Struct

from pipeline.core.frames import Event, Frame, Line, Piece
from pipeline.core.jsonvalue import Json, JsonObject, Place, decode, encode, may_repeat, put
from pipeline.core.plugin import Channel

_Path: TypeAlias = tuple[str | int, ...]

_STRING = re.compile(rb'("(?:[^"\\]|\\.)*")(\s*:)?', re.DOTALL)
"""A string, and what makes a key of it."""
_INSIDE = re.compile(rb'(?:[^"\\]|\\.)*', re.DOTALL)
_PLAIN = re.compile(rb"[ !#-\[\]-~]*")
"""What is between the quotes of a string of ASCII without escapes."""
_OTHER = "\x7f"
_TRIES = 4
"""So often in a row an event is learnt in vain: some streams have none that is like another."""
_LONGEST = 4096
"""Bytes of an event that is worth it."""


class Alike:
    """Remembers an event of one reply. Strings by the names in `free` may differ too."""

    def __init__(self, free: Collection[str] = ()):
        self._free = free
        self._said: JsonObject = {}
        self._shape: _Shape | None = None
        self._tries = _TRIES

    def learn(self, event: Event, frame: Frame) -> None:
        """Take note of an event and of its frame, which nobody has changed yet."""
        self._shape = None
        if frame.data is None or not frame.bare or not self._tries or len(event.data) > _LONGEST:
            return
        self._tries -= 1
        said = {name: frame.data[name] for name in self._free if name in frame.data}
        differ = [name for name, one in said.items() if self._said.get(name, one) != one]
        self._said = said
        self._shape = _shape(event, frame, differ)

    def frame(self, events: Sequence[Event]) -> Frame | None:
        """One frame for as many of the events as are like the one that was learnt."""
        shape = self._shape
        if shape is None:
            return None
        frame = shape.alone(events[0]) if len(events) == 1 else None
        if frame is None and (texts := shape.texts(events)):
            frame = shape.frame(events[: len(texts)], "".join(texts))
        if frame is not None:
            self._tries = _TRIES
        return frame


class _Shape(Struct, frozen=True):
    """What is the same in all of the events: what stands before the strings that differ, and behind
    each of them, with all `quotes` around strings; -1 if an event like this cannot be passed on as
    it is. The text is the string of this `number`.
    """

    event: str
    head: bytes
    behind: Sequence[bytes]
    quotes: int
    number: int
    name: str
    channel: Channel
    way: _Path
    key: str | int

    def alone(self, event: Event) -> Frame | None:
        """The frame of an event without escapes if it is alike: most come alone, and have none.

        It is passed on without being decoded. Who reads it finds what we read: all around the text
        stood in the event that was learnt, or in strings of their own, and no key was there twice.
        """
        data = event.data
        if data.count(b'"') != self.quotes or b"\\" in data or not data.startswith(self.head):
            return None
        if event.name != self.event or event.whole:
            return None
        text, at, start = "", len(self.head), 0
        for number, behind in enumerate(self.behind):
            end = data.find(behind, at)
            if end < 0:
                return None
            try:
                string = data[at:end].decode()
            except UnicodeDecodeError:
                return None
            if not string.isprintable():
                return None
            if number == self.number:
                text, start = string, at
            at = end + len(behind)
        if not text or at != len(data):
            return None
        line = Line(data, text, start)
        return Frame(None, self.name, [Piece(self.channel, text, {}, "text")], bare=True, line=line)

    def frame(self, events: Sequence[Event], text: str) -> Frame:
        """The frame of events that say this."""
        said: Any = decode(events[-1].data)
        piece = Piece(self.channel, text, self._place(said), self.key)
        piece.change(text)
        alike = events if len(events) > 1 else ()
        return Frame(said, self.name, [piece], bare=True, alike=alike)

    def _place(self, said: Any) -> Any:
        """Where the text is in what an event says, which is known to be like this."""
        for key in self.way:
            said = said[key]
        return said

    def texts(self, events: Sequence[Event]) -> Sequence[str]:
        """The texts of the events, up to the first one that is not alike."""
        head, (*between, tail) = self.head, self.behind
        first, last = len(head), -len(tail)
        texts: list[bytes] = []
        others: list[bytes] = []
        for event in events:
            data = event.data
            if not data.startswith(head) or not data.endswith(tail):
                break
            text = data[first:last]
            strings: Sequence[bytes] = ()
            if between:
                text, strings = _parted(text, between, self.number)
            odd = b"\\" in text or b'"' in text
            if not text or (odd and not _INSIDE.fullmatch(text)):
                break
            if event.name != self.event or event.whole:
                break
            texts.append(text)
            others += strings
        if not texts:
            return ()
        if not others or _PLAIN.fullmatch(b"".join(others)):
            with suppress(ValueError):
                return cast(list[str], decode(b'["' + b'","'.join(texts) + b'"]'))
        # Some are not what they look like; those before them may be.
        return self.texts(events[: len(texts) // 2])


def _parted(data: bytes, between: Sequence[bytes], number: int) -> tuple[bytes, Sequence[bytes]]:
    """What is before, between and behind these: the one of this number, and the others."""
    strings: list[bytes] = []
    for joint in between:
        string, found, data = data.partition(joint)
        if not found:
            return b"", ()
        strings.append(string)
    strings.append(data)
    return strings.pop(number), strings


def _shape(event: Event, frame: Frame, free: Collection[str]) -> _Shape | None:
    """The shape of events like this one; None if more than one text is in it, or something odd."""
    raw, data = event.data, frame.data
    if len(frame.pieces) != 1 or frame.copies or frame.closes or event.whole:
        return None
    [piece] = frame.pieces
    path = _path(data, piece.place)
    # What came as halves of characters is not what its bytes say.
    if path is None or piece.once or not piece.text or not _says(raw, data):
        return None
    paths: list[_Path] = [(*path, piece.key), *((name,) for name in free)]
    values = [_get(data, path) for path in paths]
    strings = (one for one in _STRING.finditer(raw) if one[2] is None and decode(one[1]) in values)
    told = ((_told(raw, one.span(1), data, paths), one.span(1)) for one in strings)
    found = [(number, span) for number, span in told if number is not None]
    order = [number for number, _ in found]
    if order.count(0) != 1:
        return None
    starts = [0, *(end - 1 for _, (_, end) in found)]
    ends = [*(start + 1 for _, (start, _) in found), len(raw)]
    around = [raw[start:end] for start, end in zip(starts, ends, strict=True)]
    quotes = -1 if may_repeat(raw, data) else sum(one.count(b'"') for one in around)
    head, *behind = around
    number = order.index(0)
    return _Shape(
        event.name, head, behind, quotes, number, frame.name, piece.channel, path, piece.key
    )


def _told(raw: bytes, at: tuple[int, int], data: Json, paths: Sequence[_Path]) -> int | None:
    """Which of some places says what the string there says, if just that one does."""
    start, end = at
    changed = decode(raw[:start] + encode(_OTHER) + raw[end:])
    for number, path in enumerate(paths):
        if _get(changed, path) == _OTHER:
            put(cast(Place, _get(changed, path[:-1])), path[-1], _get(data, path))
            return number if changed == data else None
    return None


def _says(raw: bytes, data: Json) -> bool:
    """Whether these bytes mean these data."""
    try:
        return decode(raw) == data
    except ValueError:
        return False


def _path(value: Json, place: Place) -> _Path | None:
    """The way to an object or list in a value; None if it is not in there."""
    if value is place:
        return ()
    inside = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, member in inside:
        if (way := _path(member, place)) is not None:
            return (key, *way)
    return None


def _get(value: Json, path: _Path) -> Json:
    """What is at the end of a way that there is."""
    for key in path:
        if isinstance(value, dict):
            value = value.get(str(key))
        elif isinstance(value, list):
            value = value[int(key)]
    return value
