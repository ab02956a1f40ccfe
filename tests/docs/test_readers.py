"""What a reader has who does all that a document says, from its first block to its last."""

import hmac
import json
import shlex
import threading
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from documents import blocks, is_project
from test_blocks import SHELL, VARIABLES, base, merged, write

from pipeline.cli import privet

KEY = VARIABLES["PRIVET_RECEIPT_KEY"]


def fragments(document: str) -> list[dict[str, object]]:
    """What a document says to put into `config.toml`."""
    return [
        tomllib.loads(one.text)
        for one in blocks("toml")
        if one.place.startswith(document) and not is_project(one)
    ]


Run = Callable[..., Result]


@pytest.fixture
def run(importable: None, tmp_path: Path) -> Run:
    """`privet run` on a configuration, where the documents' modules are installed."""
    path = tmp_path / "config.toml"

    def run(config: dict[str, object], *words: str) -> Result:
        path.write_text(write(config), "utf-8")
        return CliRunner().invoke(privet, ["run", "--config", str(path), *words])

    return run


def test_the_first_plugin_works_in_a_pipeline(run: Run):
    [plugin] = [one for one in fragments("README") if "plugins" in one]
    config = merged(base(), plugin)
    assert set(config["pipelines"]["default"]["pre"]) > set(base()["pipelines"]["default"]["pre"])
    # The model that is redacted by is not needed to see this, and takes long to load.
    for side in ("pre", "post"):
        config["pipelines"]["default"][side].remove("pii")
    del config["plugins"]["pii"]
    config["backends"]["local"]["reply"] = "Falcon is late."
    refused = run(config, "How is Falcon?")
    assert refused.exit_code == 1
    assert "the request mentions something confidential; leave it out" in refused.stderr
    assert "the backend saw" not in refused.stdout
    hidden = run(config, "--stream", "How is it?")
    assert hidden.exit_code == 0, hidden.stderr
    assert hidden.stdout.endswith("the client got\n  content\n    █████ is late.\n")


class Completions(BaseHTTPRequestHandler):
    """The server that the guide to backends speaks of."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        data = json.dumps({"text": f"after {asked['prompt']}"}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def completions() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Completions) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/complete"
        finally:
            server.shutdown()
            thread.join()


def plain(backend: dict[str, object]) -> dict[str, object]:
    """A configuration of this backend alone."""
    return {
        "backends": {"local": backend},
        "pipelines": {"default": {"pre": ["normalize"]}},
        "models": {"*": {"backend": "local"}},
    }


def test_the_backend_of_the_guide_works(run: Run):
    tables = (one["backends"].get("local", {}) for one in fragments("backends"))
    [backend] = [one for one in tables if one.get("type") == "completion"]
    with completions() as url:
        done = run(plain({**backend, "url": url}), "--stream", "Hello")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.endswith("the client got\n  content\n    after user: Hello\n")
    gone = run(plain({**backend, "url": url}), "Hello")
    assert gone.exit_code == 1
    assert "the server gave no completion; see whether it runs" in gone.stderr
    parts = json.dumps({"messages": [{"role": "user", "content": [{"type": "text", "text": "x"}]}]})
    refused = run(plain({**backend, "url": url}), parts)
    assert "send no parts" in refused.stderr
    bad = run(plain({**backend, "url": "ftp://x"}), "Hello")
    assert "url: neither http nor https; write the whole address" in bad.stderr


def test_the_streaming_backend_of_the_guide_works(run: Run):
    for words in (["Hello"], ["--stream", "Hello"]):
        done = run(plain({"type": "canned"}), *words)
        assert done.exit_code == 0, done.stderr
        assert done.stdout.endswith("the client got\n  content\n    Hello there. \n")


def test_a_receipt_can_be_checked_as_the_guide_says(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    [keyed] = [one for one in fragments("operations") if "receipt_key" in one.get("service", {})]
    monkeypatch.setenv("PRIVET_RECEIPT_KEY", KEY)
    monkeypatch.chdir(tmp_path)
    shown = run({**plain({"type": "echo"}), **keyed}, "--show", "--json", "Hello")
    receipt = shown.stdout.partition('{"receipt":')[2].partition(',"steps":')[0]
    Path("receipt.json").write_text(receipt)
    [command] = [text for _, text in SHELL if text.startswith("privet receipt")]
    words = shlex.split(command)[1:]
    done = CliRunner().invoke(privet, words)
    assert done.exit_code == 0, done.output
    # Somebody else, who has read how it is signed.
    body = json.loads(receipt)
    signature = body.pop("signature")
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hmac.new(KEY.encode(), text.encode(), "sha256").hexdigest() == signature
    Path("receipt.json").write_text(receipt.replace('"status":200', '"status":201'))
    assert CliRunner().invoke(privet, words).exit_code == 1


def test_a_finding_of_the_guide_is_in_its_receipt(run: Run):
    config = plain({"type": "echo"})
    config["pipelines"] = {"default": {"pre": ["tickets"]}}
    shown = json.loads(run(config, "--show", "--json", "Is T-12345 done?").stdout)
    [work] = shown["receipt"]["plugins"]
    place = "messages[0].content"
    assert work["findings"] == [{"path": place, "entity": "TICKET", "action": "remove", "count": 1}]
    [change] = shown["steps"][0]["texts"]
    assert change["before"][change["spans"][0]["start"] :].startswith("T-12345")
    assert change["after"] == "Is [ticket] done?"


def test_what_is_only_observed_goes_out_as_it_is(run: Run):
    [observing] = [one for one in fragments("operations") if "observe" in str(one)]
    config = merged(plain({"type": "echo"}), observing)
    done = run(config, "a\u200bb")
    assert done.exit_code == 0, done.output
    assert done.stdout.endswith("I received: a\u200bb\n")
