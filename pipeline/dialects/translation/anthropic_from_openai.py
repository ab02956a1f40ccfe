"""From OpenAI's chat to Anthropic's Messages: the request.

Source: the types of the `openai` and `anthropic` packages, and Anthropic's documentation of the API
versions 2023-06-01 and 2026-10-21. The second one knows no `temperature` and no `top_p`; they are
carried over all the same, and it refuses them by name.
"""

from collections.abc import Mapping

from pipeline.core.frames import Event
from pipeline.core.jsonvalue import Json, JsonObject
from pipeline.core.translator import ReplyTranslator
from pipeline.dialects.translation.anthropic_messages import TARGET, messages
from pipeline.dialects.translation.anthropic_reply import AnthropicReply, refusal
from pipeline.dialects.translation.conversation import Tool, tools
from pipeline.dialects.translation.members import Members, not_carried, record, string, wrong
from pipeline.dialects.translation.settings import (
    HARMLESS,
    NEUTRAL,
    check_stream_options,
    most_tokens,
    reply_schema,
    stops,
)

_REQUEST = Members(
    carried=frozenset(
        {
            *("model", "messages", "stream", "stream_options", "tools", "tool_choice"),
            *("parallel_tool_calls", "max_tokens", "max_completion_tokens", "stop"),
            *("temperature", "top_p", "user", "safety_identifier", "response_format"),
            *("reasoning_effort", "service_tier"),
        }
    ),
    harmless=HARMLESS,
    neutral={**NEUTRAL, "frequency_penalty": (0,), "presence_penalty": (0,)},
)
_CHOICE = Members(frozenset({"type", "function"}))
_NAMED = Members(frozenset({"name"}))
_EFFORTS = frozenset({"low", "medium", "high", "xhigh", "max"})
_TIERS: Mapping[Json, str] = {"auto": "auto", "default": "standard_only"}


class AnthropicFromOpenAI:
    """Translates for clients that speak OpenAI's chat, and backends that speak Messages."""

    source = "openai"
    target = "anthropic"

    def request(self, body: JsonObject) -> JsonObject:
        """The Messages request. `max_tokens` is left to the backend if the client says none."""
        _REQUEST.check(body, "", TARGET)
        check_stream_options(body, TARGET)
        system, turns = messages(body)
        out: JsonObject = {"model": string(body.get("model"), "model"), "messages": turns}
        if system:
            out["system"] = system
        for name, value in (
            ("max_tokens", most_tokens(body, TARGET)),
            ("stop_sequences", stops(body)),
            ("temperature", body.get("temperature")),
            ("top_p", body.get("top_p")),
            ("service_tier", _tier(body)),
            ("metadata", _metadata(body)),
            ("thinking", _thinking(body)),
            ("output_config", _output(body)),
        ):
            if value is not None:
                out[name] = value
        if offered := [_tool(one) for one in tools(body, TARGET)]:
            out["tools"] = [*offered]
        if choice := _choice(body, offered=bool(offered)):
            out["tool_choice"] = choice
        if body.get("stream") is not None:
            out["stream"] = body["stream"]
        return out

    def reply(self, body: JsonObject) -> ReplyTranslator:
        """A translator of the reply to the client's request `body`."""
        return AnthropicReply(body)

    def error(self, event: Event) -> Event:
        """The body of a refusal in OpenAI's form."""
        return refusal(event)


def _tier(body: JsonObject) -> Json:
    if (asked := body.get("service_tier")) is None:
        return None
    tier = _TIERS.get(asked) if isinstance(asked, str) else None
    if tier is None:
        raise not_carried("service_tier", TARGET, "take `auto` or `default`")
    return tier


def _metadata(body: JsonObject) -> Json:
    """Both say who is asking; `safety_identifier` is OpenAI's newer name for it."""
    user, new = body.get("user"), body.get("safety_identifier")
    if user is not None and new is not None and user != new:
        raise not_carried("user", TARGET, "give it or `safety_identifier`")
    if user is None and new is None:
        return None
    name = "user" if new is None else "safety_identifier"
    return {"user_id": string(body[name], name)}


def _thinking(body: JsonObject) -> Json:
    """No effort at all is no thinking; the other efforts have a place of their own."""
    return {"type": "disabled"} if body.get("reasoning_effort") == "none" else None


def _output(body: JsonObject) -> Json:
    out: JsonObject = {}
    effort = body.get("reasoning_effort")
    if isinstance(effort, str) and effort in _EFFORTS:
        out["effort"] = effort
    elif effort is not None and effort != "none":
        raise not_carried("reasoning_effort", TARGET, "take another one")
    schema = reply_schema(body, TARGET)
    if schema == "json":
        raise not_carried("response_format", TARGET, "take `json_schema` or plain text")
    if schema is not None:
        out["format"] = {"type": "json_schema", "schema": schema}
    return out or None


def _tool(tool: Tool) -> JsonObject:
    schema = tool.parameters
    out: JsonObject = {
        "name": tool.name,
        "input_schema": schema or {"type": "object", "properties": {}},
    }
    if tool.description is not None:
        out["description"] = tool.description
    if tool.strict:
        out["strict"] = True
    if tool.cache is not None:
        out["cache_control"] = tool.cache
    return out


def _choice(body: JsonObject, *, offered: bool) -> JsonObject | None:
    """Which tool is to be called. Nothing need be said where there is none to choose."""
    asked, parallel = body.get("tool_choice"), body.get("parallel_tool_calls")
    if parallel is not None and not isinstance(parallel, bool):
        raise wrong("parallel_tool_calls", "true or false")
    choice: JsonObject
    match asked:
        case None | "auto":
            if not offered or (asked is None and parallel is not False):
                return None
            choice = {"type": "auto"}
        case "none":
            return {"type": "none"} if offered else None
        case "required" | "any":
            choice = {"type": "any"}
        case {"type": "function"}:
            _CHOICE.check(asked, "tool_choice", TARGET)
            named = record(asked.get("function"), "tool_choice.function")
            _NAMED.check(named, "tool_choice.function", TARGET)
            choice = {
                "type": "tool",
                "name": string(named.get("name"), "tool_choice.function.name"),
            }
        case _:
            raise not_carried("tool_choice", TARGET, "take a mode, or name one function")
    return {**choice, "disable_parallel_tool_use": True} if parallel is False else choice
