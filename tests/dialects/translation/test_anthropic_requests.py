"""From OpenAI's chat to Anthropic's Messages: what is carried over."""

from typing import Any

import pytest
from dialects.translation.chats import MADE, PNG, TOOL, asked, called, made, user


def test_a_plain_chat():
    body = asked({"role": "system", "content": "Be brief."}, user("Hi"), max_tokens=5)
    assert made(body) == {
        "model": "m",
        "max_tokens": 5,
        "system": [{"type": "text", "text": "Be brief."}],
        "messages": [{"role": "user", "content": "Hi"}],
    }


def test_system_messages_go_to_the_front_in_their_order():
    body = asked(
        {"role": "developer", "content": [{"type": "text", "text": "a"}]},
        user("b"),
        {"role": "system", "content": "c"},
    )
    assert made(body)["system"] == [{"type": "text", "text": "a"}, {"type": "text", "text": "c"}]
    assert made(body)["messages"] == [{"role": "user", "content": "b"}]


def test_images():
    parts = [
        {"type": "text", "text": "What is this?", "cache_control": {"type": "ephemeral"}},
        {"type": "image_url", "image_url": {"url": PNG, "detail": "low"}},
        {"type": "image_url", "image_url": {"url": "https://x.example/a.png"}},
        {"type": "image_url", "image_url": "http://x.example/b.png"},
    ]
    assert made(asked(user(parts)))["messages"][0]["content"] == [
        {"type": "text", "text": "What is this?", "cache_control": {"type": "ephemeral"}},
        {
            "type": "image",
            "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="},
        },
        {"type": "image", "source": {"type": "url", "url": "https://x.example/a.png"}},
        {"type": "image", "source": {"type": "url", "url": "http://x.example/b.png"}},
    ]


def test_tools_calls_and_results():
    calls = [called("c1", '{"a": "Größe"}'), called("c2", "")]
    body = asked(
        user("Look twice."),
        {"role": "assistant", "content": "", "refusal": None, "tool_calls": calls},
        {"role": "tool", "tool_call_id": "c1", "content": "one"},
        {
            "role": "tool",
            "tool_call_id": "c2",
            "name": "look",
            "content": [{"type": "text", "text": "two"}, {"type": "text", "text": "three"}],
        },
        user("Well?"),
        tools=[TOOL, {"type": "function", "function": {"name": "wait"}}],
    )
    out = made(body)
    function = TOOL["function"]
    assert out["tools"] == [
        {
            "name": "look",
            "description": "Looks.",
            "input_schema": function["parameters"],  # type: ignore[index]
            "strict": True,
        },
        {"name": "wait", "input_schema": {"type": "object", "properties": {}}},
    ]
    assert out["messages"][1:] == [
        {
            "role": "assistant",
            "content": [
                {"type": "tool_use", "id": "c1", "name": "look", "input": {"a": "Größe"}},
                {"type": "tool_use", "id": "c2", "name": "look", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "c1", "content": "one"},
                {
                    "type": "tool_result",
                    "tool_use_id": "c2",
                    "content": [
                        {"type": "text", "text": "two"},
                        {"type": "text", "text": "three"},
                    ],
                },
            ],
        },
        {"role": "user", "content": "Well?"},
    ]


def test_results_of_two_rounds_stay_apart():
    def round(identity: str) -> list[dict[str, Any]]:
        return [
            {"role": "assistant", "content": None, "tool_calls": [called(identity)]},
            {"role": "tool", "tool_call_id": identity, "content": identity},
        ]

    turns = made(asked(user("x"), *round("c1"), *round("c2")))["messages"]
    assert [one["role"] for one in turns] == ["user", *["assistant", "user"] * 2]
    assert [one["content"][0]["content"] for one in turns[2::2]] == ["c1", "c2"]


