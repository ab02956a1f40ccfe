"""The backend `openai`: any server that speaks OpenAI's protocol over HTTP."""

import re
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from urllib.parse import quote

import httpx

from pipeline import Call, Event, Reply, Upstream
from pipeline.backends.client import Client
from pipeline.backends.http import HTTPBackend
from pipeline.backends.replies import Framing, Poster, names, probe
from pipeline.backends.sse import Decoder
from pipeline.core.backend import Streams
from pipeline.core.errors import UpstreamRefused


def _is_last(event: Event) -> bool:
    return event.data == b"[DONE]"


_PATHS = {"openai": "/chat/completions", "openai-embeddings": "/embeddings"}
_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(?:-preview)?|preview|latest|v1")
_FRAMING = Framing("event-stream", Decoder, _is_last)


class OpenAI(HTTPBackend, frozen=True, kw_only=True):
    """A server that speaks OpenAI's protocol: Ollama, vLLM, llama.cpp, OpenAI and many more."""

    url: str
    """The base that `/chat/completions` and `/embeddings` are appended to, such as
    `http://127.0.0.1:11434/v1`.
    """

    key: str | None = None
    """The key to go out as a bearer token, or as `api-key` with an `api_version`."""

    api_version: str = ""
    """Of Azure OpenAI, such as `2024-10-21`. Then `url` is the resource, such as
    `https://NAME.openai.azure.com`, and the backend's names of models are those of deployments.
    """

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

    def own_headers(self, key: str | None) -> Mapping[str, str]:
        """The key, as the server wants it."""
        if self.api_version and key:
            return {"api-key": key}
        return super().own_headers(key)

    def problems(self) -> list[str]:
        """Everything that would make `start` or every request fail."""
        found = super().problems()
        if self.api_version and not _VERSION.fullmatch(self.api_version):
            found.append("api_version: is none of Azure's; write one such as `2024-10-21`")
        return found

    def path(self, dialect: str, model: str) -> httpx.URL:
        """Where a request for a model goes."""
        return self._at(_PATHS[dialect], model)

    def models_path(self) -> httpx.URL:
        """Where the server lists its models."""
        return self._at("/models")

    def _at(self, path: str, model: str = "") -> httpx.URL:
        if not self.api_version:
            return self.at(path)
        # A client may have chosen the name, so that nothing in it may lead elsewhere.
        deployment = f"/deployments/{quote(model, safe='')}" if model else ""
        return self.at(f"/openai{deployment}{path}?api-version={self.api_version}")

    async def start(self, stack: AsyncExitStack) -> Upstream:
        """Open the pool; nothing is sent before the first request."""
        return _OpenAI(self, self.open(stack))


class _OpenAI:
    """The started backend."""

    def __init__(self, options: OpenAI, client: Client):
        self._options = options
        self._client = client
        self._models = options.models_path()
        self._posters = {
            dialect: Poster(
                client, options.path(dialect, ""), _FRAMING, options.max_event, options.max_reply
            )
            for dialect in _PATHS
        }

    async def send(self, call: Call) -> Reply:
        url = None
        if self._options.api_version:
            model = str(call.body.get("model"))
            if not model.strip("."):
                raise UpstreamRefused("no deployment has a name of dots", param="model")
            url = self._options.path(call.dialect, model)
        return await self._posters[call.dialect].send(call, call.body, url)

    async def probe(self) -> None:
        await probe(self._client, self._models)

    async def models(self) -> Sequence[str]:
        return await names(self._client, self._models, "data", "id")
