"""What the dialects of OpenAI have in common: how things are written, and errors."""

from pipeline.core.errors import PrivetError
from pipeline.core.frames import Event, Frame
from pipeline.core.jsonvalue import JsonObject, encode
from pipeline.dialects.refusals import refusal


class OpenAIWire:
    """Frames and errors as OpenAI's clients expect them."""

    def encode(self, frame: Frame) -> bytes:
        """The bytes of a frame on the wire."""
        if frame.no_json:
            return b"data: [DONE]\n\n"
        return frame.json() if frame.whole else b"data: " + frame.json() + b"\n\n"

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
        return refusal(event)


def user_of(body: JsonObject) -> str | None:
    """The user that a request names."""
    user = body.get("user")
    return user if isinstance(user, str) else None
