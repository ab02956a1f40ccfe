"""A request of Anthropic's Messages with everything in it, and what cannot be inspected."""

from base64 import b64encode
from urllib.parse import quote

from pipeline.core.jsonvalue import Json, JsonObject
from pipeline.testing.messages import sample_request

_CACHE: JsonObject = {"type": "ephemeral", "ttl": "5m"}


def maximal_request(text: str) -> JsonObject:
    """A request with everything in it that the protocol knows, but for what cannot be inspected:
    `text` wherever that can be rewritten, and words that fit wherever it cannot.
    """
    sample = sample_request(text)
    messages, tools = sample["messages"], sample["tools"]
    assert isinstance(messages, list) and isinstance(tools, list), "so it was built"
    place: Json = {"city": text, "country": text, "region": text, "timezone": text}
    blocks = _blocks(text)
    definition: Json = {
        "type": "web_search_20250305",
        "name": "web_search",
        "allowed_domains": ["docs.example"],
        "blocked_domains": ["ads.example"],
        "allowed_callers": ["direct"],
        "user_location": {"type": "approximate", **place},
        "cache_control": _CACHE,
        "caching": _CACHE,
        "max_uses": 3,
        "input_examples": [{"query": text}],
        "response_inclusion": "full",
        "model": "guard",
        "mcp_server_name": "files",
        "tools": [_listed(text)],
        "url_sources": {
            "client_tool_results": {"type": "only", "tools": [{"type": "tool", "name": "search"}]},
            "server_tool_results": {"type": "all"},
            "user_input": {"type": "none"},
        },
        "new": {"value": text},
    }
    reference: Json = {
        "type": "tool_definition",
        "name": "search",
        "server_name": "files",
        "definition": definition,
    }
    schema: Json = {
        "type": "object",
        "title": text,
        "properties": {"query": {"type": "string", "pattern": "^a", "examples": [text]}},
        "required": ["query"],
        "anyOf": [{"$ref": "#/a"}],
    }
    thinking: Json = {
        "type": "enabled",
        "budget_tokens": 1024,
        "display": "omitted",
        "block_binding": {"prefix_mismatch_behavior": "error"},
    }
    output: Json = {
        "effort": "low",
        "format": {"type": "json_schema", "schema": schema},
        "task_budget": {"type": "tokens", "total": 9, "remaining": 9},
    }
    return {
        **sample,
        "messages": [
            *messages,
            {"role": "assistant", "content": blocks},
            {
                "role": "user",
                "content": [
                    {"type": "tool_addition", "tool": reference, "cache_control": _CACHE},
                    {"type": "mcp_tool_listing", "tools": [_listed(text)]},
                    {
                        "type": "fallback",
                        "from": {"model": "a"},
                        "to": {"model": "b"},
                        "trigger": {"type": "refusal", "category": "bio"},
                    },
                    {
                        "type": "tool_result",
                        "tool_use_id": "toolu_1",
                        "tool_changes": [{"type": "tool_addition", "tool": reference}],
                    },
                    {"type": "new", "new": {"deep": [{"er": text}]}},
                    text,
                ],
                "clear_at": "never",
                "output_config": {"effort": "low"},
            },
            {"role": "system", "content": text},
            {"role": "new", "content": text, "more": [{"deep": text}]},
        ],
        "system": [{"type": "text", "text": text, "cache_control": _CACHE}],
        "tools": [*tools, definition],
        "tool_choice": {"type": "tool", "name": "search"},
        "metadata": {"user_id": text, text: "value", "number": 1},
        "cache_control": _CACHE,
        "thinking": thinking,
        "output_config": output,
        "output_format": {"type": "json_schema", "schema": schema},
        "service_tier": "auto",
        "speed": "fast",
        "inference_geo": "eu",
        "container": {
            "id": "container_1",
            "skills": [{"skill_id": "pdf", "type": "anthropic", "version": "latest"}],
        },
        "diagnostics": {"previous_message_id": "msg_0"},
        "user_profile_id": "profile_1",
        "workspace_id": "space_1",
        "betas": ["beta_1"],
        "billing_policy": {"type": "billing_policy", "bill_to": "self"},
        "compaction": {"type": "summarize", "instructions": text},
        "context_management": {
            "edits": [
                {
                    "type": "compact_20260112",
                    "instructions": text,
                    "keep": {"type": "tool_uses", "value": 1},
                    "trigger": {"type": "input_tokens", "value": 1},
                    "clear_at_least": {"type": "input_tokens", "value": 1},
                    "clear_tool_inputs": ["search"],
                    "exclude_tools": ["search"],
                }
            ]
        },
        "fallbacks": [
            {"model": "b", "output_config": output, "speed": "fast", "thinking": thinking}
        ],
        "mcp_servers": [
            {
                "type": "url",
                "name": "files",
                "url": "https://mcp.example",
                "tool_configuration": {"allowed_tools": ["search"]},
            }
        ],
        "thread": {"type": "continue", "previous_message_id": "msg_0"},
        "temperature": 0.5,
        "top_k": 5,
    }


