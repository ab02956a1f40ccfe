"""The example backend: installed as anybody would, in front of a server that it was written for."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from service_process import free_port, program

EXAMPLE = Path(__file__).parents[1] / "examples" / "privet-lines"


class Model(BaseHTTPRequestHandler):
    """Repeats the prompt, word by word; breaks off after `break`."""

    def do_GET(self) -> None:
        self.answer(b'["prose-1", "prose-2"]')

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        words = asked["prompt"].split(" ")
        if self.path == "/count":
            self.answer(json.dumps({"tokens": len(words)}).encode())
            return
        lines = [{"text": f"{word} "} for word in words]
        if "break" not in words:
            lines.append({"stop": "end", "in": len(words), "out": len(words)})  # type: ignore[dict-item]
        self.answer(b"".join(json.dumps(one).encode() + b"\n" for one in lines))

    def answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def model() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, model: str) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("lines")
    source = shutil.copytree(EXAMPLE, folder / "source")
    packages = folder / "packages"
    install = ("install", "--no-index", "--no-deps", "--no-build-isolation", "--quiet")
    target = ("--disable-pip-version-check", "--target", str(packages), str(source))
    subprocess.run([sys.executable, "-m", "pip", *install, *target], check=True)
    variables = {"PYTHONPATH": str(packages), "LINES_URL": model}
    config = ("--config", str(source / "config.toml"))
    check = [sys.executable, "-m", "pipeline", "check", "--strict", *config]
    subprocess.run(check, check=True, env={**os.environ, **variables})
    port = free_port()
    serve = [sys.executable, "-m", "pipeline", "serve", "--port", str(port), *config]
    with (
        program(serve, port, "/health/ready", folder / "privet.log", variables) as running,
        httpx.Client(base_url=running.url, trust_env=False) as client,
    ):
        yield client


def request(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "house", "messages": [{"role": "user", "content": text}], **more}


def test_it_replies_whole_and_streamed(service: httpx.Client):
    whole = service.post("/v1/chat/completions", json=request("Hello there")).json()
    assert whole["choices"][0]["message"]["content"] == "user: Hello there "
    assert whole["choices"][0]["finish_reason"] == "stop"
    assert whole["usage"]["total_tokens"] == 6
    streamed = service.post("/v1/chat/completions", json=request("Hello there", stream=True)).text
    assert streamed.endswith("data: [DONE]\n\n")
    assert streamed.count('"content"') == 3


def test_a_reply_that_breaks_off_is_an_error(service: httpx.Client):
    reply = service.post("/v1/chat/completions", json=request("please break off"))
    assert (reply.status_code, reply.json()["error"]["code"]) == (502, "upstream_failed")


def test_what_it_cannot_do_is_refused_by_name(service: httpx.Client):
    reply = service.post("/v1/chat/completions", json=request("Hello", n=2))
    assert reply.status_code == 400
    assert "`n`" in reply.json()["error"]["message"]


def test_its_tokens_are_the_providers(service: httpx.Client):
    reply = service.post("/v1/chat/completions", json=request("Hello there"))
    receipt = service.get(f"/privet/receipts/{reply.headers['x-privet-exchange']}").json()
    assert (receipt["input_tokens"], receipt["output_tokens"]) == (3, 3)
    assert not receipt["tokens_estimated"]


def test_the_model_is_listed_with_its_price(service: httpx.Client):
    [told] = service.get("/v1/models").json()["data"]
    assert (told["id"], told["label"], told["context"]) == ("house", "Prose", 8000)
    assert told["price"] == {"input": 0.1, "output": 0.2, "unit": "EUR/1M"}


def test_other_protocols_are_translated(service: httpx.Client):
    reply = service.post("/v1/messages", json=request("Hello there", max_tokens=10))
    assert reply.json()["content"] == [{"type": "text", "text": "user: Hello there "}]
    assert reply.json()["usage"]["input_tokens"] == 3
