"""Receipts as they are shown: one value-free record of each exchange, signed.

The signature is HMAC-SHA256 over the record without its `signature`, as JSON with sorted keys, no
white space and UTF-8. All numbers are integers, so that every JSON library writes the same:

    jq -cSj 'del(.signature)' receipt.json | openssl dgst -sha256 -hmac "$KEY"
"""

import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from typing import Literal

import msgspec
from msgspec import Struct

from pipeline.core.catalog import Usage
from pipeline.core.exchange import Exchange
from pipeline.core.jsonvalue import JsonObject, decode
from pipeline.core.receipt import MOST, UNKNOWN, Finding, Notes, identifier, labels
from pipeline.core.start import Start
from pipeline.core.target import Target

Key = Literal["configured", "start"]

_MILLION = 1_000_000
_encoder = msgspec.json.Encoder(order="sorted")
_packer = msgspec.msgpack.Encoder()


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
    receipt = exchange.receipt
    # Copies, because a plugin may be at work in a thread.
    # A route's name with `*` matches what the client is free to write.
    usage = exchange.usage or Usage(0, 0)
    is_exact = "*" not in target.route
    names = [*dict.fromkeys((*exchange.times, *receipt.plugins))]
    return Record(
        id=exchange.id,
        time=datetime.fromtimestamp(ending.began, UTC).isoformat(timespec="milliseconds"),
        complete=ending.complete,
        dry_run=ending.dry_run,
        clear_text=target.chain.observe and not ending.dry_run,
        would_be=receipt.would_be,
        privet=_version(),
        dialect=exchange.dialect,
        stream=exchange.stream,
        route=target.route,
        pipeline=target.pipeline,
        backend=target.backend,
        model=target.route if is_exact else UNKNOWN,
        backend_model=target.configured_model,
        attempts=[Tried(one.backend, one.outcome) for one in exchange.attempts[:MOST]],
        input_tokens=usage.input,
        output_tokens=usage.output,
        tokens_estimated=usage.estimated,
        status=ending.status,
        outcome=identifier(ending.outcome) if ending.outcome else "",
        labels=labels(exchange.labels),
        plugins=[
            _work(name, receipt.plugins.get(name) or Notes(), exchange.times) for name in names
        ],
        uninspected=[
            Uninspected(path, name, action, count)
            for (path, name, action), count in list(receipt.opaque.items())
        ],
        microseconds=int(ending.seconds * _MILLION),
        upstream_microseconds=int(ending.upstream * _MILLION),
        key=key,
    )


def packed(made: Record) -> bytes:
    """A record to be kept, in a third of the bytes of JSON: its values without their names."""
    return _packer.encode(msgspec.structs.astuple(made))


def unpacked(data: bytes) -> Record:
    """The record that was packed."""
    values = msgspec.msgpack.decode(data)
    return msgspec.convert(dict(zip(Record.__struct_fields__, values, strict=True)), Record)


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


def _work(name: str, notes: Notes, times: Mapping[str, float]) -> Work:
    return Work(
        plugin=name or UNKNOWN,
        rules=notes.rules,
        findings=[Found(*_line(line), count) for line, count in list(notes.found.items())],
        restored=[Restored(entity, count) for entity, count in list(notes.restored.items())],
        degraded=[Degraded(*line, count) for line, count in list(notes.degraded.items())],
        microseconds=int(times.get(name, 0.0) * _MILLION),
    )


def _line(line: Finding) -> tuple[str, str, str]:
    return line.path, line.entity, line.action