def opaque_parts(text: str) -> list[JsonObject]:
    """Blocks of a message with `text` in content that cannot be inspected, of each kind."""
    data = b64encode(text.encode()).decode()
    link = f"https://files.example/{quote(text)}"
    image: Json = {"type": "base64", "media_type": "image/png", "data": data}
    pdf: Json = {"type": "base64", "media_type": "application/pdf", "data": data}
    inner: Json = {"type": "image", "source": image}
    return [
        {"type": "image", "source": image},
        {"type": "image", "source": {"type": "url", "url": link}},
        {"type": "image", "source": {"type": "file", "file_id": text}},
        {"type": "document", "source": pdf},
        {"type": "document", "source": {"type": "url", "url": link}},
        {"type": "document", "source": {"type": "content", "content": [inner]}},
        {"type": "tool_result", "tool_use_id": "toolu_1", "content": [inner]},
        {"type": "container_upload", "file_id": text},
        {"type": "thinking", "thinking": "", "signature": data},
        {"type": "redacted_thinking", "data": data},
        {"type": "text", "text": f"data:text/plain;base64,{data}"},
    ]


def _blocks(text: str) -> list[Json]:
    """What tools on the provider's side leave behind, and other rare blocks."""
    ran: Json = {
        "type": "bash_code_execution_result",
        "stdout": text,
        "stderr": text,
        "return_code": 0,
        "content": [],
    }
    viewed: Json = {
        "type": "text_editor_code_execution_view_result",
        "content": text,
        "file_type": "text",
        "start_line": 1,
    }
    failed: Json = {"type": "tool_error", "error_code": "unavailable", "error_message": text}
    fetched: Json = {
        "type": "web_fetch_result",
        "url": text,
        "retrieved_at": text,
        "content": {"type": "document", "source": {"type": "text", "data": text}, "title": text},
    }
    found: Json = {"type": "web_search_result", "title": text, "url": text, "page_age": text}
    browser: Json = {
        "type": "browser_state",
        "tabs": [{"tab_id": "tab_1", "title": text, "url": text}],
        "state_changes": [
            {"type": "download_failed", "download_id": "d_1", "path": text, "error": text}
        ],
    }
    references: Json = {
        "type": "tool_search_tool_search_result",
        "tool_references": [{"type": "tool_reference", "tool_name": "search"}],
    }
    cited: Json = {
        "type": "search_result_location",
        "cited_text": text,
        "document_title": text,
        "title": text,
        "url": text,
        "source": text,
        "file_id": "file_1",
        "document_index": 0,
    }
    caller: Json = {"type": "code_execution_20250825", "tool_id": "srvtoolu_1"}
    return [
        {"type": "text", "text": text, "citations": [cited], "cache_control": _CACHE},
        {"type": "compaction", "content": text},
        {
            "type": "server_tool_use",
            "id": "srvtoolu_1",
            "name": "web_search",
            "input": {"query": text},
            "caller": caller,
        },
        {
            "type": "mcp_tool_use",
            "id": "mcptoolu_1",
            "name": "search",
            "server_name": "files",
            "mcp_server_name": "files",
            "toolset_name": "all",
            "input": {"query": text},
        },
        _result("web_search_tool_result", [found]),
        _result("web_fetch_tool_result", fetched),
        _result("bash_code_execution_tool_result", ran),
        _result("text_editor_code_execution_tool_result", viewed),
        _result("code_execution_tool_result", failed),
        _result("text_editor_code_execution_tool_result", {"lines": [text]}),
        _result("tool_search_tool_result", references),
        _result("advisor_tool_result", {"text": text, "stop_reason": "end_turn"}),
        _result("tool_result", [browser, {"type": "tool_reference", "tool_name": "search"}]),
    ]


def _result(kind: str, content: Json) -> JsonObject:
    return {"type": kind, "tool_use_id": "toolu_1", "content": content, "is_error": False}


def _listed(text: str) -> JsonObject:
    return {"name": "find", "description": text, "input_schema": {"type": "object", "title": text}}
