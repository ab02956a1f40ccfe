"""Reading a Messages reply: where the text is in each event, and in a whole body.

A block's text is a channel, which closes where the block does. The input of a tool is an object in
a whole reply and a JSON text in a stream; here it is always the text, so that plugins see no
difference. Text of a `thinking` block passes the filters like any other, and its signature stays:
it fits again once the request that sends it back has been redacted to what the model had written.
"""

from collections.abc import Sequence
from typing import Literal

from pipeline.core.catalog import Usage
from pipeline.core.errors import UpstreamFailed
from pipeline.core.frames import Event, Frame, Piece
from pipeline.core.jsonvalue import Json, JsonObject, Place, decode, encode
from pipeline.core.plugin import Channel
from pipeline.core.surrogates import clean_all
from pipeline.dialects.alike import Alike
from pipeline.dialects.anthropic.deltas import DELTA_OF, DELTAS, channel, delta
from pipeline.dialects.anthropic.strings import event_name, texts_of
from pipeline.dialects.anthropic.usage import Counted
from pipeline.dialects.decoding import Decoder
from pipeline.dialects.strings import once

_DELTA = "content_block_delta"


class MessagesReader:
    """Remembers, for one reply, which blocks and channels are open."""

    def __init__(self, body: JsonObject):
        self._form: Literal["text", "json"] = "json" if _wants_json(body) else "text"
        self._open: dict[Channel, None] = {}
        self._tools: dict[int, str] = {}
        self._first = 0
        self._begun = False
        self._stopped = False
        self._decoder = Decoder()
        self._alike = Alike()
        self._counted = Counted()

    @property
    def usage(self) -> Usage | None:
        """What the backend has said of tokens, if that is credible."""
        return self._counted.usage

    def read(self, event: Event) -> Frame:
        """The frame of an event of a stream or of a whole body."""
        data = self._decoder.decode(event.data)
        kind = data.get("type")
        if kind == "error" or data.get("error"):
            frame = Frame(data, pieces=list(once(data)), end="error")
        elif event.whole:
            frame = self._whole(data)
        elif isinstance(kind, str):
            frame = self._event(data, kind)
        else:
            raise UpstreamFailed("the backend sent an event without a type")
        frame.whole = event.whole
        frame.name = event_name(event.name) or event_name(kind)
        self._decoder.join(frame)
        self._alike.learn(event, frame)
        return frame

    def alike(self, events: Sequence[Event]) -> Frame | None:
        """One frame for deltas that differ from the one before in their text alone."""
        return self._alike.frame(events)

    def eof(self) -> Frame:
        """The end that a server forgot; raises UpstreamFailed if text may be missing."""
        if not self._stopped:
            raise UpstreamFailed("the backend's reply broke off before its end")
        return Frame(None, "message_stop", closes=self._close(), end="done")

    def make(self, channel: Channel, text: str) -> Frame:
        """A delta with nothing but text."""
        data: JsonObject = {
            "type": _DELTA,
            "index": channel.part,
            "delta": delta(channel, text),
        }
        return Frame(data, _DELTA, bare=True)

    def _event(self, data: JsonObject, kind: str) -> Frame:
        frame = Frame(data)
        match kind:
            case "message_start":
                self._begun = True
                message = _object(data, "message")
                content = message.get("content")
                self._first = len(content) if isinstance(content, list) else 0
                self._counted.note(message.get("usage"))
                frame.pieces.extend(texts_of(data))
            case "content_block_start":
                index = _index(data)
                if index in self._tools:
                    raise UpstreamFailed("the backend began one block of its reply twice")
                self._block(_object(data, "content_block"), index, frame)
                frame.pieces.extend(texts_of(data, "content_block"))
            case "content_block_delta":
                self._delta(data, frame)
            case "content_block_stop":
                frame.closes = self._close(_index(data))
                frame.pieces.extend(texts_of(data))
            case "message_delta":
                said = data.get("delta")
                self._stopped = isinstance(said, dict) and said.get("stop_reason") is not None
                self._counted.note(data.get("usage"), final=True)
                frame.pieces.extend(texts_of(data))
            case "message_stop":
                if not self._begun:
                    raise UpstreamFailed("the backend ended its reply without having said anything")
                frame.closes, frame.end = self._close(), "done"
                frame.pieces.extend(texts_of(data))
            case _:
                frame.pieces.extend(texts_of(data))
        return frame

    def _whole(self, data: JsonObject) -> Frame:
        content = data.get("content")
        if not isinstance(content, list):
            raise UpstreamFailed("the backend's reply has no `content`; is it a Messages endpoint?")
        frame = Frame(data, whole=True, end="done")
        for index, block in enumerate(content):
            if isinstance(block, dict):
                self._block(block, index, frame)
            else:
                frame.pieces.extend(once(block, content, index))
        frame.pieces.extend(texts_of(data, "content"))
        self._counted.note(data.get("usage"), final=True)
        frame.closes = self._close()
        return frame

    def _block(self, block: JsonObject, index: int, frame: Frame) -> None:
        """Read a block, which in a stream has only begun."""
        kind, name = block.get("type"), block.get("name")
        kind = DELTA_OF.get(kind, "") if isinstance(kind, str) else ""
        key = DELTAS[kind].adds_to if kind else ""
        # Clients find a block by its number or by its place: what is for certain tools only does
        # not go where the two differ.
        sure = frame.whole or index == self._first + len(self._tools)
        self._tools[index] = name if sure and isinstance(name, str) else ""
        value = block.get(key)
        if key == "input" and isinstance(value, dict):
            clean_all(value)
            if frame.whole:
                self._add(frame, kind, index, encode(value).decode(), _Input(block), key)
            elif value:
                # Some servers give all of it here, and no deltas.
                begun = Channel("arguments", 0, index, "json", "begun", self._tools[index])
                text = encode(value).decode()
                frame.pieces.append(Piece(begun, text, _Input(block), key, once=True))
        elif kind and isinstance(value, str):
            self._add(frame, kind, index, value, block, key)
        else:
            key = ""
        frame.pieces.extend(texts_of(block, key))

    def _delta(self, data: JsonObject, frame: Frame) -> None:
        said, index = _object(data, "delta"), _index(data)
        kind = said.get("type")
        key = DELTAS[kind].key if isinstance(kind, str) and kind in DELTAS else ""
        text = said.get(key)
        if isinstance(kind, str) and isinstance(text, str):
            self._add(frame, kind, index, text, said, key)
            frame.bare = len(said) == 2 and len(data) == 3
        else:
            key = ""
        frame.pieces.extend(texts_of(said, key))
        frame.pieces.extend(texts_of(data, "delta"))

    def _add(self, frame: Frame, kind: str, index: int, text: str, place: Place, key: str) -> None:
        found = channel(kind, index, self._form, self._tools.get(index, ""))
        self._open[found] = None
        frame.pieces.append(Piece(found, text, place, key))

    def _close(self, index: int | None = None) -> tuple[Channel, ...]:
        """The open channels of a block, or all; they are open no longer."""
        closed = tuple(one for one in self._open if index is None or one.part == index)
        for one in closed:
            del self._open[one]
        return closed


class _Input(dict[str, Json]):
    """Takes the input of a tool as JSON text and puts what that says into the block."""

    def __init__(self, block: JsonObject):
        super().__init__()
        self._block = block

    def __setitem__(self, key: str, value: Json) -> None:
        assert isinstance(value, str), "a channel's text"
        # Filters change what is inside of strings, which the chain escapes again.
        self._block[key] = decode(value.encode())


def _wants_json(body: JsonObject) -> bool:
    output = body.get("output_config")
    wanted = output.get("format") if isinstance(output, dict) else None
    wanted = wanted or body.get("output_format")
    return isinstance(wanted, dict) and wanted.get("type") == "json_schema"


def _index(data: JsonObject) -> int:
    index = data.get("index")
    if not isinstance(index, int):
        raise UpstreamFailed("the backend sent a part of a block without the block's number")
    return index


def _object(data: JsonObject, key: str) -> JsonObject:
    found = data.get(key)
    if not isinstance(found, dict):
        raise UpstreamFailed(f"the backend sent an event without its `{key}`")
    return found
