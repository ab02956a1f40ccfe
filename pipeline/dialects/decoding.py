"""Decoding the events of one reply."""

from pipeline.core import surrogates
from pipeline.core.errors import UpstreamFailed
from pipeline.core.frames import Frame
from pipeline.core.jsonvalue import JsonObject, decode
from pipeline.core.plugin import Channel


class Decoder:
    """Decodes one reply's events, and joins the characters that a server cut in half."""

    def __init__(self) -> None:
        self._halves: dict[Channel, str] | None = None

    def decode(self, data: bytes) -> JsonObject:
        """The object of an event; raises UpstreamFailed if there is none."""
        try:
            value = decode(data)
        except ValueError:
            self._halves = self._halves or {}
            try:
                value = surrogates.decode_loosely(data)
            except ValueError:
                raise UpstreamFailed("the backend sent an event that is not valid JSON") from None
        if not isinstance(value, dict):
            raise UpstreamFailed("the backend sent an event that is not a JSON object")
        return value

    def join(self, frame: Frame) -> None:
        """Put characters together that were cut in half, once the frame's texts are known."""
        if self._halves is None:
            return
        for piece in frame.pieces:
            held = "" if piece.once else self._halves.pop(piece.channel, "")
            text, half = surrogates.join(held, piece.text)
            if half and not piece.once and not frame.whole:
                self._halves[piece.channel] = half
            if text != piece.text:
                piece.change(text)
        surrogates.clean_all(frame.data)
