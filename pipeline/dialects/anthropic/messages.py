"""The Messages dialect: requests, replies and errors as Anthropic's clients expect them."""

from collections.abc import Iterable

from pipeline.core.dialect import Facts
from pipeline.core.errors import PrivetError
from pipeline.core.frames import Event, Frame
from pipeline.core.jsonvalue import Json, JsonObject, encode
from pipeline.core.layout import Node
from pipeline.dialects.anthropic.errors import error_body, kind_of
from pipeline.dialects.anthropic.layout import CONTEXT, LAYOUT
from pipeline.dialects.anthropic.needs import needs
from pipeline.dialects.anthropic.reader import MessagesReader
from pipeline.dialects.anthropic.stream import join, split
from pipeline.dialects.anthropic.strings import event_name
from pipeline.dialects.asking import model_of, streams
from pipeline.dialects.refusals import refusal

_STOP: JsonObject = {"type": "message_stop"}


class AnthropicMessages:
    """`POST /v1/messages`."""

    @property
    def name(self) -> str:
        """What backends and logs call it."""
        return "anthropic"

    @property
    def layout(self) -> Node:
        """Where the text is in a request."""
        return LAYOUT

    def facts(self, body: JsonObject) -> Facts:
        """Model, mode and user of a request, and what it needs."""
        model, stream = model_of(body), streams(body)
        metadata = body.get("metadata")
        user = metadata.get("user_id") if isinstance(metadata, dict) else None
        return Facts(model, stream, user if isinstance(user, str) else None, needs(body))

    def add_context(self, body: JsonObject, text: str) -> tuple[str, JsonObject]:
        """Add a message that `outgoing` turns into system text.

        `system` itself may be a string that some plugin has yet to write to.
        """
        messages = body["messages"]
        assert isinstance(messages, list), "checked by `facts`"
        at = sum(_is_context(one) for one in messages)
        added: JsonObject = {"role": "system", "content": text, CONTEXT: True}
        messages.insert(at, added)
        return f"messages[{at}]", added

    def outgoing(self, body: JsonObject, model: str, *, stream: bool) -> JsonObject:
        """The request for the backend, with its own model name and in the mode asked for."""
        out = dict(body)
        out["model"] = model
        if stream != bool(body.get("stream")):
            out["stream"] = stream
        messages = body.get("messages")
        turns = messages if isinstance(messages, list) else []
        context = [
            one.get("content") for one in turns if isinstance(one, dict) and _is_context(one)
        ]
        if context:
            out["messages"] = [one for one in turns if not _is_context(one)]
            out["system"] = [*_blocks(body.get("system")), *map(_text, context)]
        return out

    def reader(self, body: JsonObject) -> MessagesReader:
        """A reader for the reply to `body`."""
        return MessagesReader(body)

    def split(self, frame: Frame, body: JsonObject) -> Iterable[Frame]:
        """The events that say what a whole reply says."""
        return split(frame.data or {})

    def join(self, frames: Iterable[Frame]) -> Frame:
        """The whole reply that events say."""
        return Frame(join(frame.data for frame in frames if frame.data), whole=True, end="done")

    def encode(self, frame: Frame) -> bytes:
        """The bytes of a frame on the wire."""
        if frame.whole:
            return frame.json()
        if frame.no_json:
            frame = Frame(_STOP)
        name = frame.name or event_name((frame.data or {}).get("type"))
        head = b"event: " + name.encode() + b"\n" if name else b""
        return head + b"data: " + frame.json() + b"\n\n"

    def error(self, error: PrivetError) -> JsonObject:
        """An error's body."""
        return error_body(kind_of(error.status), error.message)

    def error_event(self, error: PrivetError) -> bytes:
        """An error in the middle of a stream; there is no `message_stop` after it."""
        return b"event: error\ndata: " + encode(self.error(error)) + b"\n\n"

    def error_frame(self, event: Event) -> Frame:
        """A backend's error body; each of its strings is a text of its own."""
        return refusal(event)


def _is_context(message: Json) -> bool:
    return isinstance(message, dict) and message.get(CONTEXT) is True


def _blocks(system: Json) -> list[Json]:
    if isinstance(system, list):
        return system
    return [_text(system)] if system else []


def _text(text: Json) -> JsonObject:
    return {"type": "text", "text": text}
