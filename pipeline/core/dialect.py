"""The contract between Privet and a wire protocol.

A dialect is stateless. It knows where the text is in a request, how a reply is read and written,
and what an error looks like to its clients.
"""

from collections.abc import Iterable
from typing import Protocol

from msgspec import Struct

from pipeline.core.catalog import Capability
from pipeline.core.errors import PrivetError
from pipeline.core.frames import Event, Frame, Reader
from pipeline.core.jsonvalue import JsonObject
from pipeline.core.layout import Node


class Facts(Struct, frozen=True):
    """What routing needs to know of a request: `needs` is what the model must be able to do."""

    model: str
    stream: bool
    user: str | None = None
    needs: frozenset[Capability] = frozenset()


class Dialect(Protocol):
    """One wire protocol."""

    @property
    def name(self) -> str:
        """What backends and logs call it; behind a `-`, the endpoint if that is not chat."""
        ...

    @property
    def layout(self) -> Node:
        """Where the text is in a request."""
        ...

    def facts(self, body: JsonObject) -> Facts:
        """Model and mode of a request; raises BadRequest if it is not of this protocol."""
        ...

    def add_context(self, body: JsonObject, text: str) -> tuple[str, JsonObject] | None:
        """Put system text in; returns the path and the message that holds it.

        None where the protocol has no place for system text.
        """
        ...

    def outgoing(self, body: JsonObject, model: str, *, stream: bool) -> JsonObject:
        """The request for the backend: its own model name, and the mode that it is asked in."""
        ...

    def reader(self, body: JsonObject) -> Reader:
        """A reader for the reply to the request `body`."""
        ...

    def split(self, frame: Frame, body: JsonObject) -> Iterable[Frame]:
        """The frames of a stream that say what a whole reply says, the ending one included."""
        ...

    def join(self, frames: Iterable[Frame]) -> Frame:
        """The whole reply that the frames of a complete stream say."""
        ...

    def encode(self, frame: Frame) -> bytes:
        """The bytes of a frame on the wire: one server-sent event, or a body."""
        ...

    def error(self, error: PrivetError) -> JsonObject:
        """An error's body, as this dialect's clients expect it."""
        ...

    def error_event(self, error: PrivetError) -> bytes:
        """An error in the middle of a stream; the stream ends after it."""
        ...

    def error_frame(self, event: Event) -> Frame:
        """A backend's error body as a frame whose every string is text of its own."""
        ...
