"""The `anthropic` package as a client, before backends of both protocols."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import anthropic
import httpx
import pytest
from service_process import llmock, privet

LETTER = "I am Anna Berg, write to anna.berg@example.org"
REPLY = "Dear PERSON_1, I have written to EMAIL_ADDRESS_1. Yours, PERSON_2"
RESTORED = "Dear Anna Berg, I have written to anna.berg@example.org. Yours, PERSON_2"
ARGUMENTS = {"to": "EMAIL_ADDRESS_1", "name": "PERSON_1"}
RESTORED_ARGUMENTS = {"to": "anna.berg@example.org", "name": "Anna Berg"}
SCENARIO: list[dict[str, Any]] = [
    {"type": "reply", "text": REPLY, "match": {"model": "letter"}},
    {
        "type": "reply",
        "tool_calls": [{"name": "send_mail", "arguments": ARGUMENTS}],
        "match": {"model": "tool"},
    },
    {"type": "fail", "status": 401, "match": {"model": "refused"}},
    {"type": "fail", "status": 429, "retry_after": 70, "match": {"model": "busy"}},
    {
        "type": "stream_fault",
        "kind": "truncate",
        "after_chunks": 3,
        "match": {"model": "broken"},
    },
]
CONFIG = """
[backends.embedded]
type = "echo"

[backends.openai]
type = "openai"
url = "{url}/v1"

[backends.anthropic]
type = "anthropic"
url = "{url}/anthropic"
key = "of-the-house"

[pipelines.default]
pre = ["pii"]
post = ["pii"]

[models]
embedded.backend = "embedded"
"""
TOOL: Any = {
    "name": "send_mail",
    "description": "Sends an e-mail.",
    "input_schema": {"type": "object", "properties": {"to": {"type": "string"}}},
}
PICTURE = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}


def route(name: str, backend: str) -> str:
    return f'"{backend}/{name}" = {{{{ backend = "{backend}", model = "{name}" }}}}\n'


@pytest.fixture(scope="module")
def urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Privet, and the mock that it asks."""
    folder = tmp_path_factory.mktemp("anthropic")
    config = CONFIG
    for behaviour in SCENARIO:
        for backend in ("openai", "anthropic"):
            config += route(behaviour["match"]["model"], backend)
    with ExitStack() as stack:
        mock = stack.enter_context(llmock(folder))
        for behaviour in SCENARIO:
            told = {"behaviors": [{**behaviour, "times": None}]}
            httpx.post(f"{mock.url}/_llmock/scenario", json=told).raise_for_status()
        service = stack.enter_context(privet(config.format(url=mock.url), folder))
        yield service.url, mock.url


@pytest.fixture(scope="module")
def client(urls: tuple[str, str]) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=urls[0], api_key="of-the-client", max_retries=0) as one:
        yield one


@pytest.fixture(params=["openai", "anthropic"])
def backend(request: pytest.FixtureRequest) -> str:
    return request.param


def ask(model: str, content: Any = LETTER, **more: Any) -> Any:
    messages = [{"role": "user", "content": content}]
    return {"model": model, "max_tokens": 99, "messages": messages, **more}


def test_a_whole_reply_is_restored(client: anthropic.Anthropic, backend: str):
    reply = client.messages.create(**ask(f"{backend}/letter", system="Be kind to Anna Berg."))
    assert [block.text for block in reply.content if block.type == "text"] == [RESTORED]
    assert reply.stop_reason == "end_turn"
    assert reply.usage.output_tokens > 0


def test_a_stream_is_restored_to_the_same(client: anthropic.Anthropic, backend: str):
    with client.messages.stream(**ask(f"{backend}/letter")) as stream:
        pieces = list(stream.text_stream)
        final = stream.get_final_message()
    assert "".join(pieces) == RESTORED and len(pieces) > 1
    assert final.content[0].type == "text" and final.content[0].text == RESTORED
    assert final.stop_reason == "end_turn"


def test_raw_events_come_in_their_order(client: anthropic.Anthropic, backend: str):
    events = client.messages.create(**ask(f"{backend}/letter"), stream=True)
    kinds = [event.type for event in events]
    assert kinds[0] == "message_start" and kinds[-2:] == ["message_delta", "message_stop"]
    assert kinds.count("content_block_start") == kinds.count("content_block_stop") == 1


