"""Requests and replies with one text in every position that a text can have."""

from json import dumps

from pipeline.core.dialect import Dialect
from pipeline.core.jsonvalue import Json, JsonObject


def plain_request(dialect: Dialect, text: str) -> JsonObject:
    """A request that asks `text`."""
    _only_openai(dialect)
    return {"model": "test", "messages": [{"role": "user", "content": text}]}


def plain_reply(dialect: Dialect, text: str) -> JsonObject:
    """A whole reply that says `text`."""
    _only_openai(dialect)
    return _reply([_choice(0, {"role": "assistant", "content": text})])


def sample_request(text: str) -> JsonObject:
    """A Chat Completions request with `text` in every kind of position that can be rewritten."""
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


def sample_reply(text: str) -> JsonObject:
    """A whole Chat Completions reply of two choices, with `text` in every kind of channel."""
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


def _only_openai(dialect: Dialect) -> None:
    if dialect.name != "openai":
        raise TypeError(f"for the dialect `{dialect.name}`, give whole bodies instead of a text")
