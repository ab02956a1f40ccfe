"""Receipts as they are shown: one value-free record of each exchange, signed.

The signature is HMAC-SHA256 over the record without its `signature`, as JSON with sorted keys, no
white space and UTF-8. All numbers are integers, so that every JSON library writes the same:

    jq -cSj 'del(.signature)' receipt.json | openssl dgst -sha256 -hmac "$KEY"
"""

import hmac
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from importlib.metadata import version

import msgspec
from msgspec import Struct

from pipeline.core.entry import Ending, Entry, Key, entry
from pipeline.core.exchange import Exchange
from pipeline.core.jsonvalue import JsonObject, decode
from pipeline.core.receipt import UNKNOWN
from pipeline.core.start import Start
from pipeline.core.target import Target

_encoder = msgspec.json.Encoder(order="sorted")


class Found(Struct, frozen=True):
    """How often something was found at a place, or could not be inspected there."""

    path: str
    entity: str
    action: str
    count: int


class Restored(Struct, frozen=True):
    """How many values of an entity were put back into the reply."""

    entity: str
    count: int


class Degraded(Struct, frozen=True):
    """On how many texts a part of a plugin failed, and which part was enough in its place."""

    failed: str
    instead: str
    count: int


class Work(Struct, frozen=True):
    """What one plugin did."""

    plugin: str
    rules: str
    findings: Sequence[Found]
    restored: Sequence[Restored]
    degraded: Sequence[Degraded]
    microseconds: int


class Tried(Struct, frozen=True):
    """An attempt at a backend that failed, with the error's code."""

    backend: str
    outcome: str


class Uninspected(Struct, frozen=True):
    """Content that nobody could look into, and what became of it."""

    path: str
    name: str
    action: str
    count: int


class Record(Struct, frozen=True, kw_only=True):
    """The receipt of an exchange.

    `route`, `pipeline` and `backend` are configured names. `model` and `backend_model` are too, and
    `*` where the client was free to name anything. `attempts` are those that failed before the one
    that replied. `clear_text` marks a pipeline that only observes and sends what the client wrote;
    `would_be` is then what would have become of the request. `key` tells whether the signature's
    key is configured, or was drawn when the service started.
    """

    id: str
    time: str
    complete: bool
    dry_run: bool = False
    clear_text: bool = False
    would_be: str = ""
    privet: str
    dialect: str
    stream: bool
    route: str
    pipeline: str
    backend: str
    model: str
    backend_model: str
    attempts: Sequence[Tried]
    input_tokens: int
    output_tokens: int
    tokens_estimated: bool
    status: int
    outcome: str
    labels: Sequence[str]
    plugins: Sequence[Work]
    uninspected: Sequence[Uninspected]
    microseconds: int
    upstream_microseconds: int
    key: Key = "start"


class Seal:
    """Signs records with a key; without one, with a key that ends with the service."""

    def __init__(self, key: str = ""):
        self.kind: Key = "configured" if key else "start"
        self._key = key.encode() or Start.current().key("receipts")

    def record(self, exchange: Exchange, target: Target, ending: Ending) -> bytes:
        """The record of an exchange as JSON, signed."""
        return self.sign(record(exchange, target, ending, self.kind))

    def sign(self, made: Record) -> bytes:
        """A record as JSON with its signature."""
        data = _encoder.encode(made)
        return data[:-1] + b',"signature":"%s"}' % self._signature(data)

    def verify(self, data: bytes) -> bool:
        """Whether a record is as this key has signed it; ValueError if it is no signed record."""
        body = read(data)
        signature = body.pop("signature", None)
        if not isinstance(signature, str) or not signature.isascii():
            raise ValueError("there is no signature in it")
        return hmac.compare_digest(self._signature(_encoder.encode(body)), signature.encode())

    def _signature(self, data: bytes) -> bytes:
        return hmac.new(self._key, data, sha256).hexdigest().encode()


def record(exchange: Exchange, target: Target, ending: Ending, key: Key = "start") -> Record:
    """What is known of an exchange by now."""
    return shown(exchange.id, entry(exchange, target, ending, key))


def shown(name: str, kept: Entry) -> Record:
    """The record of an exchange by its id and what was kept of it."""
    began = datetime.fromtimestamp(kept.began / 1000, UTC)
    return Record(
        id=name,
        time=began.isoformat(timespec="milliseconds"),
        complete=kept.complete,
        dry_run=kept.dry_run,
        clear_text=kept.clear_text,
        would_be=kept.would_be,
        privet=_version(),
        dialect=kept.dialect,
        stream=kept.stream,
        route=kept.route,
        pipeline=kept.pipeline,
        backend=kept.backend,
        # A route's name with `*` matches what the client is free to write.
        model=UNKNOWN if "*" in kept.route else kept.route,
        backend_model=kept.backend_model,
        attempts=[Tried(*one) for one in kept.attempts],
        input_tokens=kept.usage[0],
        output_tokens=kept.usage[1],
        tokens_estimated=kept.usage[2],
        status=kept.status,
        outcome=kept.outcome,
        labels=kept.labels,
        plugins=[_work(*one) for one in kept.plugins],
        uninspected=[Uninspected(*one) for one in kept.uninspected],
        microseconds=kept.microseconds,
        upstream_microseconds=kept.upstream_microseconds,
        key=kept.key,
    )


def read(data: bytes) -> JsonObject:
    """A record's JSON; ValueError if it is none, or if a key twice in it could fool a reader."""
    try:
        found = decode(data)
    except ValueError:
        raise ValueError("this is no receipt: it is not valid JSON") from None
    if not isinstance(found, dict):
        raise ValueError("this is no receipt: it is not a JSON object")
    json.loads(data, object_pairs_hook=_check_once)
    return found


@cache
def _version() -> str:
    return version("privet")


def _check_once(members: list[tuple[str, object]]) -> None:
    if len(dict(members)) < len(members):
        raise ValueError("this is no receipt: a key is twice in it")


def _work(
    name: str,
    rules: str,
    found: Sequence[tuple[str, str, str, int]],
    restored: Sequence[tuple[str, int]],
    degraded: Sequence[tuple[str, str, int]],
    microseconds: int,
) -> Work:
    return Work(
        plugin=name or UNKNOWN,
        rules=rules,
        findings=[Found(*one) for one in found],
        restored=[Restored(*one) for one in restored],
        degraded=[Degraded(*one) for one in degraded],
        microseconds=microseconds,
    )
