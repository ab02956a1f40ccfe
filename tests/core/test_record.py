"""Receipts as they are shown, and whether they can be trusted."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from pipeline import Exchange, Upstream
from pipeline.core.catalog import Usage
from pipeline.core.chain import Chain
from pipeline.core.entry import Ending, Entry, entry
from pipeline.core.exchange import Attempt
from pipeline.core.record import Seal, record, shown
from pipeline.core.target import Target
from pipeline.core.watch import Watch

KEY = "a key that nobody knows"


class Nobody:
    async def send(self, call: object) -> Any:
        raise AssertionError

    async def probe(self) -> None:
        raise AssertionError


UPSTREAM: Upstream = Nobody()
TARGET = Target(
    route="gpt-*",
    pipeline="Größe eins",
    chain=Chain([], [], Watch()),
    deadline=5.0,
    backend="b",
    upstream=UPSTREAM,
    streams="both",
    model="gpt-anna.berg",
)
ENDING = Ending(began=1_800_000_000.1234, seconds=1.25, upstream=1.0, status=200, outcome="ok")


def exchange() -> Exchange:
    made = Exchange(dialect="openai", pipeline="p", model="gpt-anna.berg", user="anna", session="s")
    made.times = {"normalize": 0.001, "pii": 0.25}
    made.labels = {"pii", "anna@example.org"}
    made.receipt.at = "pii"
    made.receipt.found("messages[0].content", "PERSON", "replace")
    made.receipt.restored("PERSON")
    made.receipt.degraded("ner", "patterns")
    made.receipt.degraded("ner", "patterns")
    made.receipt.rules("7")
    made.attempts.append(Attempt("a", "upstream_timeout"))
    made.usage = Usage(12, 3, estimated=True)
    made.receipt.uninspected("messages[0].content[1].image_url.url", "images", "pass")
    return made


def test_what_is_kept_is_small_and_says_all():
    one = exchange()
    data = msgspec.msgpack.encode(entry(one, TARGET, ENDING))
    told = record(one, TARGET, ENDING)
    assert shown(one.id, msgspec.msgpack.decode(data, type=Entry)) == told
    assert len(data) < len(Seal().sign(told)) / 3


def test_a_record_says_all_that_is_known():
    one = exchange()
    told = json.loads(Seal().record(one, TARGET, ENDING))
    assert told.pop("signature")
    assert told.pop("privet")
    assert told == {
        "id": one.id,
        "time": "2027-01-15T08:00:00.123+00:00",
        "complete": True,
        "dry_run": False,
        "clear_text": False,
        "would_be": "",
        "dialect": "openai",
        "stream": False,
        "route": "gpt-*",
        "pipeline": "Größe eins",
        "backend": "b",
        "model": "*",
        "backend_model": "*",
        "attempts": [{"backend": "a", "outcome": "upstream_timeout"}],
        "input_tokens": 12,
        "output_tokens": 3,
        "tokens_estimated": True,
        "status": 200,
        "outcome": "ok",
        "labels": ["*", "pii"],
        "plugins": [
            {
                "plugin": "normalize",
                "rules": "",
                "findings": [],
                "restored": [],
                "degraded": [],
                "microseconds": 1000,
            },
            {
                "plugin": "pii",
                "rules": "7",
                "findings": [
                    {
                        "path": "messages[0].content",
                        "entity": "PERSON",
                        "action": "replace",
                        "count": 1,
                    }
                ],
                "restored": [{"entity": "PERSON", "count": 1}],
                "degraded": [{"failed": "ner", "instead": "patterns", "count": 2}],
                "microseconds": 250000,
            },
        ],
        "uninspected": [
            {
                "path": "messages[0].content[1].image_url.url",
                "name": "images",
                "action": "pass",
                "count": 1,
            }
        ],
        "microseconds": 1250000,
        "upstream_microseconds": 1000000,
        "key": "start",
    }


def test_models_are_named_where_the_configuration_names_them():
    target = replace(TARGET, route="gpt-4", model="llama3", configured_model="llama3")
    made = record(exchange(), target, ENDING)
    assert (made.model, made.backend_model) == ("gpt-4", "llama3")


def test_an_outcome_is_an_identifier():
    assert record(exchange(), TARGET, replace(ENDING, outcome="Anna Berg")).outcome == "*"


def test_a_pipeline_that_observes_says_so_unless_nothing_is_sent():
    target = replace(TARGET, chain=Chain([], [], Watch(), observe=True))
    assert record(exchange(), target, ENDING).clear_text
    assert not record(exchange(), target, replace(ENDING, dry_run=True)).clear_text


def test_a_signature_holds_for_what_was_signed_and_nothing_else():
    seal = Seal(KEY)
    data = seal.record(exchange(), TARGET, ENDING)
    assert json.loads(data)["key"] == "configured"
    assert seal.verify(data)
    told = json.loads(data)
    # In any order and with any white space: it is the record that is signed.
    assert seal.verify(json.dumps(dict(reversed(told.items())), indent=4).encode())
    assert not Seal(KEY + "!").verify(data)
    assert not Seal().verify(data)
    for change in (
        {"clear_text": True},
        {"plugins": []},
        {"more": 1},
        {"signature": "0" * 64},
        {"status": 200.5},
    ):
        assert not seal.verify(json.dumps(told | change).encode())
    del told["labels"]
    assert not seal.verify(json.dumps(told).encode())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b'{"signature": 1}',
        '{"signature": "é"}'.encode(),
        b"[" * 100_000,
        b"\xff",
        b'{"a": 1, "a": 2, "signature": "x"}',
        b'{"plugins": [{"a": 1, "a": 2}], "signature": "x"}',
        b'{"a": NaN, "signature": "x"}',
        b'{"a": "\\ud800", "signature": "x"}',
        b'{"a": 1e999, "signature": "x"}',
    ],
    ids=lambda data: data[:40].decode("latin-1"),
)
def test_what_is_no_receipt_is_said_to_be_none(data: bytes):
    with pytest.raises(ValueError, match=r"this is no receipt|there is no signature"):
        Seal(KEY).verify(data)


@pytest.mark.skipif(not (shutil.which("jq") and shutil.which("openssl")), reason="needs both")
def test_an_officer_can_verify_with_tools_of_his_own(tmp_path: Path):
    path = tmp_path / "receipt.json"
    path.write_bytes(Seal(KEY).record(exchange(), TARGET, ENDING))
    command = (
        f"jq -cSj 'del(.signature)' {path} | openssl dgst -sha256 -hmac '{KEY}'; "
        f"jq -r .signature {path}"
    )
    said = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=20)
    computed, signature = said.stdout.split("\n")[:2]
    assert computed.endswith(signature)
    assert len(signature) == 64
