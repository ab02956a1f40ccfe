"""The backend `openai`: any server that speaks OpenAI's protocol over HTTP."""

from collections.abc import Sequence
from contextlib import AsyncExitStack

from pipeline import Call, Event, Reply, Upstream
from pipeline.backends.client import Client
from pipeline.backends.http import HTTPBackend
from pipeline.backends.replies import Framing, Poster, names, probe
from pipeline.backends.sse import Decoder
from pipeline.core.backend import Streams


def _is_last(event: Event) -> bool:
    return event.data == b"[DONE]"


_PATHS = {"openai": "/chat/completions", "openai-embeddings": "/embeddings"}
_FRAMING = Framing("event-stream", Decoder, _is_last)


class OpenAI(HTTPBackend, frozen=True, kw_only=True):
    """A server that speaks OpenAI's protocol: Ollama, vLLM, llama.cpp, OpenAI and many more."""

    url: str
    """The base that `/chat/completions` and `/embeddings` are appended to, such as
    `http://127.0.0.1:11434/v1`.
    """

    key: str | None = None
    """The key to go out as a bearer token."""

    streaming: Streams = "both"
    """Whether the server can stream, cannot (`never`), or does nothing else (`always`)."""

    @property
    def dialects(self) -> frozenset[str]:
        """Those that there is a path for."""
        return frozenset(_PATHS)

    @property
    def streams(self) -> Streams:
        """What the option says; nobody can ask a server."""
        return self.streaming

    async def start(self, stack: AsyncExitStack) -> Upstream:
        """Open the pool; nothing is sent before the first request."""
        return _OpenAI(self, self.open(stack))


class _OpenAI:
    """The started backend."""

    def __init__(self, options: OpenAI, client: Client):
        self._client = client
        self._models = options.at("/models")
        self._posters = {
            dialect: Poster(
                client, options.at(path), _FRAMING, options.max_event, options.max_reply
            )
            for dialect, path in _PATHS.items()
        }

    async def send(self, call: Call) -> Reply:
        return await self._posters[call.dialect].send(call, call.body)

    async def probe(self) -> None:
        await probe(self._client, self._models)

    async def models(self) -> Sequence[str]:
        return await names(self._client, self._models, "data", "id")
