"""The contract between Privet and its backends.

Like a plugin, a backend is a frozen struct whose fields are its options, found by entry point. What
it connects with is made in `start`. It speaks some dialects as they are on the wire.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Annotated, Literal, Protocol, runtime_checkable

from msgspec import Meta, Struct, field

from pipeline.core.catalog import ModelInfo, Tokens, Trust
from pipeline.core.exchange import Exchange
from pipeline.core.frames import Event
from pipeline.core.jsonvalue import JsonObject
from pipeline.core.plugin import Maybe

Streams = Literal["both", "never", "always"]


class Call(Struct, frozen=True):
    """One request to a backend, redacted, with the backend's own model name in it."""

    dialect: str
    body: JsonObject
    stream: bool
    exchange: Exchange


class Reply(Struct, frozen=True):
    """A backend's answer. `events` must be closed when it is not read to its end.

    A status of 400 or more comes with one whole event, the error's body. `headers` holds only what
    concerns the client, such as `retry-after`, in lower case.
    """

    status: int
    events: AsyncIterator[Event]
    headers: Mapping[str, str] = {}

    async def aclose(self) -> None:
        """Close `events`, if there is anything to close."""
        close = getattr(self.events, "aclose", None)
        if close is not None:
            await close()


class Upstream(Protocol):
    """A started backend."""

    async def send(self, call: Call) -> Reply:
        """Send a request; raises UpstreamFailed if there is no answer to read."""
        ...

    async def probe(self) -> None:
        """Ask the backend whether it is there; raises UpstreamFailed if it is not."""
        ...


@runtime_checkable
class CountsTokens(Protocol):
    """An upstream that can count; of others the count is estimated."""

    async def count(self, call: Call) -> Tokens:
        """The tokens of a request; raises UpstreamFailed if the backend does not say."""
        ...


@runtime_checkable
class ListsModels(Protocol):
    """An upstream that can say which models it has."""

    async def models(self) -> Sequence[str]:
        """Their names; raises UpstreamFailed if the backend does not say."""
        ...


class Breaker(Struct, frozen=True, forbid_unknown_fields=True):
    """When a model that keeps failing is left alone for a while."""

    failures: Annotated[int, Meta(ge=0)] = 5
    """So many failures in a row open it; 0 means never."""

    rate: Annotated[float, Meta(gt=0, le=1)] = 0.5
    """This share of the last 20 requests failing opens it too; 1 means only failures in a row."""

    wait: Annotated[float, Meta(gt=0)] = 1.0
    """Seconds until one request may try again; doubled whenever that fails too, with jitter."""

    most: Annotated[float, Meta(gt=0)] = 60.0
    """The longest such wait, in seconds."""


class Backend(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One backend of the configuration: its fields are its options. These all backends have."""

    trust: Trust = "public"
    """Where it stands: with anybody (`public`), with somebody bound by contract (`partner`), or in
    your own house (`house`). A pipeline says with its own `trust` for whom its redaction will do.
    """

    models: Mapping[str, ModelInfo] = field(default_factory=dict[str, ModelInfo])
    """What is known of its models, by their names there."""

    concurrency: Annotated[int, Meta(gt=0)] = 256
    """How many requests it is sent at once."""

    queue: Annotated[int, Meta(ge=0)] = 256
    """How many more may wait for their turn. Others are told at once to come again later."""

    retries: Annotated[int, Meta(ge=0)] = 2
    """How often a request is sent again that was certainly not processed, or that the route lets be
    replayed. All retries together are at most a fifth of the first tries under way, or three, and
    at most a fifth of the first tries of the last seconds, or ten.
    """

    retry_wait: Annotated[float, Meta(ge=0)] = 0.5
    """Seconds before the first retry at most; the time is drawn at random, and its bound doubles
    with each.
    """

    retry_most: Annotated[float, Meta(ge=0)] = 10.0
    """The longest wait before a retry, in seconds. If the backend asks for a longer one, there is
    none.
    """

    breaker: Breaker = Breaker()
    """When a model that keeps failing is left alone for a while."""

    @property
    def dialects(self) -> frozenset[str]:
        """The dialects that the backend speaks itself."""
        return frozenset({"openai"})

    @property
    def streams(self) -> Streams:
        """Whether it can stream, cannot, or does nothing else."""
        return "both"

    @property
    def leaves(self) -> bool:
        """Whether what it is sent leaves this process, for others to read."""
        return True

    def problems(self) -> list[str]:
        """What is wrong with these options beyond their types; shown by `privet check`."""
        return []

    def start(self, stack: AsyncExitStack) -> Maybe[Upstream]:
        """Open what the backend needs; `stack` closes it when the service stops."""
        raise TypeError(f"{type(self).__name__} has no start method; a backend needs one")
