"""Law 2: every string of a request reaches the plugins, and every string of a reply."""

import json
from typing import Any

import pytest
from classified import unclassified
from msgspec.structs import replace
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming
from sdk_types import Path, string_places

from pipeline import Channel, Plugin, Request, TextFilter, Whole, testing
from pipeline.core.layout import Node
from pipeline.dialects.openai import OpenAIChat
from pipeline.dialects.openai.layout import LAYOUT

CHAT = OpenAIChat()


def problems(layout: Node) -> dict[str, str]:
    return unclassified(layout, CompletionCreateParamsNonStreaming)


def test_every_string_of_the_sdks_request_is_classified():
    assert problems(LAYOUT) == {}


def test_the_walk_over_the_types_finds_what_it_must():
    paths = {".".join(place.path) for place in string_places(CompletionCreateParamsNonStreaming)}
    assert len(paths) > 100
    assert {
        "messages.[].role=user.content",
        "messages.[].role=user.content.[].type=image_url.image_url.url",
        "messages.[].role=assistant.tool_calls.[].type=function.function.arguments",
        "tools.[].type=function.function.parameters.*",
        "metadata.*",
        "stop.[]",
    } <= paths


@pytest.mark.parametrize("name", ["messages", "user", "tools", "stop", "reasoning_effort"])
def test_a_path_that_is_not_classified_is_found(name: str):
    fields = {key: node for key, node in LAYOUT.fields.items() if key != name}
    assert any(path.startswith(name) for path in problems(replace(LAYOUT, fields=fields)))


def request(**more: Any) -> Any:
    """A request with everything in it."""
    arguments = json.dumps({"a": "x", "list": ["x", {"b": "x"}]})
    schema = {
        "type": "object",
        "title": "x",
        "properties": {"x": {"type": "string", "enum": ["x"], "pattern": "x"}},
        "required": ["x"],
        "anyOf": [{"$ref": "x"}],
        "x-more": {"a": ["x"]},
    }
    parts = [
        {"type": "text", "text": "x"},
        {"type": "refusal", "refusal": "x"},
        {"type": "image_url", "image_url": {"url": "https://x/", "detail": "auto"}},
        {"type": "image_url", "image_url": "https://x/"},
        {"type": "input_audio", "input_audio": {"data": "x", "format": "wav"}},
        {"type": "file", "file": {"file_data": "x", "file_id": "x", "filename": "x"}},
        {"type": "new", "new": {"a": [{"b": "x"}]}},
        "x",
    ]
    calls = [
        {"id": "x", "type": "function", "function": {"name": "x", "arguments": arguments}},
        {"id": "x", "type": "function", "function": {"name": "x", "arguments": arguments[:9]}},
        {"id": "x", "type": "function", "function": {"name": "x", "arguments": "not JSON"}},
        {"id": "x", "type": "custom", "custom": {"name": "x", "input": arguments}},
    ]
    function = {"name": "x", "description": "x", "parameters": schema, "strict": True}
    grammar = {"syntax": "lark", "definition": "x"}
    named = {"name": "x"}
    place = {"city": "x", "country": "x", "region": "x", "timezone": "x"}
    return {
        "model": "x",
        "messages": [
            {"role": "developer", "content": "x", "name": "x"},
            {"role": "system", "content": parts},
            {"role": "user", "content": parts},
            {
                "role": "assistant",
                "content": parts,
                "refusal": "x",
                "reasoning_content": "x",
                "reasoning": "x",
                "thinking_blocks": [{"type": "thinking", "thinking": "x", "signature": "x"}],
                "tool_calls": calls,
                "function_call": {"name": "x", "arguments": arguments},
                "audio": {"id": "x"},
            },
            {"role": "tool", "tool_call_id": "x", "content": arguments},
            {"role": "tool", "tool_call_id": "x", "content": "x"},
            {"role": "tool", "tool_call_id": "x", "content": parts},
            {"role": "function", "name": "x", "content": arguments},
            {"role": "new", "content": "x", "more": [{"a": "x"}]},
        ],
        "tools": [
            {"type": "function", "function": function},
            {
                "type": "custom",
                "custom": {
                    "name": "x",
                    "description": "x",
                    "format": {"type": "grammar", "grammar": grammar},
                },
            },
            {"type": "new", "new": {"a": "x"}},
        ],
        "functions": [function],
        "function_call": named,
        "tool_choice": {
            "type": "allowed_tools",
            "function": named,
            "custom": named,
            "allowed_tools": {"mode": "auto", "tools": [{"type": "function", "function": named}]},
        },
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "x", "description": "x", "schema": schema},
        },
        "prediction": {"type": "content", "content": parts},
        "stop": ["x"],
        "metadata": {"a": "x", "x": "b"},
        "user": "x",
        "safety_identifier": "x",
        "prompt_cache_key": "x",
        "web_search_options": {
            "search_context_size": "low",
            "user_location": {"type": "approximate", "approximate": place},
        },
        "audio": {"format": "wav", "voice": {"id": "x"}},
        "modalities": ["text"],
        "reasoning_effort": "low",
        "verbosity": "low",
        "service_tier": "auto",
        "stream_options": {"include_usage": True},
        "logit_bias": {"50256": -100},
        "temperature": 0.5,
        "a_new_parameter": {"deep": [{"er": "x"}]},
        **more,
    }


