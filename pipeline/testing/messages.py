"""Requests and replies of Anthropic's Messages with one text in every position that it can have."""

from pipeline.core.jsonvalue import Json, JsonObject


def plain_request(text: str) -> JsonObject:
    """A request that asks `text`."""
    return {"model": "test", "max_tokens": 99, "messages": [{"role": "user", "content": text}]}


def plain_reply(text: str) -> JsonObject:
    """A whole reply that says `text`."""
    return _reply([{"type": "text", "text": text}])


def sample_request(text: str) -> JsonObject:
    """A request with `text` in every kind of position that can be rewritten."""
    nested: JsonObject = {"value": text, "list": [text, {"deep": text}]}
    schema: JsonObject = {
        "type": "object",
        "description": text,
        "properties": {"query": {"type": "string", "default": text, "enum": [text, "x"]}},
    }
    document: Json = {
        "type": "document",
        "source": {"type": "text", "media_type": "text/plain", "data": text},
        "title": text,
        "context": text,
    }
    found: Json = {
        "type": "search_result",
        "source": text,
        "title": text,
        "content": [{"type": "text", "text": text}],
    }
    call: Json = {
        "type": "tool_use",
        "id": "toolu_1",
        "name": "search",
        "input": {"value": text, "list": [text, {text: 1}]},
    }
    return {
        **plain_request(text),
        "system": [{"type": "text", "text": text}],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": text}, document, found]},
            {"role": "assistant", "content": [{"type": "thinking", "thinking": text}, call]},
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "toolu_1", "content": text},
                    {"type": "tool_result", "tool_use_id": "toolu_2", "content": [found, document]},
                ],
            },
            {"role": "user", "content": text, "unknown": nested},
        ],
        "tools": [{"name": "search", "description": text, "input_schema": schema}],
        "stop_sequences": [text],
        "metadata": {"user_id": text},
        "an_unknown_parameter": nested,
    }


def sample_reply(text: str) -> JsonObject:
    """A whole reply with `text` in every kind of channel."""
    given: JsonObject = {"value": text, "list": [text, 1.5, None, {"deep": text}], text: text}
    cited: Json = {"type": "char_location", "cited_text": text, "document_title": text}
    return _reply(
        [
            {"type": "thinking", "thinking": text, "signature": "c2lnbmVk"},
            {"type": "text", "text": text, "citations": [cited]},
            {"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": text}},
            {
                "type": "web_search_tool_result",
                "tool_use_id": "s1",
                "content": [{"type": "web_search_result", "title": text, "url": text}],
            },
            {"type": "text", "text": text, "citations": None},
            {"type": "tool_use", "id": "t1", "name": "a", "input": given},
            {"type": "tool_use", "id": "t2", "name": "b", "input": {}},
            {"type": "unknown", "unknown": text},
        ]
    )


def _reply(content: list[Json]) -> JsonObject:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "test",
        "content": content,
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 3, "output_tokens": 5},
    }
