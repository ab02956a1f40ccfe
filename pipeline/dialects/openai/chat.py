"""The Chat Completions dialect: requests, replies and errors as OpenAI's clients expect them."""

from collections.abc import Iterable

from pipeline.core.dialect import Facts
from pipeline.core.frames import Frame
from pipeline.core.jsonvalue import JsonObject
from pipeline.core.layout import Node
from pipeline.dialects.asking import model_of, streams
from pipeline.dialects.openai.layout import LAYOUT
from pipeline.dialects.openai.needs import needs
from pipeline.dialects.openai.reader import ChatReader
from pipeline.dialects.openai.stream import join, split
from pipeline.dialects.openai.wire import OpenAIWire, user_of


class OpenAIChat(OpenAIWire):
    """`POST /v1/chat/completions`."""

    @property
    def name(self) -> str:
        """What backends and logs call it."""
        return "openai"

    @property
    def layout(self) -> Node:
        """Where the text is in a request."""
        return LAYOUT

    def facts(self, body: JsonObject) -> Facts:
        """Model, mode and user of a request, and what it needs."""
        stream = streams(body)
        return Facts(model_of(body), stream, user_of(body), needs(body))

    def add_context(self, body: JsonObject, text: str) -> tuple[str, JsonObject]:
        """Add a system message behind those that the client sent first."""
        messages = body["messages"]
        assert isinstance(messages, list), "checked by `facts`"
        at = 0
        for message in messages:
            if not isinstance(message, dict) or message.get("role") not in ("system", "developer"):
                break
            at += 1
        added: JsonObject = {"role": "system", "content": text}
        messages.insert(at, added)
        return f"messages[{at}]", added

    def outgoing(self, body: JsonObject, model: str, *, stream: bool) -> JsonObject:
        """The request for the backend, with its own model name and in the mode asked for."""
        out = dict(body)
        out["model"] = model
        if stream == bool(body.get("stream")):
            return out
        out["stream"] = stream
        out.pop("stream_options", None)
        if stream:
            # A whole reply has its usage; asked for as a stream, it must be asked for too.
            out["stream_options"] = {"include_usage": True}
        return out

    def reader(self, body: JsonObject) -> ChatReader:
        """A reader for the reply to `body`."""
        return ChatReader(body)

    def split(self, frame: Frame, body: JsonObject) -> Iterable[Frame]:
        """The chunks that say what a whole reply says."""
        options = body.get("stream_options")
        usage = isinstance(options, dict) and options.get("include_usage") is True
        return split(frame.data or {}, usage=usage)

    def join(self, frames: Iterable[Frame]) -> Frame:
        """The whole reply that chunks say."""
        return Frame(join(frame.data for frame in frames if frame.data), whole=True, end="done")
