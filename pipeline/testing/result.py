"""What one exchange came to."""

from functools import cached_property

from msgspec import Struct

from pipeline.core.dialect import Dialect
from pipeline.core.frames import Event, Frame
from pipeline.core.jsonvalue import JsonObject
from pipeline.core.plugin import Channel
from pipeline.core.request import Request
from pipeline.testing.script import wire_events


class Result(Struct, frozen=True, dict=True):
    """What one exchange came to.

    `saw` is the body that the backend received, or None if it was never called. `raw` holds the
    bytes that the client got, and `error` what ended the exchange early, as the plugins heard it.
    """

    dialect: Dialect
    request: JsonObject
    saw: JsonObject | None
    raw: bytes
    stream: bool
    error: BaseException | None

    def frames(self) -> list[Frame]:
        """What the client got, read anew."""
        reader = self.dialect.reader(self.saw or self.request)
        if not self.stream:
            return [reader.read(Event(self.raw, whole=True))]
        return [reader.read(event) for event in wire_events(self.raw)]

    @cached_property
    def done(self) -> bool:
        """Whether the client was told that the reply is complete."""
        return any(frame.end == "done" for frame in self.frames())

    @cached_property
    def whole(self) -> JsonObject:
        """The reply as one body, whether it was streamed or not."""
        frames = self.frames()
        data = self.dialect.join(frames).data if self.stream else frames[0].data
        assert data is not None, "a whole reply is JSON"
        return data

    @cached_property
    def texts(self) -> dict[Channel, str]:
        """What the client got, by channel."""
        texts: dict[Channel, str] = {}
        for frame in self.frames():
            for piece in frame.pieces:
                if not piece.once:
                    texts[piece.channel] = texts.get(piece.channel, "") + piece.text
        return texts

    @property
    def text(self) -> str:
        """The reply's first content."""
        return next((text for one, text in self.texts.items() if one.kind == "content"), "")

    @property
    def asked(self) -> str:
        """The last text of the last message that the backend saw."""
        if self.saw is None:
            return ""
        request = Request(self.saw, self.dialect.layout, self.dialect.add_context)
        return next((one.text for one in reversed(request.texts()) if one.turn is not None), "")