def test_the_input_of_a_tool_is_restored(client: anthropic.Anthropic, backend: str):
    asked = ask(f"{backend}/tool", tools=[TOOL])
    whole = client.messages.create(**asked)
    with client.messages.stream(**asked) as stream:
        streamed = stream.get_final_message()
    for reply in (whole, streamed):
        (use,) = [block for block in reply.content if block.type == "tool_use"]
        assert use.name == "send_mail" and use.input == RESTORED_ARGUMENTS
        assert reply.stop_reason == "tool_use"


def test_a_tool_result_is_taken(client: anthropic.Anthropic, urls: tuple[str, str], backend: str):
    use = {"type": "tool_use", "id": "t1", "name": "send_mail", "input": RESTORED_ARGUMENTS}
    result = {"type": "tool_result", "tool_use_id": "t1", "content": "sent to Anna Berg"}
    asked = ask(f"{backend}/letter", tools=[TOOL])
    asked["messages"] += [
        {"role": "assistant", "content": [use]},
        {"role": "user", "content": [result]},
    ]
    assert client.messages.create(**asked).content[0].type == "text"


def test_nothing_personal_reaches_the_backend(urls: tuple[str, str], client: anthropic.Anthropic):
    client.messages.create(**ask("anthropic/letter", metadata={"user_id": "Anna Berg"}))
    client.messages.create(**ask("openai/letter", metadata={"user_id": "Anna Berg"}))
    seen = httpx.get(f"{urls[1]}/_llmock/requests").text
    assert "PERSON_1" in seen, "the control"
    assert "Anna" not in seen and "anna.berg" not in seen
    assert "of-the-client" not in seen


def test_the_embedded_backend_answers(client: anthropic.Anthropic):
    reply = client.messages.create(**ask("embedded"))
    assert reply.content[0].type == "text" and "Anna Berg" in reply.content[0].text


def test_tokens_are_counted(client: anthropic.Anthropic, backend: str):
    few = client.messages.count_tokens(**counted(f"{backend}/letter", "hi"))
    many = client.messages.count_tokens(**counted(f"{backend}/letter", "hi " * 400))
    assert 0 < few.input_tokens < many.input_tokens


def counted(model: str, content: str) -> Any:
    return {"model": model, "messages": [{"role": "user", "content": content}]}


def test_models_are_listed(client: anthropic.Anthropic):
    assert "embedded" in [model.id for model in client.models.list()]


@pytest.mark.parametrize(
    ("asked", "kind", "status"),
    [
        (ask("nobody"), anthropic.NotFoundError, 404),
        (ask("embedded", [{"type": "image", "source": PICTURE}]), anthropic.BadRequestError, 400),
        (ask("embedded", extra_body={"top_k": 3}), anthropic.BadRequestError, 400),
        (ask("openai/refused"), anthropic.InternalServerError, 502),
        (ask("anthropic/refused"), anthropic.InternalServerError, 502),
        (ask("openai/busy"), anthropic.RateLimitError, 429),
        (ask("anthropic/busy"), anthropic.RateLimitError, 429),
    ],
    ids=lambda one: one["model"] if isinstance(one, dict) else None,
)
def test_errors_have_their_class(
    client: anthropic.Anthropic, asked: Any, kind: type[anthropic.APIStatusError], status: int
):
    for call in (client.messages.create, _stream(client)):
        with pytest.raises(kind) as caught:
            call(**asked)
        assert caught.value.status_code == status
        body: Any = caught.value.body
        assert body["type"] == "error" and body["error"]["message"]
        assert "Anna" not in caught.value.message


def _stream(client: anthropic.Anthropic) -> Any:
    def call(**asked: Any) -> None:
        with client.messages.stream(**asked) as stream:
            stream.until_done()

    return call


def test_a_broken_stream_is_an_error(client: anthropic.Anthropic, backend: str):
    with pytest.raises(anthropic.APIError):
        _stream(client)(**ask(f"{backend}/broken"))
