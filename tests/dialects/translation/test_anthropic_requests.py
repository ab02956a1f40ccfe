"""From OpenAI's chat to Anthropic's Messages: what is carried over, and what is refused by name."""

from copy import deepcopy
from typing import Any

import pytest
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming
from dialects.translation.conforming import faults
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import completion_create_params
from typing_extensions import get_type_hints

from pipeline.core.errors import BadRequest
from pipeline.core.jsonvalue import JsonObject, encode
from pipeline.dialects.translation import anthropic_from_openai
from pipeline.dialects.translation.anthropic_from_openai import AnthropicFromOpenAI

MADE = AnthropicFromOpenAI()
PNG = "data:image/png;base64,iVBORw0KGgo="


def asked(*messages: Any, **more: Any) -> dict[str, Any]:
    return {"model": "m", "messages": list(messages), **more}


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def made(body: dict[str, Any]) -> Any:
    """The translation, which is valid and leaves the request as it is."""
    before = deepcopy(body)
    out = MADE.request(body)
    assert body == before
    assert faults({"max_tokens": 1, **out}, MessageCreateParamsNonStreaming) == []
    return out


def refused(body: dict[str, Any]) -> str | None:
    with pytest.raises(BadRequest) as caught:
        MADE.request(body)
    return caught.value.param


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


TOOL = {
    "type": "function",
    "function": {
        "name": "look",
        "description": "Looks.",
        "parameters": {"type": "object", "properties": {"a": {"type": "string"}}},
        "strict": True,
    },
}


def called(identity: str, arguments: str = "{}") -> dict[str, Any]:
    function = {"name": "look", "arguments": arguments}
    return {"id": identity, "type": "function", "function": function}


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


TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
TEXT_PART = TEXT.map(lambda text: {"type": "text", "text": text})
IMAGE = st.sampled_from([PNG, "https://x.example/i.png"]).map(
    lambda url: {"type": "image_url", "image_url": {"url": url}}
)
CONTENT = TEXT | st.lists(TEXT_PART, min_size=1, max_size=3)
LEAF = TEXT | st.integers(-9, 9) | st.booleans() | st.none()
OBJECT = st.dictionaries(TEXT, LEAF | st.lists(LEAF, max_size=2), max_size=3)


@st.composite
def exchanges(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A few messages that may follow each other."""
    said: list[dict[str, Any]] = [user(draw(CONTENT | st.lists(TEXT_PART | IMAGE, min_size=1)))]
    if draw(st.booleans()):
        said.insert(0, {"role": draw(st.sampled_from(["system", "developer"])), "content": "s"})
        said[0]["content"] = draw(CONTENT)
    if draw(st.booleans()):
        count = draw(st.integers(0, 3))
        answer: dict[str, Any] = {"role": "assistant", "content": draw(CONTENT | st.none())}
        if count:
            answer["tool_calls"] = [
                called(f"c{number}", encode(draw(OBJECT)).decode()) for number in range(count)
            ]
        said.append(answer)
        for number in range(count):
            result = {"role": "tool", "tool_call_id": f"c{number}", "content": draw(CONTENT)}
            said.append(result)
    return said


@given(
    st.lists(exchanges(), min_size=1, max_size=3).map(
        lambda parts: [one for part in parts for one in part]
    ),
    st.fixed_dictionaries(
        {},
        optional={
            "max_tokens": st.integers(1, 9),
            "stop": TEXT | st.lists(TEXT, max_size=3),
            "user": TEXT,
            "tools": st.lists(
                st.builds(
                    lambda text, schema: {
                        "type": "function",
                        "function": {"name": "f", "description": text, "parameters": schema},
                    },
                    TEXT,
                    OBJECT,
                ),
                max_size=2,
            ),
            "tool_choice": st.sampled_from(["auto", "none", "required"]),
            "parallel_tool_calls": st.booleans(),
            "stream": st.just(False),
        },
    ),
)
def test_a_random_chat_is_valid_and_whole(messages: list[Any], more: dict[str, Any]):
    out = made(asked(*messages, **more))
    assert sorted(texts_of(messages, more)) == sorted(said_in(out))


def texts_of(messages: list[Any], more: dict[str, Any]) -> list[str]:
    """Every text of a chat, as it must come out again."""
    found: list[str] = []
    for message in messages:
        content = message["content"]
        parts = content if isinstance(content, list) else [{"type": "text", "text": content or ""}]
        found += [part["text"] for part in parts if part["type"] == "text"]
        for call in message.get("tool_calls", ()):
            found.append(call["function"]["arguments"])
    stop = more.get("stop", [])
    found += [stop] if isinstance(stop, str) else stop
    found += [one["function"]["description"] for one in more.get("tools", ())]
    found += [more["user"]] if "user" in more else []
    return [text for text in found if text]


def said_in(out: JsonObject) -> list[str]:
    found: list[str] = []

    def look(content: Any) -> None:
        if isinstance(content, str):
            found.append(content)
            return
        for block in content:
            match block["type"]:
                case "text":
                    found.append(block["text"])
                case "tool_use":
                    found.append(encode(block["input"]).decode())
                case "tool_result":
                    look(block["content"])
                case _:
                    pass

    look(out.get("system", []))
    for message in out["messages"]:  # type: ignore[union-attr]
        look(message["content"])  # type: ignore[index,call-overload]
    found.extend(out.get("stop_sequences", []))  # type: ignore[arg-type]
    found += [one["description"] for one in out.get("tools", [])]  # type: ignore[union-attr,index,misc,call-overload]
    metadata: Any = out.get("metadata", {})
    found += [metadata["user_id"]] if metadata else []
    return [text for text in found if text]
