"""A reply on its way to the client.

A backend yields events: the bytes of one wire event, or of the whole unstreamed body. The dialect's
reader makes a frame of each: its JSON, and where the text is in it. The chain changes the text in
place; what it leaves alone stays JSON-equal. A frame shares no object with anything else.

Events that arrive together and differ in their text alone are one frame, so that a fast stream is
not paid for by the event.
"""

from collections.abc import Sequence
from typing import Literal, Protocol, cast

from msgspec import Struct

from pipeline.core.catalog import Usage
from pipeline.core.jsonvalue import JsonObject, Place, decode, encode, put
from pipeline.core.plugin import Channel

End = Literal["", "done", "error"]


class Event(Struct, frozen=True):
    """What a backend received: the data of one server-sent event, or a `whole` body."""

    data: bytes
    name: str = ""
    whole: bool = False


class Piece(Struct):
    """A piece of a channel's text in a frame. A piece that is `once` is a text of its own."""

    channel: Channel
    text: str
    place: Place
    key: str | int
    once: bool = False

    def change(self, text: str) -> None:
        """Write another text into the frame."""
        self.text = text
        put(self.place, self.key, text)


class Copy(Struct, frozen=True):
    """A second copy of a channel's text, such as log probabilities, that filters cannot rewrite."""

    channel: Channel
    place: Place
    key: str | int

    def drop(self) -> None:
        """Take the copy out: the channel's text is no longer what it repeats."""
        put(self.place, self.key, None)


class Line(Struct, frozen=True):
    """The JSON of an event as it came, in which the `text` stands as it is from `start` on."""

    data: bytes
    text: str
    start: int

    def saying(self, text: str) -> bytes:
        """The same, but with another text."""
        if text == self.text:
            return self.data
        end = self.start + len(self.text.encode())
        return self.data[: self.start - 1] + encode(text) + self.data[end + 1 :]


class Frame(Struct):
    """One wire event or whole body, which says `value`; None where it is no JSON, as in `[DONE]`.

    `closes` lists the channels that end here. A `bare` frame carries nothing but text, and may be
    dropped when filters hold all of it. `end` says how the reply ends with this frame, if it does.

    `alike` holds the events of a frame that stands for several, which are bare and differ in their
    text alone; its one piece is the text of all, and the rest is the last one's.

    A frame with a `line` is that line with the text of its one piece, and has no value: most events
    are passed on without anybody looking at the rest of them.
    """

    value: JsonObject | None
    name: str = ""
    pieces: list[Piece] = []
    copies: list[Copy] = []
    closes: Sequence[Channel] = ()
    bare: bool = False
    whole: bool = False
    end: End = ""
    alike: Sequence[Event] = ()
    line: Line | None = None

    @property
    def no_json(self) -> bool:
        """Whether it says nothing in JSON."""
        return self.value is None and self.line is None

    @property
    def data(self) -> JsonObject | None:
        """What it says."""
        return self.value if self.line is None else cast(JsonObject, decode(self.json()))

    def json(self) -> bytes:
        """What it says, as JSON."""
        return encode(self.value) if self.line is None else self.line.saying(self.pieces[0].text)

    def apart(self) -> "Sequence[Frame]":
        """A frame for each event, with the text that came in it."""
        if not self.alike:
            return (self,)
        return [Frame(cast(JsonObject, decode(one.data)), self.name) for one in self.alike]


class Reader(Protocol):
    """A dialect's reading of one reply; it remembers which channels are open, and the usage."""

    @property
    def usage(self) -> Usage | None:
        """What the backend has said of tokens so far, if that is credible."""
        ...

    def read(self, event: Event) -> Frame:
        """The frame of an event; raises UpstreamFailed if it is not the dialect's."""
        ...

    def alike(self, events: Sequence[Event]) -> Frame | None:
        """One frame for as many events as differ from the one before them in their text alone.

        None if not even the first does, or nobody can tell; it is to be `read` then.
        """
        ...

    def eof(self) -> Frame:
        """The frame that ends a reply whose connection has ended cleanly.

        Raises UpstreamFailed if the reply was not complete.
        """
        ...

    def make(self, channel: Channel, text: str) -> Frame:
        """A frame with nothing but text, for what was held until its channel closed."""
        ...
