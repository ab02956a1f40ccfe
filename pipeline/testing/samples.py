"""Requests and replies with one text in every position that a text can have."""

from base64 import b64encode
from json import dumps
from urllib.parse import quote

from pipeline.core.dialect import Dialect
from pipeline.core.jsonvalue import Json, JsonObject
from pipeline.dialects.openai import OpenAIChat
from pipeline.testing import messages, messages_maximal

OPENAI: Dialect = OpenAIChat()


def plain_request(dialect: Dialect, text: str) -> JsonObject:
    """A request that asks `text`."""
    if _is_messages(dialect):
        return messages.plain_request(text)
    return {"model": "test", "messages": [{"role": "user", "content": text}]}


def plain_reply(dialect: Dialect, text: str) -> JsonObject:
    """A whole reply that says `text`."""
    if _is_messages(dialect):
        return messages.plain_reply(text)
    return _reply([_choice(0, {"role": "assistant", "content": text})])


def sample_request(text: str, dialect: Dialect = OPENAI) -> JsonObject:
    """A request with `text` in every kind of position that can be rewritten."""
    if _is_messages(dialect):
        return messages.sample_request(text)
    nested: JsonObject = {"value": text, "list": [text, {"deep": text}]}
    arguments = dumps({"value": text, "list": [text, {text: 1}]})
    call: Json = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "search", "arguments": arguments},
    }
    broken: Json = {
        "id": "call_2",
        "type": "function",
        "function": {"name": "search", "arguments": dumps({"value": text})[:-2]},
    }
    custom: Json = {"id": "call_3", "type": "custom", "custom": {"name": "run", "input": text}}
    schema: JsonObject = {
        "type": "object",
        "description": text,
        "properties": {"query": {"type": "string", "default": text, "enum": [text, "x"]}},
    }
    return {
        "model": "test",
        "messages": [
            {"role": "system", "content": text},
            {"role": "user", "content": [{"type": "text", "text": text}], "name": text},
            {
                "role": "assistant",
                "content": None,
                "refusal": text,
                "reasoning_content": text,
                "tool_calls": [call, broken, custom],
            },
            {"role": "tool", "tool_call_id": "call_1", "content": arguments},
            {"role": "user", "content": text, "unknown": nested},
        ],
        "tools": [
            {
                "type": "function",
                "function": {"name": "search", "description": text, "parameters": schema},
            }
        ],
        "stop": [text],
        "metadata": {"value": text, text: "value"},
        "user": text,
        "prediction": {"type": "content", "content": text},
        "an_unknown_parameter": nested,
    }


def sample_reply(text: str, dialect: Dialect = OPENAI) -> JsonObject:
    """A whole reply with `text` in every kind of channel; in OpenAI's chat it has two choices."""
    if _is_messages(dialect):
        return messages.sample_reply(text)
    arguments = dumps({"value": text, "list": [text, 1.5, None, {"deep": text}]})
    calls: list[Json] = [
        {"id": "c1", "type": "function", "function": {"name": "a", "arguments": arguments}},
        {"id": "c2", "type": "function", "function": {"name": "b", "arguments": arguments[:-5]}},
        {"id": "c3", "type": "custom", "custom": {"name": "c", "input": text}},
    ]
    first: JsonObject = {
        "role": "assistant",
        "content": text,
        "reasoning_content": text,
        "tool_calls": calls,
    }
    second: JsonObject = {
        "role": "assistant",
        "content": text,
        "refusal": text,
        "function_call": {"name": "old", "arguments": arguments},
        "unknown": text,
    }
    return _reply([_choice(0, first), _choice(1, second)])


def _reply(choices: list[Json]) -> JsonObject:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "test",
        "choices": choices,
    }


def _choice(index: int, message: JsonObject) -> JsonObject:
    return {"index": index, "message": message, "finish_reason": "stop"}


def _is_messages(dialect: Dialect) -> bool:
    """Whether the samples are to be in Anthropic's Messages; else they are in OpenAI's chat."""
    if dialect.name not in ("openai", "anthropic"):
        raise TypeError(f"for the dialect `{dialect.name}`, give whole bodies instead of a text")
    return dialect.name == "anthropic"


