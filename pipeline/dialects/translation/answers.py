"""What another protocol's reply says, in the words of OpenAI's chat."""

import time
from collections.abc import Iterator

from pipeline.core import surrogates
from pipeline.core.errors import UpstreamFailed
from pipeline.core.frames import Event
from pipeline.core.jsonvalue import Json, JsonObject, decode, encode

DONE = Event(b"[DONE]")


class Answer:
    """The envelope of a reply: its id, model and time, and whether usage is wanted in a stream.

    The common tongue says when a reply was made; `created` is a Unix time, now if nobody says so.
    """

    def __init__(self, body: JsonObject):
        options = body.get("stream_options")
        self._counts = isinstance(options, dict) and options.get("include_usage") is True
        self.id = ""
        self.model: Json = body.get("model")
        self.created = int(time.time())

    def chunk(self, delta: JsonObject, finish: str | None = None) -> Event:
        """A chunk of the stream."""
        choice: JsonObject = {"index": 0, "delta": delta, "finish_reason": finish}
        said = self._envelope("chat.completion.chunk", [choice])
        return Event(encode({**said, "usage": None} if self._counts else said))

    def end(self, finish: str, usage: JsonObject | None) -> Iterator[Event]:
        """The end of the stream."""
        yield self.chunk({}, finish)
        if self._counts and usage is not None:
            yield Event(encode({**self._envelope("chat.completion.chunk", []), "usage": usage}))
        yield DONE

    def whole(self, message: JsonObject, finish: str, usage: JsonObject | None) -> Event:
        """The whole reply."""
        choice: JsonObject = {
            "index": 0,
            "message": {"role": "assistant", "content": None, **message},
            "logprobs": None,
            "finish_reason": finish,
        }
        said = self._envelope("chat.completion", [choice])
        return Event(encode({**said, "usage": usage} if usage else said), whole=True)

    def _envelope(self, kind: str, choices: list[Json]) -> JsonObject:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "choices": choices,
        }


def tool_call(identity: str, name: str, arguments: str) -> JsonObject:
    """A call of a function."""
    called: JsonObject = {"name": name, "arguments": arguments}
    return {"id": identity, "type": "function", "function": called}


def usage(sent: int, made: int, *, read: int = 0, written: int = 0, thought: int = 0) -> JsonObject:
    """Tokens of a request and its reply; among them those of a cache, and of reasoning."""
    return {
        "prompt_tokens": sent,
        "completion_tokens": made,
        "total_tokens": sent + made,
        "prompt_tokens_details": {"cached_tokens": read, "cache_write_tokens": written},
        "completion_tokens_details": {"reasoning_tokens": thought},
    }


def error(message: str, kind: str, *, whole: bool) -> Event:
    """An error, as a body or as an event of a stream."""
    said: JsonObject = {"message": message, "type": kind, "param": None, "code": None}
    return Event(encode({"error": said}), whole=whole)


def read(event: Event) -> JsonObject:
    """The object of a backend's event; its strings may hold halves of characters in a stream."""
    try:
        found = decode(event.data)
    except ValueError:
        try:
            found = surrogates.decode_loosely(event.data)
        except ValueError:
            raise UpstreamFailed("the backend sent an event that is not valid JSON") from None
        if event.whole:
            surrogates.clean_all(found)
    if not isinstance(found, dict):
        raise UpstreamFailed("the backend sent an event that is not a JSON object")
    return found


def count(value: Json) -> int:
    """A number of tokens; 0 if there is none, or none that can be."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