@pytest.mark.parametrize(
    "body",
    [
        request(),
        request(stop="x", tool_choice="auto", function_call="auto", audio={"voice": "x"}),
        request(prediction={"type": "content", "content": "x"}),
        testing.sample_request("x"),
    ],
    ids=["everything", "short forms", "prediction", "sample"],
)
def test_a_canary_in_any_place_reaches_the_plugins(body: Any):
    testing.check_coverage(CHAT, body)


@pytest.mark.parametrize("kind", ["text", "json"])
def test_a_dialect_that_hides_a_string_is_found(kind: str):
    class Blind(OpenAIChat):
        @property
        def layout(self) -> Node:
            values = frozenset({"canary"})
            blind = Node(string="name", values=values)
            return replace(LAYOUT, fields={**LAYOUT.fields, "metadata": Node(others=blind)})

    with pytest.raises(AssertionError, match=r"law 2: a string at metadata\.a"):
        testing.check_coverage(Blind(), request())


@pytest.mark.parametrize("name", ["role", "type"])
def test_structure_with_a_value_that_nobody_knows_is_shown(name: str):
    body = {"model": "m", "messages": [{"role": "user", "content": [{"type": "text"}]}]}
    place: Any = body["messages"][0]
    (place if name == "role" else place["content"][0])[name] = "jane@example.org"
    fixed = Request(body, CHAT.layout, CHAT.add_context).fixed()
    assert "jane@example.org" in {one.text for one in fixed}


class Censor(Plugin, frozen=True):
    """Takes the canary out of whatever text it is given."""

    def on_text(self, channel: Channel) -> TextFilter:
        return Whole(lambda text: text.replace("canary", "***"))


STRUCTURE = {
    "id",
    "model",
    "system_fingerprint",
    "obfuscation",
    "choices.[].message.audio.id",
    "choices.[].message.audio.data",
    "choices.[].message.tool_calls.[].id",
    "choices.[].message.tool_calls.[].function.name",
    "choices.[].message.tool_calls.[].custom.name",
    "choices.[].message.function_call.name",
}
"""What of a reply is no text: a string here goes to the client as it is."""


def build(path: Path, leaf: Any) -> Any:
    if not path:
        return leaf
    inner = build(path[1:], leaf)
    if path[0] == "[]":
        return [inner]
    return {"any" if path[0] == "*" else path[0]: inner}


def reply_places(kind: type, message: str) -> list[Path]:
    return [
        place.path
        for place in string_places(kind)
        if place.values is None
        and ".".join(place.path).replace(f".{message}.", ".message.") not in STRUCTURE
    ]


@pytest.mark.parametrize("path", reply_places(ChatCompletion, "message"), ids=".".join)
def test_every_string_of_the_sdks_reply_passes_the_filters(path: Path):
    reply = {"id": "r", "choices": [{"index": 0, "message": {}, "finish_reason": "stop"}]}
    check_censored(merge(reply, build(path, "canary")))


@pytest.mark.parametrize("path", reply_places(ChatCompletionChunk, "delta"), ids=".".join)
def test_every_string_of_the_sdks_chunk_passes_the_filters(path: Path):
    end = {"id": "r", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    chunk = {"id": "r", "choices": [{"index": 0, "delta": {}, "finish_reason": None}]}
    check_censored([merge(chunk, build(path, "canary")), end])


def check_censored(reply: Any) -> None:
    stream = isinstance(reply, list)
    assert b"canary" in testing.exchange([], "", reply, stream=stream).raw, "the control"
    result = testing.exchange(Censor(), "", reply, stream=stream)
    assert result.error is None
    assert b"canary" not in result.raw
    # It is filtered and not lost; but log probabilities cannot be filtered and are dropped.
    assert b"***" in result.raw or b"logprobs" in result.raw


def merge(one: Any, other: Any) -> Any:
    if isinstance(one, dict) and isinstance(other, dict):
        both = {key: merge(one[key], other[key]) for key in one.keys() & other.keys()}
        return {**one, **other, **both}
    if isinstance(one, list) and isinstance(other, list):
        return [merge(one[0], other[0])]
    return other
