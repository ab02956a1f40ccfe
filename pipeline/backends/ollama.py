"""The backend `ollama`: Ollama's own API, with the options that its OpenAI endpoint lacks."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import ClassVar

from msgspec import field

from pipeline import Call, Event, Reply, Upstream
from pipeline.backends.client import Client
from pipeline.backends.http import HTTPBackend
from pipeline.backends.ndjson import Lines
from pipeline.backends.replies import Framing, Poster, names, probe
from pipeline.core.jsonvalue import JsonObject


def _is_last(event: Event) -> bool:
    # Inside of a text the quotes would be escaped; to be wrong would cost a connection, no more.
    return b'"done":true' in event.data


_FRAMING = Framing("ndjson", Lines, _is_last)


class Ollama(HTTPBackend, frozen=True, kw_only=True):
    """Ollama, asked in its own language. Of `openai` it differs in what can be set: how long a
    context is, and how long a model stays in memory.
    """

    no_ends: ClassVar[tuple[str, ...]] = (*HTTPBackend.no_ends, "/v1")

    url: str = "http://127.0.0.1:11434"
    """The base that `/api/chat` is appended to."""

    key: str | None = None
    """The key to go out as a bearer token; Ollama at home wants none."""

    keep_alive: str = ""
    """How long a model stays in memory after a request, such as `5m`; `-1m` is for ever."""

    options: dict[str, bool | int | float | str] = field(
        default_factory=dict[str, bool | int | float | str]
    )
    """Ollama's own options for requests that do not set them, such as `{ num_ctx = 8192 }`."""

    @property
    def dialects(self) -> frozenset[str]:
        """Its own; whoever asks in another dialect is translated."""
        return frozenset({"ollama"})

    async def start(self, stack: AsyncExitStack) -> Upstream:
        """Open the pool; nothing is sent before the first request."""
        return _Ollama(self, self.open(stack))


class _Ollama:
    """The started backend."""

    def __init__(self, options: Ollama, client: Client):
        self._client = client
        self._keep_alive = options.keep_alive
        self._options: JsonObject = {**options.options}
        self._tags = options.at("/api/tags")
        self._chat = Poster(
            client, options.at("/api/chat"), _FRAMING, options.max_event, options.max_reply
        )

    async def send(self, call: Call) -> Reply:
        return await self._chat.send(call, self._filled(call.body))

    async def probe(self) -> None:
        await probe(self._client, self._tags)

    async def models(self) -> Sequence[str]:
        return await names(self._client, self._tags, "models", "name")

    def _filled(self, body: JsonObject) -> JsonObject:
        """The request with what the configuration says, where it says nothing itself."""
        out = dict(body)
        if self._keep_alive:
            out.setdefault("keep_alive", self._keep_alive)
        given = body.get("options")
        if self._options and isinstance(given, dict | None):
            out["options"] = {**self._options, **(given or {})}
        return out
