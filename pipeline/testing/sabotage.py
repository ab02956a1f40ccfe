"""Plugins that fail on purpose, beside those under test."""

from collections.abc import Iterator
from itertools import product
from typing import Any, Literal, NamedTuple, cast

import anyio
from msgspec import Struct, field
from msgspec.structs import replace

from pipeline.core.chain import Chain, Link
from pipeline.core.exchange import Exchange
from pipeline.core.plugin import Channel, Maybe, Step, TextFilter
from pipeline.core.request import Request
from pipeline.core.watch import Watch

QUOTED = "a text that the plugin failed on"
"""What the errors of the failing plugins quote; nobody may see it."""

Hook = Literal["make", "on_request", "on_text", "feed", "flush"]
Act = Literal["raises", "hangs", "gives the wrong type"]

_HANG = 0.05
"""Seconds that a hook may take while plugins hang."""


class Sabotage(NamedTuple):
    """One way to fail, before or after the plugins under test."""

    hook: Hook
    act: Act
    first: bool

    @property
    def before_sending(self) -> bool:
        """Whether the backend must not have been called."""
        return self.hook in ("make", "on_request")

    def __str__(self) -> str:
        return f"{'before' if self.first else 'after'} yours {self.act} in {self.hook}"


class Heard(Struct):
    """What the plugins under test were told: names in the order of opening and of closing."""

    opened: list[str] = field(default_factory=list[str])
    closed: list[str] = field(default_factory=list[str])
    successes: int = 0
    failures: int = 0


def sabotages() -> Iterator[Sabotage]:
    """Every way to fail that can be told apart from working."""
    hooks: tuple[Hook, ...] = ("make", "on_request", "on_text", "feed", "flush")
    acts: tuple[Act, ...] = ("raises", "hangs", "gives the wrong type")
    for hook, act, first in product(hooks, acts, (True, False)):
        # What `make` and `on_text` return is not awaited, and nobody reads what on_request returns.
        if act == "hangs" and hook in ("make", "on_text"):
            continue
        if act == "gives the wrong type" and hook == "on_request":
            continue
        yield Sabotage(hook, act, first)


def with_sabotage(chain: Chain, how: Sabotage) -> tuple[Chain, Heard]:
    """The chain with a plugin that fails, and what its other plugins hear."""
    heard = Heard()
    bad = Link("saboteur", lambda _: _make(how), True, True)

    def failed(plugin: str, hook: str, _error: BaseException) -> None:
        heard.failures += hook == "on_done" and plugin != bad.name

    spies: dict[str, Link] = {}
    for link in (*chain.pre, *chain.post):
        spies.setdefault(link.name, _spied(link, heard))
    pre, post = ([spies[link.name] for link in side] for side in (chain.pre, chain.post))
    return (
        replace(
            chain,
            pre=[bad, *pre] if how.first else [*pre, bad],
            post=[bad, *post] if how.first else [*post, bad],
            watch=Watch(failed=failed),
            timeout=_HANG if how.act == "hangs" else chain.timeout,
        ),
        heard,
    )


def _make(how: Sabotage) -> Step:
    if how.hook == "make":
        if how.act == "raises":
            raise RuntimeError(QUOTED)
        return cast(Step, None)
    return _Saboteur(how)


class _Saboteur(Step):
    """Fails in one hook, and works in the others."""

    __slots__ = ("_how",)

    def __init__(self, how: Sabotage):
        self._how = how

    def on_request(self, request: Request) -> Maybe[None]:
        return self._do("on_request", None)

    def on_text(self, channel: Channel) -> TextFilter | None:
        return self._do("on_text", self)

    def feed(self, text: str, /) -> Maybe[str]:
        return self._do("feed", text)

    def flush(self) -> Maybe[str]:
        return self._do("flush", "")

    def _do(self, hook: Hook, otherwise: object) -> Any:
        if hook != self._how.hook:
            return otherwise
        match self._how.act:
            case "raises":
                raise RuntimeError(QUOTED)
            case "hangs":
                return anyio.sleep_forever()
            case "gives the wrong type":
                return None if hook == "feed" else 7


class _Spy(Step):
    """A step that notes when it is closed."""

    __slots__ = ("_heard", "_name", "_step")

    def __init__(self, step: Step, name: str, heard: Heard):
        self._step = step
        self._name = name
        self._heard = heard

    def on_request(self, request: Request) -> Maybe[None]:
        return self._step.on_request(request)

    def on_text(self, channel: Channel) -> TextFilter | None:
        return self._step.on_text(channel)

    def on_done(self, error: BaseException | None) -> Maybe[None]:
        self._heard.closed.append(self._name)
        self._heard.successes += error is None
        return self._step.on_done(error)


def _spied(link: Link, heard: Heard) -> Link:
    def make(exchange: Exchange) -> Step:
        step = link.make(exchange)
        heard.opened.append(link.name)
        return _Spy(step, link.name, heard)

    return Link(link.name, make, link.pre, link.post)