def maximal_request(text: str, dialect: Dialect = OPENAI) -> JsonObject:
    """A request with everything in it that the protocol and its servers know, but for content that
    cannot be inspected: `text` wherever that can be rewritten, and words that fit wherever it
    cannot.
    """
    if _is_messages(dialect):
        return messages_maximal.maximal_request(text)
    sample = sample_request(text)
    turns, tools = sample["messages"], sample["tools"]
    assert isinstance(turns, list) and isinstance(tools, list), "so it was built"
    arguments = dumps({"value": text, "count": 1})
    parts: list[Json] = [
        {"type": "text", "text": text, "cache_control": {"type": "ephemeral", "ttl": "5m"}},
        {"type": "refusal", "refusal": text, "prompt_cache_breakpoint": {"mode": "explicit"}},
        {"type": "new", "new": {"deep": [{"er": text}]}},
        text,
    ]
    called: Json = {"name": "search", "arguments": arguments}
    plain: Json = {"name": "search", "arguments": text}
    thinking: Json = {"type": "thinking", "thinking": text, "signature": "signed"}
    schema: JsonObject = {
        "$id": "schema_1",
        "type": "object",
        "title": text,
        "properties": {"query": {"type": "string", "pattern": "^a", "examples": [text]}},
        "required": ["query"],
        "anyOf": [{"$ref": "#/a"}],
    }
    function: Json = {"name": "find", "description": text, "parameters": schema, "strict": True}
    grammar: Json = {"syntax": "lark", "definition": text}
    named: Json = {"name": "search"}
    place: Json = {"city": text, "country": text, "region": text, "timezone": text}
    return {
        **sample,
        "messages": [
            *turns,
            {"role": "developer", "content": parts, "name": text},
            {"role": "user", "content": parts, "cache_control": {"type": "ephemeral"}},
            {
                "role": "assistant",
                "content": parts,
                "reasoning": text,
                "thinking_blocks": [thinking],
                "function_call": called,
                "tool_calls": [{"id": "call_4", "type": "function", "index": 0, "function": plain}],
            },
            {"role": "tool", "tool_call_id": "call_4", "content": text},
            {"role": "tool", "tool_call_id": "call_4", "content": parts},
            {"role": "function", "name": "search", "content": arguments},
            {"role": "new", "content": text, "more": [{"deep": text}]},
        ],
        "tools": [
            *tools,
            {
                "type": "custom",
                "custom": {
                    "name": "run",
                    "description": text,
                    "format": {"type": "grammar", "grammar": grammar},
                },
                "cache_control": {"type": "ephemeral"},
            },
            {"type": "new", "new": {"value": text}},
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
            "json_schema": {"name": "answer", "description": text, "schema": schema},
        },
        "metadata": {"value": text, text: "value", "number": 1},
        "safety_identifier": text,
        "prompt_cache_key": text,
        "prompt_cache_retention": "24h",
        "prompt_cache_options": {"mode": "implicit", "ttl": "30m"},
        "web_search_options": {
            "search_context_size": "low",
            "user_location": {"type": "approximate", "approximate": place},
        },
        "audio": {"format": "wav", "voice": {"id": "voice_1"}},
        "modalities": ["text"],
        "moderation": {
            "model": "guard",
            "policy": {"input": {"mode": "score"}, "output": {"mode": "block"}},
        },
        "reasoning_effort": "low",
        "verbosity": "low",
        "service_tier": "auto",
        "logit_bias": {"50256": -100},
        "seed": 1,
        "temperature": 0.5,
    }


def opaque_parts(text: str, dialect: Dialect = OPENAI) -> list[JsonObject]:
    """Parts of a message with `text` in content that cannot be inspected, of each kind."""
    if _is_messages(dialect):
        return messages_maximal.opaque_parts(text)
    data = b64encode(text.encode()).decode()
    link = f"https://files.example/{quote(text)}"
    image = f"data:image/png;base64,{data}"
    return [
        {"type": "image_url", "image_url": {"url": image}},
        {"type": "image_url", "image_url": {"url": link}},
        {"type": "image_url", "image_url": image},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": data}},
        {"type": "input_audio", "input_audio": {"data": data, "format": "wav"}},
        {"type": "audio_url", "audio_url": {"url": link}},
        {"type": "video_url", "video_url": {"url": image}},
        {"type": "file", "file": {"file_data": data}},
        {"type": "file", "file": {"file_id": text}},
        {"type": "text", "text": f"data:text/plain;base64,{data}"},
    ]