@pytest.mark.parametrize(
    ("said", "choice"),
    [
        ({}, None),
        ({"tool_choice": "auto"}, {"type": "auto"}),
        ({"tool_choice": "none"}, {"type": "none"}),
        ({"tool_choice": "none", "parallel_tool_calls": False}, {"type": "none"}),
        ({"tool_choice": "required"}, {"type": "any"}),
        (
            {"tool_choice": {"type": "function", "function": {"name": "look"}}},
            {"type": "tool", "name": "look"},
        ),
        ({"parallel_tool_calls": True}, None),
        ({"parallel_tool_calls": False}, {"type": "auto", "disable_parallel_tool_use": True}),
        (
            {"tool_choice": "required", "parallel_tool_calls": False},
            {"type": "any", "disable_parallel_tool_use": True},
        ),
    ],
)
def test_tool_choice(said: dict[str, Any], choice: Any):
    assert made(asked(user("x"), tools=[TOOL], **said)).get("tool_choice") == choice


def test_a_choice_without_tools_is_none():
    assert "tool_choice" not in made(asked(user("x"), tool_choice="none"))
    assert "tool_choice" not in made(asked(user("x"), parallel_tool_calls=False))


@pytest.mark.parametrize(
    ("said", "carried"),
    [
        ({"max_completion_tokens": 7}, {"max_tokens": 7}),
        ({"max_completion_tokens": 7, "max_tokens": 7}, {"max_tokens": 7}),
        ({"stop": "x"}, {"stop_sequences": ["x"]}),
        ({"stop": ["x", "y"]}, {"stop_sequences": ["x", "y"]}),
        ({"stop": None}, {}),
        ({"user": "u"}, {"metadata": {"user_id": "u"}}),
        ({"safety_identifier": "u", "user": "u"}, {"metadata": {"user_id": "u"}}),
        ({"service_tier": "auto"}, {"service_tier": "auto"}),
        ({"service_tier": "default"}, {"service_tier": "standard_only"}),
        ({"reasoning_effort": "high"}, {"output_config": {"effort": "high"}}),
        ({"reasoning_effort": "none"}, {"thinking": {"type": "disabled"}}),
        ({"response_format": {"type": "text"}}, {}),
        ({"stream": False, "stream_options": None}, {"stream": False}),
        ({"store": True, "metadata": {"a": "b"}, "prompt_cache_key": "k"}, {}),
        ({"n": 1, "logprobs": False, "presence_penalty": 0, "logit_bias": {}, "seed": None}, {}),
    ],
)
def test_settings(said: dict[str, Any], carried: dict[str, Any]):
    out = made(asked(user("x"), **said))
    assert {name: one for name, one in out.items() if name not in ("model", "messages")} == carried


def test_streams_and_sampling():
    body = asked(
        user("x"),
        stream=True,
        stream_options={"include_usage": True, "include_obfuscation": False},
        temperature=0.5,
        top_p=1,
    )
    # Neither is in the types of the newest version of the API; the older one takes both.
    out = MADE.request(body)
    assert (out["stream"], out["temperature"], out["top_p"]) == (True, 0.5, 1)
    assert "stream_options" not in out


def test_a_schema_for_the_reply():
    schema = {"type": "object", "properties": {}}
    named = {"name": "n", "strict": True, "schema": schema, "description": "About it."}
    body = asked(user("x"), response_format={"type": "json_schema", "json_schema": named})
    assert made(body)["output_config"] == {
        "format": {"type": "json_schema", "schema": {"description": "About it.", **schema}}
    }


def test_a_history_that_was_sent_back():
    answered = {
        "role": "assistant",
        "content": "Yes.",
        "reasoning_content": "Hm.",
        "annotations": [],
        "audio": None,
        "function_call": None,
        "tool_calls": None,
    }
    assert made(asked(user("x"), answered))["messages"][1] == {
        "role": "assistant",
        "content": "Yes.",
    }


def test_what_was_refused_before_is_text():
    answered = {"role": "assistant", "content": None, "refusal": "No."}
    assert made(asked(user("x"), answered))["messages"][1]["content"] == "No."
    parts = [{"type": "refusal", "refusal": "No."}, {"type": "text", "text": ""}]
    assert made(asked(user("x"), {"role": "assistant", "content": parts}))["messages"][1] == {
        "role": "assistant",
        "content": [{"type": "text", "text": "No."}],
    }
