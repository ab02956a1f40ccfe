"""What is measured, with whom, and what must come of it."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from .measure import Figures, Load
from .texts import Conversations, Pair, messages

Results = Mapping[str, Figures]
"""The figures of a row, by contestant."""


Make = Callable[[int], tuple[Sequence[Pair], Sequence[Pair]]]
"""The requests of a run, and those that come before it and do not count."""


class Target(NamedTuple):
    """A figure that must be reached; `peer` names the contestant that it is a multiple of."""

    says: str
    value: Callable[[Results], float]
    bound: float
    at_most: bool = False
    of: tuple[str, ...] = ()

    def reached(self, value: float) -> bool:
        return value <= self.bound if self.at_most else value >= self.bound


class Row(NamedTuple):
    """One kind of work. `pairs` gets a number of its own for each run; `shows` is plotted."""

    title: str
    contestants: tuple[str, ...]
    load: Load
    pairs: Make
    targets: tuple[Target, ...]
    shows: str = "rate"


def _times(says: str, one: str, other: str, bound: float) -> Target:
    """How many times as many requests a second."""
    return Target(f"times {says}", lambda of: of[one].rate / of[other].rate, bound, of=(one, other))


def _added(of: Results) -> float:
    direct = of["direct"].latency["50"]
    return (of["privet"].latency["50"] - direct) / (of["litellm"].latency["50"] - direct)


def _known(model: str) -> Make:
    """Streams of texts that were recognised before."""
    return lambda seed: (messages(1, 64, model, stream=True), messages(1, 64, model))


def _new(model: str, count: int, *, stream: bool = False) -> Make:
    """Texts that nobody has seen before."""
    return lambda seed: (messages(seed, count, model, stream=stream), [])


def _growing(seed: int) -> tuple[list[Pair], list[Pair]]:
    talk = Conversations(seed, 4, 20, _FAST)
    before = talk.now()
    return talk.grow(150), before


def _again(seed: int) -> tuple[list[Pair], list[Pair]]:
    now = Conversations(7, 4, 20, _FAST).now()
    return now, now


_FAST = "mock-0-300"
_STREAMERS = ("direct", "litestar", "litellm", "privet", "redacting")
_GUARDS = ("documented", "tuned", "redacting")

PROXIES = (
    Row(
        "500 characters, no redaction, 16 connections",
        ("direct", "nginx", "litestar", "litellm", "privet"),
        Load(16, 1.0, 4.0),
        lambda seed: (messages(1, 512, _FAST), []),
        (
            _times("LiteLLM's rate", "privet", "litellm", 15),
            Target("of LiteLLM's added p50", _added, 1 / 15, True, ("privet", "litellm")),
            _times("the bare Litestar's rate", "privet", "litestar", 0.6),
        ),
    ),
    Row(
        "256 streams at 10 ms, restore on, texts recognised before",
        _STREAMERS,
        Load(256, 3.0, 6.0, spread=2000),
        _known("mock-10-300"),
        (
            Target("chunks/s", lambda of: of["redacting"].chunks, 24_000, of=("redacting",)),
            Target(
                "ms to the first token, p50",
                lambda of: of["redacting"].first_token["50"],
                80,
                True,
                ("redacting",),
            ),
        ),
        "chunks",
    ),
    Row(
        "streams at no delay, restore on, 16 connections",
        _STREAMERS,
        Load(16, 1.0, 4.0),
        _known(_FAST),
        (Target("chunks/s", lambda of: of["redacting"].chunks, 100_000, of=("redacting",)),),
        "chunks",
    ),
)

GUARDS = (
    Row(
        "500 characters with redaction, never seen before, 16 connections",
        _GUARDS,
        Load(16, 1.0, 5.0, once=True),
        _new(_FAST, 4000),
        (
            _times("as documented", "redacting", "documented", 6),
            _times("as tuned", "redacting", "tuned", 3),
            Target(
                "MB (PSS), one worker and its recogniser",
                lambda of: of["redacting"].memory,
                350,
                True,
                ("redacting",),
            ),
        ),
    ),
    Row(
        "patterns only, 500 characters, 16 connections",
        ("filter", "patterns"),
        Load(16, 1.0, 4.0, once=True),
        _new(_FAST, 15000),
        (_times("content_filter", "patterns", "filter", 6),),
    ),
    Row(
        "20 turns, 20,000 characters, growing by a turn, 2 connections",
        ("tuned", "redacting"),
        Load(2, 0.0, 8.0, once=True),
        _growing,
        (_times("as tuned", "redacting", "tuned", 25),),
    ),
    Row(
        "20 turns, 20,000 characters, sent again unchanged, 2 connections",
        ("tuned", "redacting"),
        Load(2, 0.0, 8.0),
        _again,
        (_times("as tuned", "redacting", "tuned", 300),),
    ),
    Row(
        "first token of a stream of a second, redaction and restore, cold 500 characters",
        ("privet", "tuned", "redacting"),
        Load(1, 0.0, 6.0, once=True),
        _new("mock-10-100", 100, stream=True),
        (
            Target(
                "ms above the unguarded stream, p50",
                lambda of: of["redacting"].first_token["50"] - of["privet"].first_token["50"],
                25,
                True,
                ("redacting", "privet"),
            ),
        ),
        "first_token",
    ),
)

WORKERS = (
    Row(
        "two workers on two cores, 500 characters, no redaction, 32 connections",
        ("one-worker", "two-workers"),
        Load(32, 1.0, 4.0),
        lambda seed: (messages(1, 512, _FAST), []),
        (
            Target(
                "times one worker, of the cores that the load and the upstream left to two",
                lambda of: (
                    of["two-workers"].rate
                    * 2
                    / (2 - of["two-workers"].beside)
                    / of["one-worker"].rate
                ),
                1.8,
                of=("two-workers", "one-worker"),
            ),
        ),
    ),
)
