"""From Anthropic's Messages to OpenAI's chat: the request.

Source: the types of the `anthropic` and `openai` packages. `max_tokens` goes by its newer name: the
older one is refused by OpenAI's newer models, and all current servers know both.
"""

from collections.abc import Mapping

from pipeline.core.frames import Event
from pipeline.core.jsonvalue import Json, JsonObject
from pipeline.core.translator import ReplyTranslator
from pipeline.dialects.translation.members import (
    Members,
    not_carried,
    record,
    records,
    string,
    wrong,
)
from pipeline.dialects.translation.openai_messages import CACHE, TARGET, messages
from pipeline.dialects.translation.openai_reply import OpenAIReply, refusal

_REQUEST = Members(
    carried=frozenset(
        {
            *("model", "messages", "system", "stream", "tools", "tool_choice", "max_tokens"),
            *("stop_sequences", "temperature", "top_p", "metadata", "output_config"),
            *("service_tier", "thinking"),
        }
    ),
    harmless=CACHE,
    neutral={"mcp_servers": ([],), "speed": ("standard",), "betas": ([],)},
)
_METADATA = Members(frozenset({"user_id"}))
_OUTPUT = Members(frozenset({"effort", "format"}))
_FORMAT = Members(frozenset({"type", "schema"}))
_THINKING = Members(frozenset({"type"}))
_TOOL = Members(
    frozenset({"type", "name", "description", "input_schema", "strict"}),
    harmless={**CACHE, "eager_input_streaming": "it says how a stream is cut"},
    neutral={"defer_loading": (False,), "allowed_callers": (["direct"],), "input_examples": ([],)},
)
_CHOICE = Members(frozenset({"type", "name", "disable_parallel_tool_use"}))
_CHOICES: Mapping[Json, str] = {"auto": "auto", "any": "required", "none": "none"}
_TIERS: Mapping[Json, str] = {"auto": "auto", "standard_only": "default"}


class OpenAIFromAnthropic:
    """Translates for clients that speak Messages, and backends that speak OpenAI's chat."""

    @property
    def source(self) -> str:
        """The clients' dialect."""
        return "anthropic"

    @property
    def target(self) -> str:
        """The backend's dialect."""
        return "openai"

    def request(self, body: JsonObject) -> JsonObject:
        """The chat request."""
        _REQUEST.check(body, "", TARGET)
        out: JsonObject = {
            "model": string(body.get("model"), "model"),
            "messages": [*messages(body)],
        }
        # Messages always says what a reply cost.
        counted: JsonObject = {"include_usage": True}
        for name, value in (
            ("max_completion_tokens", body.get("max_tokens")),
            ("stop", body.get("stop_sequences") or None),
            ("temperature", body.get("temperature")),
            ("top_p", body.get("top_p")),
            ("user", _user(body)),
            ("service_tier", _tier(body)),
            ("stream", body.get("stream")),
            ("stream_options", counted if body.get("stream") is True else None),
        ):
            if value is not None:
                out[name] = value
        if offered := [_tool(tool, path) for tool, path in records(body.get("tools"), "tools")]:
            out["tools"] = [*offered]
        return {**out, **_output(body), **_choice(body)}

    def reply(self, body: JsonObject) -> ReplyTranslator:
        """A translator of the reply to the client's request `body`."""
        return OpenAIReply(body)

    def error(self, event: Event) -> Event:
        """The body of a refusal in Anthropic's form."""
        return refusal(event)


def _user(body: JsonObject) -> Json:
    if (metadata := body.get("metadata")) is None:
        return None
    metadata = record(metadata, "metadata")
    _METADATA.check(metadata, "metadata", TARGET)
    return metadata.get("user_id")


def _tier(body: JsonObject) -> Json:
    if (asked := body.get("service_tier")) is None:
        return None
    if not isinstance(asked, str) or asked not in _TIERS:
        raise not_carried("service_tier", TARGET, "take `auto` or `standard_only`")
    return _TIERS[asked]


def _output(body: JsonObject) -> JsonObject:
    """How much the model may think, and which schema its reply follows."""
    out: JsonObject = {}
    if (thinking := body.get("thinking")) is not None:
        thinking = record(thinking, "thinking")
        if thinking.get("type") != "disabled":
            raise not_carried("thinking", TARGET, "take `output_config.effort` in its place")
        _THINKING.check(thinking, "thinking", TARGET)
        out["reasoning_effort"] = "none"
    if (config := body.get("output_config")) is None:
        return out
    config = record(config, "output_config")
    _OUTPUT.check(config, "output_config", TARGET)
    if (effort := config.get("effort")) is not None and not out:
        out["reasoning_effort"] = string(effort, "output_config.effort")
    if (wanted := config.get("format")) is not None:
        wanted = record(wanted, "output_config.format")
        _FORMAT.check(wanted, "output_config.format", TARGET)
        schema = record(wanted.get("schema"), "output_config.format.schema")
        named: JsonObject = {"name": "reply", "schema": schema, "strict": True}
        out["response_format"] = {"type": "json_schema", "json_schema": named}
    return out


def _tool(tool: JsonObject, path: str) -> JsonObject:
    if tool.get("type", "custom") not in (None, "custom"):
        raise not_carried(f"{path}.type", TARGET, "offer tools of your own only")
    _TOOL.check(tool, path, TARGET)
    function: JsonObject = {"name": string(tool.get("name"), f"{path}.name")}
    if (described := tool.get("description")) is not None:
        function["description"] = string(described, f"{path}.description")
    function["parameters"] = record(tool.get("input_schema"), f"{path}.input_schema")
    if tool.get("strict") is True:
        function["strict"] = True
    return {"type": "function", "function": function}


def _choice(body: JsonObject) -> JsonObject:
    if (choice := body.get("tool_choice")) is None:
        return {}
    choice = record(choice, "tool_choice")
    _CHOICE.check(choice, "tool_choice", TARGET)
    out: JsonObject = {}
    kind = choice.get("type")
    if kind == "tool":
        name = string(choice.get("name"), "tool_choice.name")
        out["tool_choice"] = {"type": "function", "function": {"name": name}}
    elif isinstance(kind, str) and kind in _CHOICES:
        out["tool_choice"] = _CHOICES[kind]
    else:
        raise wrong("tool_choice.type", "`auto`, `any`, `tool` or `none`")
    if choice.get("disable_parallel_tool_use") is True:
        out["parallel_tool_calls"] = False
    return out
