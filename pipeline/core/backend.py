"""The contract between Privet and its backends.

Like a plugin, a backend is a frozen struct whose fields are its options, found by entry point. What
it connects with is made in `start`. It speaks some dialects as they are on the wire.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from typing import Literal, Protocol

from msgspec import Struct

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


class Upstream(Protocol):
    """A started backend."""

    async def send(self, call: Call) -> Reply:
        """Send a request; raises UpstreamFailed if there is no answer to read."""
        ...

    async def probe(self) -> None:
        """Ask the backend whether it is there; raises UpstreamFailed if it is not."""
        ...


class Backend(Struct, frozen=True, forbid_unknown_fields=True):
    """One backend of the configuration: its fields are its options."""

    @property
    def dialects(self) -> frozenset[str]:
        """The dialects that the backend speaks itself."""
        return frozenset({"openai"})

    @property
    def streams(self) -> Streams:
        """Whether it can stream, cannot, or does nothing else."""
        return "both"

    def problems(self) -> list[str]:
        """What is wrong with these options beyond their types; shown by `privet check`."""
        return []

    def start(self, stack: AsyncExitStack) -> Maybe[Upstream]:
        """Open what the backend needs; `stack` closes it when the service stops."""
        raise TypeError(f"{type(self).__name__} has no start method; a backend needs one")
