"""Dry runs and receipts on the command line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pipeline.cli import privet
from pipeline.core.record import Seal

KEY = "a key of sixteen characters"
CONFIG = f"""
[service]
receipt_key = "{KEY}"
[backends.local]
type = "openai"
url = "http://127.0.0.1:9/v1"
key = "x"
trust = "house"
[pipelines.default]
pre = ["normalize"]
[models]
"gpt-*" = {{ backend = "local", model = "llama3" }}
"""
PLACE = "messages[0].content"

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a command on that configuration."""
    (tmp_path / "config.toml").write_text(CONFIG)

    def run(*words: str, config: str = "config.toml", stdin: str | None = None) -> Result:
        command = [*words, "--config", str(tmp_path / config)]
        return CliRunner().invoke(privet, command, input=stdin)

    return run


def test_a_dry_run_asks_no_backend_and_says_it_all_in_json(run: Run):
    result = run("run", "--show", "--json", "a\u200bb")
    assert result.exit_code == 0, result.output
    told: dict[str, Any] = json.loads(result.stdout)
    assert list(told) == ["receipt", "steps", "request", "error"]
    assert told["steps"] == [
        {
            "plugin": "normalize",
            "texts": [
                {"path": PLACE, "role": "user", "before": "a\u200bb", "after": "ab", "spans": []}
            ],
        }
    ]
    assert told["request"] == {
        "model": "llama3",
        "messages": [{"role": "user", "content": "ab"}],
    }
    assert told["error"] is None
    receipt = told["receipt"]
    assert (receipt["dry_run"], receipt["outcome"], receipt["complete"]) == (True, "ok", True)
    assert (receipt["route"], receipt["backend_model"]) == ("gpt-*", "llama3")
    assert Seal(KEY).verify(json.dumps(receipt).encode())


def test_a_dry_run_shows_every_step_and_the_receipt(run: Run):
    result = run("run", "--show", "a\u200bb")
    assert result.exit_code == 0
    steps, _, receipt = result.output.partition("the receipt\n")
    assert steps == (
        f"the client sent\n  user {PLACE}\n    a\u200bb\n"
        f"after normalize\n  user {PLACE}\n    ab\n"
        f"the backend would see\n  user {PLACE}\n    ab\n"
    )
    assert json.loads(receipt)["dry_run"] is True


def test_a_dry_run_says_what_would_be_refused(run: Run):
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
    request = {"model": "gpt-1", "messages": [{"role": "user", "content": [image]}]}
    result = run("run", "--show", "--json", stdin=json.dumps(request))
    assert result.exit_code == 1
    assert "`images` cannot be inspected" in result.stderr
    told = json.loads(result.stdout)
    assert told["request"] is None
    assert told["error"]["code"] == told["receipt"]["outcome"] == "rejected"
    assert told["receipt"]["status"] == 400
    assert told["receipt"]["uninspected"][0]["action"] == "block"


def test_verify(run: Run, tmp_path: Path):
    told = json.loads(run("run", "--show", "--json", "hello").stdout)["receipt"]
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(told, indent=2))
    result = run("receipt", "verify", str(path))
    assert (result.exit_code, result.stdout) == (0, f"{path}: the signature holds\n")
    path.write_text(json.dumps({**told, "outcome": "rejected"}))
    result = run("receipt", "verify", str(path))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "does not hold" in result.stderr
    path.write_text("{")
    result = run("receipt", "verify", str(path))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "this is no receipt" in result.stderr


def test_verify_needs_a_key(run: Run, tmp_path: Path):
    (tmp_path / "keyless.toml").write_text(CONFIG.replace(f'receipt_key = "{KEY}"', ""))
    (tmp_path / "receipt.json").write_text("{}")
    result = run("receipt", "verify", str(tmp_path / "receipt.json"), config="keyless.toml")
    assert result.exit_code == 2
    assert "`receipt_key`" in result.stderr
