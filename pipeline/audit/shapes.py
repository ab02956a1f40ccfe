"""How requests are made in each protocol that is audited, and where they are sent."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from pipeline.audit.client import CHAT
from pipeline.core.dialect import Dialect
from pipeline.core.jsonvalue import Json, JsonObject
from pipeline.dialects.anthropic import AnthropicMessages
from pipeline.dialects.openai import OpenAIChat, OpenAIEmbeddings
from pipeline.testing.samples import maximal_request, opaque_parts

HARMLESS = "Hello."


class Shape(ABC):
    """The requests of one dialect; a model is still to be put in. `path` is where they are sent."""

    def __init__(self, dialect: Dialect, path: str, *, streams: bool = True):
        self.dialect = dialect
        self.path = path
        self.streams = streams

    @abstractmethod
    def maximal(self, text: str) -> JsonObject:
        """A request with a text in every position."""
        ...

    @abstractmethod
    def saying(self, *texts: Sequence[str]) -> JsonObject:
        """A request that says these texts, each of one or more parts."""
        ...

    @abstractmethod
    def opaque(self, text: str) -> list[JsonObject]:
        """Requests with a text in what cannot be inspected, one of each kind."""
        ...


class Chat(Shape):
    """A conversation, as all protocols of chat have it."""

    def maximal(self, text: str) -> JsonObject:
        """A request with a text in every position."""
        return maximal_request(text, self.dialect)

    def saying(self, *texts: Sequence[str]) -> JsonObject:
        """A message for each text."""
        return {"messages": [self._message(_content(parts)) for parts in texts]}

    def opaque(self, text: str) -> list[JsonObject]:
        """A message with images, files and the like."""
        parts = opaque_parts(text, self.dialect)
        return [{"messages": [self._message([one])]} for one in parts]

    def _message(self, content: Json) -> JsonObject:
        return {"role": "user", "content": content}


class Embeddings(Shape):
    """Texts to make vectors of."""

    def maximal(self, text: str) -> JsonObject:
        """A request with a text in every position."""
        return {
            "model": "test",
            "input": [text, [text], {"text": text}],
            "dimensions": 64,
            "encoding_format": "float",
            "user": text,
            "an_unknown_parameter": {"value": text, "list": [text, {"deep": text}]},
        }

    def saying(self, *texts: Sequence[str]) -> JsonObject:
        """A text to embed for each part: there is nothing that would join them."""
        return {"input": [part for parts in texts for part in parts]}

    def opaque(self, text: str) -> list[JsonObject]:
        """Numbers of tokens, as of a model whose tokens are bytes."""
        tokens: list[Json] = [*text.encode()]
        return [{"input": tokens}, {"input": [tokens, tokens]}]


def _content(parts: Sequence[str]) -> Json:
    if len(parts) == 1:
        return parts[0]
    return [{"type": "text", "text": one} for one in parts]


def shapes() -> list[Shape]:
    """Those of all dialects, the one that is tried most thoroughly first."""
    return [
        Chat(OpenAIChat(), CHAT),
        Chat(AnthropicMessages(), "/v1/messages"),
        Embeddings(OpenAIEmbeddings(), "/v1/embeddings", streams=False),
    ]
