"""The Embeddings dialect: texts in, vectors out. It has no conversation, and nothing streams."""

import re
from collections.abc import Iterable, Sequence

from pipeline.core.catalog import Usage
from pipeline.core.dialect import Facts
from pipeline.core.errors import BadRequest, UpstreamFailed
from pipeline.core.frames import Event, Frame
from pipeline.core.jsonvalue import Json, JsonObject, decode
from pipeline.core.layout import IDENTITY, NAME, SETTING, Node, one_of
from pipeline.core.plugin import Channel
from pipeline.dialects.asking import model_of
from pipeline.dialects.openai.usage import usage
from pipeline.dialects.openai.wire import OpenAIWire, user_of
from pipeline.dialects.strings import once

_INPUT = Node(numbers=False, tokens=True)

LAYOUT = Node(
    fields={
        "input": Node(numbers=False, tokens=True, items=_INPUT),
        "model": NAME,
        "dimensions": SETTING,
        "encoding_format": one_of("float", "base64"),
        "user": IDENTITY,
    }
)

_HARMLESS = frozenset({"id", "object", "created", "model"})
_BASE64 = re.compile(r"[\w+/-]*={0,2}", re.ASCII)


class OpenAIEmbeddings(OpenAIWire):
    """`POST /v1/embeddings`."""

    @property
    def name(self) -> str:
        """What backends and logs call it."""
        return "openai-embeddings"

    @property
    def layout(self) -> Node:
        """Where the text is in a request."""
        return LAYOUT

    def facts(self, body: JsonObject) -> Facts:
        """Model and user of a request."""
        if not isinstance(body.get("input"), str | list):
            raise BadRequest("`input` must be a text, or a list of texts", param="input")
        if body.get("stream"):
            raise BadRequest("embeddings cannot be streamed; leave `stream` out", param="stream")
        return Facts(model_of(body), False, user_of(body))

    def add_context(self, body: JsonObject, text: str) -> None:
        """There is no place for it: a text that is embedded stands for itself."""

    def outgoing(self, body: JsonObject, model: str, *, stream: bool) -> JsonObject:
        """The request for the backend, with its own model name."""
        return {**body, "model": model}

    def reader(self, body: JsonObject) -> "EmbeddingsReader":
        """A reader for the reply to `body`."""
        return EmbeddingsReader()

    def split(self, frame: Frame, body: JsonObject) -> Iterable[Frame]:
        """The reply itself: there are no streams of it."""
        return [frame]

    def join(self, frames: Iterable[Frame]) -> Frame:
        """The reply itself: there are no streams of it."""
        return next(iter(frames))


class EmbeddingsReader:
    """Reads a reply. Its vectors are no text; every other string that is not structure is one."""

    def __init__(self) -> None:
        self._usage: Usage | None = None

    @property
    def usage(self) -> Usage | None:
        """What the backend has said of tokens, if that is credible."""
        return self._usage

    def read(self, event: Event) -> Frame:
        """The one frame of a reply or of an error."""
        try:
            data = decode(event.data)
        except ValueError:
            raise UpstreamFailed("the backend's reply is not valid JSON") from None
        if not isinstance(data, dict) or not event.whole:
            raise UpstreamFailed("the backend's reply is not one JSON object")
        if data.get("error"):
            return Frame(data, pieces=list(once(data)), whole=True, end="error")
        vectors = data.get("data")
        if not isinstance(vectors, list):
            raise UpstreamFailed("the backend's reply has no `data`; does it make embeddings?")
        said = data.get("usage")
        self._usage = usage({"completion_tokens": 0, **said}) if isinstance(said, dict) else None
        frame = Frame(data, whole=True, end="done")
        for position, vector in enumerate(vectors):
            if not isinstance(vector, dict):
                frame.pieces.extend(once(vector, vectors, position))
                continue
            for key, value in vector.items():
                if not (key == "embedding" and _is_vector(value)) and key != "object":
                    frame.pieces.extend(once(value, vector, key))
        for key, value in data.items():
            if key != "data" and not (isinstance(value, str) and key in _HARMLESS):
                frame.pieces.extend(once(value, data, key))
        return frame

    def alike(self, events: Sequence[Event]) -> Frame | None:
        """None: a reply has one event."""

    def eof(self) -> Frame:
        """Never well: a reply comes whole."""
        raise UpstreamFailed("the backend's reply broke off before its end")

    def make(self, channel: Channel, text: str) -> Frame:
        """Never asked for: no channel stays open."""
        raise UpstreamFailed("embeddings have no text that could be held back")


def _is_vector(value: Json) -> bool:
    if isinstance(value, str):
        return _BASE64.fullmatch(value) is not None
    return isinstance(value, list) and {*map(type, value)} <= {int, float}
