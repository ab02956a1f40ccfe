"""What is kept of an exchange until somebody asks for its receipt.

Mostly nobody does. So this is quick to make and small, and all that a receipt says besides follows
from it when it is shown.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct

from pipeline.core.catalog import Usage
from pipeline.core.exchange import Exchange
from pipeline.core.receipt import MOST, Finding, Notes, identifier, labels
from pipeline.core.target import Target

Key = Literal["configured", "start"]

Line = tuple[str, str, str, int]
"""A finding's path, entity and action, and how often there was such a one."""

Did = tuple[
    str, str, Sequence[Line], Sequence[tuple[str, int]], Sequence[tuple[str, str, int]], int
]
"""What a plugin did: its name and rules, what it found, how much of what it restored, what failed
and what stood in for that how often, and its microseconds.
"""

_NOTHING = Usage(0, 0)


class Ending(Struct, frozen=True):
    """How an exchange ended, or how it stands. Times are in seconds; `began` is on the clock of
    `time.time`.
    """

    began: float
    seconds: float
    upstream: float = 0.0
    status: int = 0
    outcome: str = ""
    complete: bool = True
    dry_run: bool = False


class Entry(Struct, frozen=True, array_like=True, gc=False):
    """The values of an exchange's record, but for its id. `began` is in milliseconds since 1970,
    and `usage` has the tokens in and out, and whether they are estimated.
    """

    began: int
    complete: bool
    dry_run: bool
    clear_text: bool
    would_be: str
    dialect: str
    stream: bool
    route: str
    pipeline: str
    backend: str
    backend_model: str
    attempts: Sequence[tuple[str, str]]
    usage: tuple[int, int, bool]
    status: int
    outcome: str
    labels: Sequence[str]
    plugins: Sequence[Did]
    uninspected: Sequence[Line]
    microseconds: int
    upstream_microseconds: int
    key: Key


def entry(exchange: Exchange, target: Target, ending: Ending, key: Key = "start") -> Entry:
    """What is known of an exchange by now."""
    receipt, times, usage = exchange.receipt, exchange.times, exchange.usage or _NOTHING
    # Copies, because a plugin may be at work in a thread; by position, in half the time.
    return Entry(
        int(ending.began * 1000),
        ending.complete,
        ending.dry_run,
        target.chain.observe and not ending.dry_run,
        receipt.would_be,
        exchange.dialect,
        exchange.stream,
        target.route,
        target.pipeline,
        target.backend,
        target.configured_model,
        [(one.backend, one.outcome) for one in exchange.attempts[:MOST]],
        (usage.input, usage.output, usage.estimated),
        ending.status,
        identifier(ending.outcome) if ending.outcome else "",
        labels(exchange.labels),
        [
            _did(name, receipt.plugins.get(name), times.get(name, 0.0))
            for name in {**times, **receipt.plugins}
        ],
        _lines(receipt.opaque),
        int(ending.seconds * 1_000_000),
        int(ending.upstream * 1_000_000),
        key,
    )


def _did(name: str, notes: Notes | None, seconds: float) -> Did:
    took = int(seconds * 1_000_000)
    if notes is None:
        return name, "", (), (), (), took
    return (
        name,
        notes.rules,
        _lines(notes.found),
        list(notes.restored.items()),
        [(*line, count) for line, count in list(notes.degraded.items())],
        took,
    )


def _lines(found: Mapping[Finding, int]) -> Sequence[Line]:
    if not found:
        return ()
    return [(one.path, one.entity, one.action, count) for one, count in list(found.items())]
