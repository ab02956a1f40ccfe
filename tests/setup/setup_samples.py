"""Plugins and backends to configure, good ones and bad ones."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Annotated, ClassVar, Literal

import anyio
import anyio.lowlevel
from msgspec import Meta, Struct, field

from pipeline import (
    Backend,
    Call,
    Channel,
    Event,
    Exchange,
    Plugin,
    Reply,
    Request,
    Step,
    TextFilter,
    Unavailable,
    Upstream,
)


class Rule(Struct, forbid_unknown_fields=True):
    """A rule of `Pre`."""

    word: str
    """What it is about."""

    weight: Annotated[float, Meta(ge=0, le=1)] = 0.5


class Pre(Plugin, frozen=True):
    """Marks requests."""

    threshold: Annotated[float, Meta(ge=0, le=1)] = 0.5
    """From where on."""

    mode: Literal["soft", "hard"] = "soft"
    rules: list[Rule] = field(default_factory=list[Rule])
    first: Rule | None = None
    weights: Annotated[dict[str, int], Meta(description="By name.")] = field(
        default_factory=dict[str, int]
    )
    kinds: frozenset[Literal["b", "a"]] = frozenset({"a", "b"})

    def on_request(self, request: Request) -> None:
        for text in request.texts():
            text.text += "!"


class Same:
    """A filter that does nothing."""

    def feed(self, text: str, /) -> str:
        return text

    def flush(self) -> str:
        return ""


class Post(Plugin, frozen=True):
    def on_text(self, channel: Channel) -> TextFilter | None:
        return Same()


class Whole(Post, frozen=True):
    @property
    def whole(self) -> bool:
        return True


class BothStep(Step):
    def on_request(self, request: Request) -> None:
        pass

    def on_text(self, channel: Channel) -> TextFilter | None:
        return Same()


class Both(Plugin, frozen=True):
    step: ClassVar[type[Step] | None] = BothStep

    mark: str = ""

    def start(self, stack: AsyncExitStack) -> Callable[[Exchange], Step]:
        return lambda _exchange: BothStep()


class Finder(Pre, frozen=True):
    @property
    def retrieves(self) -> bool:
        return True


class Keys(Both, frozen=True):
    @property
    def whole_values(self) -> bool:
        return True


class Picky(Pre, frozen=True):
    word: str = ""

    def problems(self) -> list[str]:
        return [f"word: `{self.word}` is too short"]


class Clumsy(Pre, frozen=True):
    word: str = ""

    def problems(self) -> list[str]:
        raise KeyError(self.word)


class Fussy(Pre, frozen=True):
    low: int = 0
    high: int = 1

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError("`low` is above `high`")


class Needy(Pre, frozen=True, kw_only=True):
    folder: str


class Hookless(Plugin, frozen=True):
    pass


class Startless(Plugin, frozen=True):
    step: ClassVar[type[Step] | None] = BothStep


class NoPlugin:
    pass


class Meets(Pre, frozen=True):
    """Starts only once another one is starting too."""

    here: ClassVar[int] = 0
    met: ClassVar[anyio.Event]

    async def start(self, stack: AsyncExitStack) -> Callable[[Exchange], Step]:
        Meets.here += 1
        if Meets.here == 2:
            Meets.met.set()
        await Meets.met.wait()
        return lambda _exchange: self


class Tidy(Pre, frozen=True):
    """Keeps a task running, and takes a moment to close."""

    closed: ClassVar[list[str]] = []

    async def start(self, stack: AsyncExitStack) -> Callable[[Exchange], Step]:
        async def close() -> None:
            await anyio.lowlevel.checkpoint()
            Tidy.closed.append("closed")

        stack.push_async_callback(close)
        tasks = await stack.enter_async_context(anyio.create_task_group())
        tasks.start_soon(anyio.sleep_forever)
        stack.callback(tasks.cancel_scope.cancel)
        return lambda _exchange: self


class Broken(Pre, frozen=True):
    word: str = ""

    def start(self, stack: AsyncExitStack) -> Callable[[Exchange], Step]:
        raise ValueError(self.word)


class Missing(Pre, frozen=True):
    async def start(self, stack: AsyncExitStack) -> Callable[[Exchange], Step]:
        await anyio.lowlevel.checkpoint()
        raise Unavailable("the model is not there; fetch it")


class Mirror(Backend, frozen=True):
    """Says what it was told."""

    key: str = ""
    text: str = ""

    @property
    def leaves(self) -> bool:
        return False

    def problems(self) -> list[str]:
        return [f"key `{self.key}` is expired"] if self.key.startswith("old") else []

    def start(self, stack: AsyncExitStack) -> Upstream:
        return Reflection()


class Away(Mirror, frozen=True):
    """Is somewhere else."""

    @property
    def leaves(self) -> bool:
        return True


class Reflection:
    async def send(self, call: Call) -> Reply:
        async def events() -> AsyncIterator[Event]:
            data = b'{"choices":[{"index":0,"message":{"content":"hi"},"finish_reason":"stop"}]}'
            yield Event(data, whole=True)

        return Reply(200, events())

    async def probe(self) -> None:
        pass


class Unstarted(Backend, frozen=True):
    pass
