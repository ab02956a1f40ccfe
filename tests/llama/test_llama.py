"""llama.cpp's server as the upstream, with a model that puts token borders inside placeholders."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import anthropic
import httpx
import pytest
from service_process import free_port, privet, program, venv

GENERATOR = Path(__file__).with_name("make_gguf.py")
ASKED = "I am Anna Berg, write to anna.berg@example.org"
PIECES = (
    "Dear| PER|SON|_|1|,\nyour| address is |EMAIL_A|DDRESS|_1|.| *P|ERS|ON\\|_1*| is known;"
    "| PERSON|_12| and| PERSO|N_2 |are not, né 😀|. E|MAIL|_ADD|RESS_|1 "
).split("|")
SAID = (
    "Dear Anna Berg,\nyour address is anna.berg@example.org. *Anna Berg* is known;"
    " PERSON_12 and PERSON_2 are not, né 😀. anna.berg@example.org "
)
CONFIG = """
[backends.llama]
type = "openai"
url = "{url}/v1"

[backends.messages]
type = "anthropic"
url = "{url}"

[pipelines.default]
pre = ["pii"]
post = ["pii"]

[models]
"*" = {{ backend = "llama" }}
messages = {{ backend = "messages" }}
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Privet before the server."""
    folder = tmp_path_factory.mktemp("llama")
    model = folder / "scripted.gguf"
    subprocess.run([venv("llama", "python"), str(GENERATOR), str(model), *PIECES], check=True)
    port = free_port()
    server = [os.environ["LLAMA_SERVER"], "--model", str(model), "--port", str(port)]
    with ExitStack() as stack:
        parallel = [*server, "--parallel", "4", "--threads", "1"]
        llama = stack.enter_context(program(parallel, port, "/health", folder / "llama.log"))
        yield stack.enter_context(privet(CONFIG.format(url=llama.url), folder)).url


def ask(url: str, **more: object) -> httpx.Response:
    body: Any = {"model": "any", "messages": [{"role": "user", "content": ASKED}], **more}
    reply = httpx.post(f"{url}/v1/chat/completions", json=body, timeout=60, trust_env=False)
    assert reply.status_code == 200, reply.text
    return reply


def chunks(reply: httpx.Response) -> list[dict[str, Any]]:
    """The events of a complete stream."""
    lines = [line[6:] for line in reply.text.splitlines() if line.startswith("data: ")]
    assert lines.pop() == "[DONE]"
    return [json.loads(line) for line in lines]


def joined(events: list[dict[str, Any]], choice: int) -> str:
    found = [one for event in events for one in event["choices"] if one["index"] == choice]
    return "".join(one["delta"].get("content") or "" for one in found)


def test_the_borders_of_tokens_are_inside_placeholders():
    assert "PERSON_1" in "".join(PIECES)
    assert not any("PERSON_1" in piece or "EMAIL_ADDRESS_1" in piece for piece in PIECES)


@pytest.mark.parametrize("n", [1, 2])
def test_a_whole_reply_is_restored(url: str, n: int):
    choices = ask(url, n=n).json()["choices"]
    assert [one["message"]["content"] for one in choices] == [SAID] * n


@pytest.mark.parametrize("n", [1, 2])
def test_a_stream_is_restored_to_the_same(url: str, n: int):
    events = chunks(ask(url, n=n, stream=True))
    assert [joined(events, index) for index in range(n)] == [SAID] * n
    # What comes together is said together: a small model is fast.
    said = [one for event in events for one in event["choices"] if one["delta"].get("content")]
    assert len(said) > 2 * n, "not held back until the end"


def test_a_stream_has_usage_if_asked_for(url: str):
    with_usage = chunks(ask(url, stream=True, stream_options={"include_usage": True}))
    assert with_usage[-1]["choices"] == []
    assert with_usage[-1]["usage"]["completion_tokens"] >= len(PIECES)
    assert not any(event.get("usage") for event in chunks(ask(url, stream=True)))


def test_usage_is_the_same_whole_and_streamed(url: str):
    whole = ask(url).json()["usage"]
    streamed = chunks(ask(url, stream=True, stream_options={"include_usage": True}))[-1]["usage"]
    assert whole["completion_tokens"] == streamed["completion_tokens"]


@pytest.fixture(params=["any", "messages/any"])
def asked(request: pytest.FixtureRequest) -> Any:
    """A message to the server's chat, through the translator, and to its own Messages."""
    messages = [{"role": "user", "content": ASKED}]
    return {"model": request.param, "max_tokens": 400, "messages": messages}


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=url, api_key="none", max_retries=0) as one:
        yield one


def test_a_whole_message_is_restored(client: anthropic.Anthropic, asked: Any):
    reply = client.messages.create(**asked)
    assert "".join(one.text for one in reply.content if one.type == "text") == SAID
    assert reply.stop_reason == "end_turn"
    assert reply.usage.output_tokens >= len(PIECES)


def test_a_streamed_message_is_restored_to_the_same(client: anthropic.Anthropic, asked: Any):
    with client.messages.stream(**asked) as stream:
        pieces = list(stream.text_stream)
        final = stream.get_final_message()
    assert "".join(pieces) == SAID
    assert len(pieces) > len(PIECES) // 2, "not held back until the end"
    assert final.stop_reason == "end_turn"
    assert final.usage.output_tokens >= len(PIECES)


def test_a_chat_is_answered_by_the_servers_messages(url: str):
    whole = ask(url, model="messages/any", max_tokens=400).json()
    assert whole["choices"][0]["message"]["content"] == SAID
    events = chunks(ask(url, model="messages/any", max_tokens=400, stream=True))
    assert joined(events, 0) == SAID


def test_tokens_of_a_message_are_counted(client: anthropic.Anthropic, asked: Any):
    del asked["max_tokens"]
    assert client.messages.count_tokens(**asked).input_tokens > 0


def test_asked_in_messages_it_says_the_same(url: str):
    whole = ask(url, model="messages").json()
    [choice] = whole["choices"]
    assert (choice["message"]["content"], choice["finish_reason"]) == (SAID, "stop")
    events = chunks(ask(url, model="messages", stream=True, stream_options={"include_usage": True}))
    assert joined(events, 0) == SAID
    assert len(events) > len(PIECES) // 2
    assert events[-1]["usage"]["completion_tokens"] == whole["usage"]["completion_tokens"]
    assert whole["usage"]["total_tokens"] > len(PIECES)
