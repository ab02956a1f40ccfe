"""Where a request may go, and the way there."""

from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from msgspec import Struct, field

from pipeline.core.backend import Call, Reply, Streams, Upstream
from pipeline.core.catalog import ModelInfo, Trust
from pipeline.core.chain import Chain
from pipeline.core.exchange import Exchange
from pipeline.core.receipt import identifier


class Pass(Protocol):
    """Leave to send one exchange's request to a target."""

    async def send(self, upstream: Upstream, call: Call, *, elsewhere: bool) -> Reply:
        """Send it, again if need be and if that is allowed; raises UpstreamFailed.

        With `elsewhere` another backend would take it, and need not wait for this one.
        """
        ...


class Lane(Protocol):
    """The way to a target: lets exchanges in, and learns from how they end."""

    @property
    def open(self) -> bool:
        """Whether it is known of no reason to let nobody in."""
        ...

    def enter(self, exchange: Exchange) -> AbstractAsyncContextManager[Pass]:
        """Wait for a turn; raises Unavailable at once if there is none to be had.

        What is left with an UpstreamFailed counts against the target, but for an UpstreamRefused.
        """
        ...


class OpenLane:
    """A way without bounds."""

    @property
    def open(self) -> bool:
        """Always."""
        return True

    @asynccontextmanager
    async def enter(self, exchange: Exchange) -> AsyncGenerator[Pass]:
        """At once, always."""
        yield self

    async def send(self, upstream: Upstream, call: Call, *, elsewhere: bool) -> Reply:
        """Once."""
        return await upstream.send(call)


class Terms(Struct, frozen=True):
    """Which exchanges a target takes, by what is known of them once they are redacted."""

    labels: frozenset[str] = frozenset()
    """It takes only exchanges with all of these labels."""

    without: frozenset[str] = frozenset()
    """It takes no exchange with any of these labels."""

    least: int = 0
    """Tokens, by an estimate, that a request must have."""

    most: int | None = None
    """Tokens that a request may have."""

    def unmet(self, labels: set[str], tokens: int) -> str:
        """Why an exchange is not taken, in words that hold nothing of it; empty if it is."""
        if missing := self.labels - labels:
            return f"it is not labelled `{identifier(min(missing))}`"
        if unwanted := self.without & labels:
            return f"it is labelled `{identifier(min(unwanted))}`"
        if tokens < self.least:
            return f"it has fewer than {self.least} tokens"
        if self.most is not None and tokens > self.most:
            return f"it has more than {self.most} tokens"
        return ""


class Target(Struct, frozen=True, kw_only=True):
    """One place that the configuration sends requests to: a pipeline, a backend and a model of it.

    `route` is the configured name that matched, fit for logs; `model` is the backend's own name,
    and `configured_model` is too unless that one is the client's. `deadline` bounds the exchange,
    in seconds. With `replay` a request may be sent once more, here or elsewhere, though the backend
    may have processed it. `tokens` counts those of texts as the model does.
    """

    route: str
    pipeline: str
    chain: Chain
    deadline: float
    backend: str
    upstream: Upstream
    streams: Streams
    model: str
    configured_model: str = "*"
    lane: Lane = field(default_factory=OpenLane)
    terms: Terms = Terms()
    trust: Trust = "public"
    info: ModelInfo = ModelInfo()
    tokens: Callable[[Iterable[str]], int] | None = None
    replay: bool = False

    def streamed(self, client: bool) -> bool:
        """Whether the backend is asked for a stream, by whether the client does."""
        return client if self.streams == "both" else self.streams == "always"
