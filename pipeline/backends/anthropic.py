"""The backend `anthropic`: any server that speaks Anthropic's Messages over HTTP."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Annotated, ClassVar

from msgspec import Meta

from pipeline import Call, Event, Reply, Upstream, UpstreamFailed
from pipeline.backends.client import Client
from pipeline.backends.http import HTTPBackend, sendable
from pipeline.backends.replies import Framing, Poster, ask, names, probe
from pipeline.backends.sse import Decoder
from pipeline.core.backend import Streams
from pipeline.core.catalog import Tokens
from pipeline.core.jsonvalue import JsonObject

COUNTED = frozenset(
    "model messages system tools tool_choice thinking output_config cache_control".split()
)
"""The members of a request that its count of tokens depends on; others are refused there."""


def _is_last(event: Event) -> bool:
    return event.name == "message_stop"


_FRAMING = Framing("event-stream", Decoder, _is_last)


class Anthropic(HTTPBackend, frozen=True, kw_only=True):
    """A server that speaks Anthropic's Messages: Anthropic, llama.cpp, LiteLLM and others."""

    no_ends: ClassVar[tuple[str, ...]] = (*HTTPBackend.no_ends, "/v1")

    url: str = "https://api.anthropic.com"
    """The base that `/v1/messages` is appended to."""

    key: str | None = None
    """The key to go out as `x-api-key`."""

    version: str = "2023-06-01"
    """The version of the API. `2026-10-21` refuses `temperature` and `top_p`, which many clients
    send; `2023-06-01` takes them for the models that know them.
    """

    beta: Sequence[str] = ()
    """Names of beta features to ask for with every request."""

    max_tokens: Annotated[int, Meta(gt=0)] = 16_384
    """How many tokens a reply may have whose request does not say; the API wants to be told."""

    streaming: Streams = "both"
    """Whether the server can stream, cannot (`never`), or does nothing else (`always`)."""

    @property
    def dialects(self) -> frozenset[str]:
        """Messages; whoever asks in another dialect is translated."""
        return frozenset({"anthropic"})

    @property
    def streams(self) -> Streams:
        """What the option says; nobody can ask a server."""
        return self.streaming

    def own_headers(self, key: str | None) -> Mapping[str, str]:
        """The key, the version, and the beta features."""
        headers = {"anthropic-version": self.version}
        if self.beta:
            headers["anthropic-beta"] = ",".join(self.beta)
        return {**headers, "x-api-key": key} if key else headers

    def problems(self) -> list[str]:
        """Everything that would make `start` or every request fail."""
        found = super().problems()
        if not self.version or not sendable(self.version):
            found.append("version: is no version of the API; write a date such as `2023-06-01`")
        if not all(one and sendable(one) for one in self.beta):
            found.append("beta: a name is empty or has characters that a header cannot have")
        return found

    async def start(self, stack: AsyncExitStack) -> Upstream:
        """Open the pool; nothing is sent before the first request."""
        return _Anthropic(self, self.open(stack))


class _Anthropic:
    """The started backend."""

    def __init__(self, options: Anthropic, client: Client):
        self._client = client
        self._max_tokens = options.max_tokens
        self._models = options.at("/v1/models?limit=1000")
        self._count = options.at("/v1/messages/count_tokens")
        self._messages = Poster(
            client, options.at("/v1/messages"), _FRAMING, options.max_event, options.max_reply
        )

    async def send(self, call: Call) -> Reply:
        return await self._messages.send(call, {"max_tokens": self._max_tokens, **call.body})

    async def probe(self) -> None:
        await probe(self._client, self._models)

    async def count(self, call: Call) -> Tokens:
        body: JsonObject = {name: one for name, one in call.body.items() if name in COUNTED}
        found = (await ask(self._client, "POST", self._count, body)).get("input_tokens")
        if not isinstance(found, int) or isinstance(found, bool) or found < 0:
            raise UpstreamFailed("the backend does not say how many tokens a request has")
        return Tokens(found, "provider")

    async def models(self) -> Sequence[str]:
        return await names(self._client, self._models, "data", "id")
