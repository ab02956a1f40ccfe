"""The Chat Completions dialect: requests, replies and errors as OpenAI's clients expect them."""

from collections.abc import Iterable

from pipeline.core.dialect import Facts
from pipeline.core.errors import BadRequest, PrivetError, UpstreamFailed
from pipeline.core.frames import Event, Frame
from pipeline.core.jsonvalue import JsonObject, decode, encode
from pipeline.core.layout import Node
from pipeline.dialects.openai.layout import LAYOUT
from pipeline.dialects.openai.reader import ChatReader
from pipeline.dialects.openai.stream import join, split
from pipeline.dialects.strings import once


class OpenAIChat:
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
        """Model, mode and user of a request."""
        model, messages = body.get("model"), body.get("messages")
        if not isinstance(model, str) or not model:
            raise BadRequest("`model` is missing; name the model to use", param="model")
        if not isinstance(messages, list) or not all(isinstance(one, dict) for one in messages):
            raise BadRequest("`messages` must be a list of objects", param="messages")
        stream = body.get("stream")
        if stream is not None and not isinstance(stream, bool):
            raise BadRequest("`stream` must be true or false", param="stream")
        user = body.get("user")
        return Facts(model, bool(stream), user if isinstance(user, str) else None)

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

    def encode(self, frame: Frame) -> bytes:
        """The bytes of a frame on the wire."""
        if frame.data is None:
            return b"data: [DONE]\n\n"
        data = encode(frame.data)
        return data if frame.whole else b"data: " + data + b"\n\n"

    def error(self, error: PrivetError) -> JsonObject:
        """An error's body."""
        return {
            "error": {
                "message": error.message,
                "type": "invalid_request_error" if error.status < 500 else "server_error",
                "param": error.param,
                "code": error.code,
            }
        }

    def error_event(self, error: PrivetError) -> bytes:
        """An error in the middle of a stream; there is no `[DONE]` after it."""
        return b"data: " + encode(self.error(error)) + b"\n\n"

    def error_frame(self, event: Event) -> Frame:
        """A backend's error body; each of its strings is a text of its own."""
        try:
            data = decode(event.data)
        except ValueError:
            raise UpstreamFailed("the backend refused the request, not in JSON") from None
        if not isinstance(data, dict):
            raise UpstreamFailed("the backend refused the request, not with a JSON object")
        return Frame(data, pieces=list(once(data)), whole=True, end="error")
