"""The `openai` package as a client, in the last major on httpx and in the current one on httpx2."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from service_process import llmock, privet, venv

SCRIPT = Path(__file__).with_name("script.py")
LETTER = "I am Anna Berg, write to anna.berg@example.org"
REPLY = "Dear PERSON_1, I have written to EMAIL_ADDRESS_1. Yours, PERSON_2"
RESTORED = "Dear Anna Berg, I have written to anna.berg@example.org. Yours, PERSON_2"
ARGUMENTS = {"to": "EMAIL_ADDRESS_1", "name": "PERSON_1"}
RESTORED_ARGUMENTS = {"to": "anna.berg@example.org", "name": "Anna Berg"}
SCENARIO = [
    {"type": "reply", "text": REPLY, "match": {"model": "letter"}},
    {
        "type": "reply",
        "tool_calls": [{"name": "send_mail", "arguments": ARGUMENTS}],
        "match": {"model": "tool"},
    },
    {"type": "fail", "status": 401, "match": {"model": "refused"}},
    {"type": "fail", "status": 429, "retry_after": 70, "match": {"model": "busy"}},
]
CONFIG = """
[backends.embedded]
type = "echo"

[backends.mock]
type = "openai"
url = "{url}/v1"

[plugins.pii]
identity_key = "of the test"

[pipelines.default]
pre = ["pii"]
post = ["pii"]

[models]
embedded.backend = "embedded"
letter.backend = "mock"
tool.backend = "mock"
refused.backend = "mock"
busy.backend = "mock"
"""


@pytest.fixture(scope="module")
def base_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Privet before the echo backend and before a mock that answers as it was told."""
    folder = tmp_path_factory.mktemp("clients")
    with ExitStack() as stack:
        mock = stack.enter_context(llmock(folder))
        for behaviour in SCENARIO:
            told = {"behaviors": [{**behaviour, "times": None}]}
            httpx.post(f"{mock.url}/_llmock/scenario", json=told).raise_for_status()
        service = stack.enter_context(privet(CONFIG.format(url=mock.url), folder))
        yield f"{service.url}/v1"


@pytest.fixture(scope="module", params=["1", "3"])
def results(request: pytest.FixtureRequest, base_url: str) -> dict[str, Any]:
    """What the script printed under the package's major of the parameter."""
    python = venv("openai1", "python") if request.param == "1" else sys.executable
    done = subprocess.run(
        [python, str(SCRIPT), base_url, LETTER],
        env={**os.environ, "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    assert found["version"].startswith(request.param + ".")
    return found


def test_lists_the_models(results: dict[str, Any]):
    assert {"embedded", "letter", "tool"} <= set(results["models"])


@pytest.mark.parametrize(("call", "choices"), [("whole", 1), ("two", 2)])
def test_restores_a_whole_reply(results: dict[str, Any], call: str, choices: int):
    assert results[call]["texts"] == [RESTORED] * choices
    assert results[call]["finish"] == ["stop"] * choices
    assert results[call]["tokens"] > 0


@pytest.mark.parametrize(("call", "whole"), [("stream", "whole"), ("two_stream", "two")])
def test_a_stream_says_the_same_in_pieces(results: dict[str, Any], call: str, whole: str):
    stream = dict(results[call])
    assert stream.pop("pieces") > len(stream["texts"])
    assert stream == results[whole]


def test_restores_the_arguments_of_a_tool_call(results: dict[str, Any]):
    ((name, arguments),) = results["tool"]["calls"]
    assert name == "send_mail"
    assert json.loads(arguments) == RESTORED_ARGUMENTS
    assert results["tool"]["finish"] == ["tool_calls"]
    assert results["tool_stream"]["calls"] == results["tool"]["calls"]
    assert results["tool_stream"]["finish"] == ["tool_calls"]
    assert results["tool_stream"]["tokens"] == results["tool"]["tokens"]


def test_takes_a_tool_result(results: dict[str, Any]):
    assert results["answered"]["finish"] == ["tool_calls"]


def test_the_embedded_backend_answers(results: dict[str, Any]):
    embedded = results["embedded"]
    assert "Anna Berg" in embedded["texts"][0]
    assert embedded["finish"] == ["stop"]
    assert embedded["tokens"] > 0


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("unknown model", ["NotFoundError", 404]),
        ("unreadable", ["BadRequestError", 400]),
        ("picture", ["BadRequestError", 400]),
        ("refused upstream", ["InternalServerError", 502]),
        ("busy upstream", ["RateLimitError", 429]),
    ],
)
def test_errors_have_their_class(results: dict[str, Any], call: str, expected: list[object]):
    assert results["errors"][call][:2] == expected


def test_embeddings(results: dict[str, Any]):
    found = results["vectors"]
    assert found["same"]
    assert found["sizes"] == [256, 256]
    assert found["tokens"] > 0
