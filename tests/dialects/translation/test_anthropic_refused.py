"""What an OpenAI chat asks that Anthropic's Messages cannot be asked: it is refused by name."""

from typing import Any, get_type_hints

import pytest
from dialects.translation.chats import MADE, TOOL, asked, called, user
from openai.types.chat import completion_create_params

from pipeline.core.errors import BadRequest
from pipeline.dialects.translation import anthropic_from_openai


def refused(body: dict[str, Any]) -> str | None:
    with pytest.raises(BadRequest) as caught:
        MADE.request(body)
    return caught.value.param


def audio() -> dict[str, Any]:
    return user([{"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}])


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (asked(user("x"), n=2), "n"),
        (asked(user("x"), logprobs=True), "logprobs"),
        (asked(user("x"), top_logprobs=3), "top_logprobs"),
        (asked(user("x"), seed=1), "seed"),
        (asked(user("x"), logit_bias={"1": 2}), "logit_bias"),
        (asked(user("x"), functions=[{"name": "f"}]), "functions"),
        (asked(user("x"), function_call="auto"), "function_call"),
        (asked(user("x"), presence_penalty=0.1), "presence_penalty"),
        (asked(user("x"), frequency_penalty=0.1), "frequency_penalty"),
        (asked(user("x"), prediction={"type": "content", "content": "y"}), "prediction"),
        (asked(user("x"), modalities=["text", "audio"]), "modalities"),
        (asked(user("x"), audio={"voice": "a", "format": "wav"}), "audio"),
        (asked(user("x"), web_search_options={}), "web_search_options"),
        (asked(user("x"), moderation={"model": "m"}), "moderation"),
        (asked(user("x"), verbosity="low"), "verbosity"),
        (asked(user("x"), service_tier="flex"), "service_tier"),
        (asked(user("x"), reasoning_effort="minimal"), "reasoning_effort"),
        (asked(user("x"), response_format={"type": "json_object"}), "response_format"),
        (asked(user("x"), max_tokens=1, max_completion_tokens=2), "max_tokens"),
        (asked(user("x"), user="a", safety_identifier="b"), "user"),
        (asked(user("x"), stream_options={"other": 1}), "stream_options.other"),
        (asked(user("x"), top_k=3), "top_k"),
        (asked(user("x"), **{"Anna Berg": 3}), "*"),
        (asked(user("x") | {"name": "Anna"}), "messages[0].name"),
        (asked(audio()), "messages[0].content[0]"),
        (asked(user([{"type": "file", "file": {"file_id": "f"}}])), "messages[0].content[0]"),
        (
            asked(user([{"type": "image_url", "image_url": {"url": "data:image/bmp;base64,AA"}}])),
            "messages[0].content[0].image_url.url",
        ),
        (
            asked(user([{"type": "image_url", "image_url": {"url": "file:///etc/passwd"}}])),
            "messages[0].content[0].image_url.url",
        ),
        (asked({"role": "function", "name": "f", "content": "x"}), "messages[0].role"),
        (
            asked({"role": "assistant", "tool_calls": [called("c", '{"a":')]}),
            "messages[0].tool_calls[0].function.arguments",
        ),
        (
            asked({"role": "assistant", "tool_calls": [called("c", "[1]")]}),
            "messages[0].tool_calls[0].function.arguments",
        ),
        (
            asked({"role": "assistant", "tool_calls": [{"id": "c", "type": "custom"}]}),
            "messages[0].tool_calls[0]",
        ),
        (asked({"role": "assistant", "content": "x", "audio": {"id": "a"}}), "messages[0].audio"),
        (asked({"role": "tool", "content": "x"}), "messages[0].tool_call_id"),
        (asked(user("x"), tools=[{"type": "custom", "custom": {"name": "c"}}]), "tools[0]"),
        (asked(user("x"), tools=[TOOL], tool_choice={"type": "allowed_tools"}), "tool_choice"),
        (asked(user(3)), "messages[0].content"),
        (asked(user([{"type": "text", "text": 3}])), "messages[0].content[0].text"),
        (asked(user("x"), tools={}), "tools"),
        (asked(user("x"), stop=[1]), "stop[0]"),
        (asked(user("x"), max_tokens="5"), "max_tokens"),
    ],
)
def test_what_cannot_be_carried_over_is_refused_by_name(body: dict[str, Any], param: str):
    assert refused(body) == param


def test_a_refusal_holds_no_text():
    for body in (
        asked({"role": "assistant", "tool_calls": [called("c", '{"Anna')]}),
        asked(user([{"type": "image_url", "image_url": {"url": "Anna"}}])),
        asked(user("Anna"), **{"Anna Berg": 1}),
        asked({"role": "Anna", "content": "x"}),
        asked(user([{"type": "Anna"}])),
    ):
        with pytest.raises(BadRequest) as caught:
            MADE.request(body)
        assert "Anna" not in f"{caught.value!r} {caught.value.param} {caught.value.__cause__!r}"


def test_every_member_that_openai_knows_is_thought_of():
    known = set[str]()
    for kind in ("NonStreaming", "Streaming"):
        kind = getattr(completion_create_params, f"CompletionCreateParams{kind}")
        known |= get_type_hints(kind).keys()
    table = anthropic_from_openai._REQUEST  # pyright: ignore[reportPrivateUsage]
    thought_of = table.carried | table.harmless.keys() | table.neutral.keys()
    always_refused = {
        *("audio", "function_call", "moderation", "prediction", "seed", "web_search_options")
    }
    assert known - thought_of == always_refused
    assert all(table.harmless.values())
