"""The contract of translators, which stand between a client's dialect and a backend's.

OpenAI's chat is the common tongue: a translator turns one dialect into it, or it into another one,
and two in a row lead everywhere. Translators are pure. What they cannot carry over they refuse by
name; nothing is left out in silence.
"""

from collections.abc import Iterable
from typing import Protocol

from pipeline.core.frames import Event
from pipeline.core.jsonvalue import JsonObject


class ReplyTranslator(Protocol):
    """Translates one reply, streamed or whole, as it comes."""

    def feed(self, event: Event) -> Iterable[Event]:
        """What the client's dialect says for an event; a whole body gives one whole body.

        Raises UpstreamFailed if the event is not of the backend's dialect.
        """
        ...

    def eof(self) -> Iterable[Event]:
        """What is left to say when the connection has ended cleanly; nothing if the reply was not
        complete, so that whoever reads sees that too.
        """
        ...


class Translator(Protocol):
    """From the dialect `source`, which clients speak, to the dialect `target` and back."""

    @property
    def source(self) -> str:
        """The client's dialect."""
        ...

    @property
    def target(self) -> str:
        """The backend's dialect."""
        ...

    def request(self, body: JsonObject) -> JsonObject:
        """The request in the backend's dialect; `body` is left as it is.

        Raises BadRequest, with the member's path as `param`, for what cannot be carried over.
        """
        ...

    def reply(self, body: JsonObject) -> ReplyTranslator:
        """A translator of the reply to the client's request `body`."""
        ...

    def error(self, event: Event) -> Event:
        """The body of a backend's refusal in the client's dialect."""
        ...
