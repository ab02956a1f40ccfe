"""A dry run as it is told: the receipt, and the texts that only the caller may see.

The service's `POST /privet/inspect` and `privet run --show` answer with the same object.
"""

import time
from collections.abc import Sequence

import msgspec
from msgspec import Raw, Struct

from pipeline.core.dialect import Dialect
from pipeline.core.errors import PrivetError
from pipeline.core.exchange import Exchange
from pipeline.core.jsonvalue import JsonObject
from pipeline.core.record import Ending, Seal
from pipeline.core.target import Target
from pipeline.core.trace import Change, Trace, dry_run


class Worked(Struct, frozen=True):
    """What one step did: the texts that it changed or found something in."""

    plugin: str
    texts: Sequence[Change]


class Refusal(Struct, frozen=True):
    """Why the request would not be sent."""

    code: str
    message: str
    param: str | None


class Inspection(Struct, frozen=True):
    """What would become of a request. `request` is what the backend would get, if anything."""

    receipt: Raw
    steps: Sequence[Worked]
    request: JsonObject | None
    error: Refusal | None


async def inspect(
    dialect: Dialect, target: Target, exchange: Exchange, body: JsonObject, seal: Seal
) -> tuple[Trace, Inspection]:
    """Run a request through the `pre` of its pipeline without sending it."""
    facts = dialect.facts(body)
    exchange.dialect = dialect.name
    exchange.pipeline = target.pipeline
    exchange.model, exchange.stream, exchange.user = facts.model, facts.stream, facts.user
    exchange.deadline = time.monotonic() + target.deadline
    began, start = time.time(), time.perf_counter()
    found = await dry_run(dialect, target, exchange, body)
    ending = Ending(
        began=began,
        seconds=time.perf_counter() - start,
        status=found.error.status if found.error else 200,
        outcome=found.error.code if found.error else "ok",
        dry_run=True,
    )
    steps = [Worked(stage.plugin, stage.changes) for stage in found.pre]
    receipt = Raw(seal.record(exchange, target, ending))
    error = _refusal(found.error) if found.error else None
    return found, Inspection(receipt, steps, found.backend, error)


def told(made: Inspection) -> bytes:
    """An inspection as JSON."""
    return msgspec.json.encode(made)


def _refusal(error: PrivetError) -> Refusal:
    return Refusal(error.code, error.message, error.param)
