"""The contract between Privet and its plugins.

A plugin has three lifetimes, each in a place of its own. Options are the fields of a frozen struct,
one table of `config.toml`. What is loaded once, such as a model or a client, is made in `start` and
closed by the stack that `start` is given. What belongs to one exchange lives on a `Step`, which is
thrown away with the exchange.
"""

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import ClassVar, Literal, Protocol, TypeAlias, TypeVar

from msgspec import Struct

from pipeline.core.exchange import Exchange
from pipeline.core.request import Request

T = TypeVar("T")

Maybe: TypeAlias = T | Awaitable[T]
"""A value, or something to await for it: write `def`, or `async def` when you must wait."""


class Channel(Struct, frozen=True):
    """One run of text in a reply; its text may arrive in any number of pieces.

    `choice` numbers alternative replies, `part` the tool call, content block or output item, and
    `name` tells apart further fields of one kind. A channel of form `json` carries JSON: filters
    then see the strings in it, one text each, decoded. `tool` is the tool that arguments are for,
    or empty where that was not certain when they began.
    """

    kind: Literal["content", "reasoning", "refusal", "arguments", "other"]
    choice: int = 0
    part: int = 0
    form: Literal["text", "json"] = "text"
    name: str = ""
    tool: str = ""


class TextFilter(Protocol):
    """Changes one text as it flows by, like zlib's and codecs' incremental objects.

    What comes out must not depend on where the incoming text was cut.
    """

    def feed(self, text: str, /) -> Maybe[str]:
        """Take the next piece, give what can be said for certain."""
        ...

    def flush(self) -> Maybe[str]:
        """The text has ended: give what was held back."""
        ...


class Step:
    """One plugin at work on one exchange. Every hook may stay as it is here: nothing happens."""

    __slots__ = ()

    def on_request(self, request: Request) -> Maybe[None]:
        """Change the request's texts, add context, or raise `Rejected` to refuse it.

        Called once with every text, and again with only the texts that a later plugin added.
        """

    def on_text(self, channel: Channel) -> TextFilter | None:
        """A new filter for a text of the reply, or None to leave it alone."""
        return None

    def on_done(self, error: BaseException | None) -> Maybe[None]:
        """The exchange is over; `error` is None only if the client was told so in full."""


class Plugin(Struct, Step, frozen=True, forbid_unknown_fields=True):
    """One plugin of the configuration: its fields are its options.

    A plugin without state per exchange is its own step and overrides the hooks of `Step` directly.
    One with state sets `step` to its Step class and returns a factory from `start`.
    """

    step: ClassVar[type[Step] | None] = None

    @property
    def whole(self) -> bool:
        """Whether the plugin needs the complete reply: a streaming client then waits for it."""
        return False

    def problems(self) -> list[str]:
        """What is wrong with these options beyond their types; shown by `privet check`."""
        return []

    def start(self, stack: AsyncExitStack) -> Maybe[Callable[[Exchange], Step]]:
        """Load what is loaded once and return what makes a step for each exchange."""
        return lambda _exchange: self

    @classmethod
    def sides(cls) -> frozenset[Literal["pre", "post"]]:
        """Which lists of a pipeline the plugin can do something in: those whose hooks it has."""
        made = cls.step or cls
        found: set[Literal["pre", "post"]] = set()
        if made.on_request is not Step.on_request:
            found.add("pre")
        if made.on_text is not Step.on_text:
            found.add("post")
        return frozenset(found)
