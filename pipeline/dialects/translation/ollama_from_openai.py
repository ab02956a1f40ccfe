"""From OpenAI's chat to Ollama's own `/api/chat`: the request.

Source: Ollama's API documentation.
"""

from pipeline.core.frames import Event
from pipeline.core.jsonvalue import Json, JsonObject
from pipeline.core.translator import ReplyTranslator
from pipeline.dialects.translation.conversation import (
    ImagePart,
    TextPart,
    Tool,
    Turn,
    tools,
    turns,
)
from pipeline.dialects.translation.members import Members, not_carried, string, wrong
from pipeline.dialects.translation.ollama_reply import OllamaReply, refusal
from pipeline.dialects.translation.settings import (
    HARMLESS,
    NEUTRAL,
    check_stream_options,
    most_tokens,
    reply_schema,
    stops,
)

TARGET = "Ollama's API"

_HERE = "the server keeps no accounts of users"

_NUMBERS = ("temperature", "top_p", "seed", "frequency_penalty", "presence_penalty")
"""Members that are numbers, and have the same names in Ollama's `options`."""

_REQUEST = Members(
    carried=frozenset(
        {
            *("model", "messages", "stream", "stream_options", "tools", "tool_choice", "stop"),
            *("response_format", "reasoning_effort", "max_tokens", "max_completion_tokens"),
            *_NUMBERS,
        }
    ),
    harmless={**HARMLESS, "user": _HERE, "safety_identifier": _HERE},
    neutral={
        **NEUTRAL,
        "parallel_tool_calls": (True,),
        "service_tier": ("auto", "default"),
    },
)
_EFFORTS: dict[str, Json] = {
    "none": False,
    **{name: name for name in ("low", "medium", "high", "max")},
}


class OllamaFromOpenAI:
    """Translates for clients that speak OpenAI's chat, and backends that speak Ollama's API."""

    source = "openai"
    target = "ollama"

    def request(self, body: JsonObject) -> JsonObject:
        """The request for `/api/chat`, which streams unless it is told not to."""
        _REQUEST.check(body, "", TARGET)
        check_stream_options(body, TARGET)
        out: JsonObject = {
            "model": string(body.get("model"), "model"),
            "messages": _messages(body),
            "stream": body.get("stream") is True,
        }
        offered = [_tool(one) for one in tools(body, TARGET)]
        if _may_call(body.get("tool_choice")) and offered:
            out["tools"] = [*offered]
        if (schema := reply_schema(body, TARGET)) is not None:
            out["format"] = schema
        if (effort := body.get("reasoning_effort")) is not None:
            if not isinstance(effort, str) or effort not in _EFFORTS:
                raise not_carried("reasoning_effort", TARGET, "take another one")
            out["think"] = _EFFORTS[effort]
        if options := _options(body):
            out["options"] = options
        return out

    def reply(self, body: JsonObject) -> ReplyTranslator:
        """A translator of the reply to the client's request `body`."""
        return OllamaReply(body)

    def error(self, event: Event) -> Event:
        """The body of a refusal in OpenAI's form."""
        return refusal(event)


def _options(body: JsonObject) -> JsonObject:
    out: JsonObject = {}
    for name in _NUMBERS:
        if (value := body.get(name)) is None:
            continue
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise wrong(name, "a number")
        out[name] = value
    for name, value in (("num_predict", most_tokens(body, TARGET)), ("stop", stops(body))):
        if value is not None:
            out[name] = value
    return out


def _may_call(choice: Json) -> bool:
    """Whether the model may call tools; without any it cannot. It cannot be made to either."""
    if choice not in (None, "auto", "none"):
        raise not_carried("tool_choice", TARGET, "take `auto` or `none`")
    return choice != "none"


def _tool(tool: Tool) -> JsonObject:
    if tool.strict:
        raise not_carried(f"{tool.path}.strict", TARGET)
    function: JsonObject = {"name": tool.name, "description": tool.description or ""}
    function["parameters"] = tool.parameters or {"type": "object", "properties": {}}
    return {"type": "function", "function": function}


def _messages(body: JsonObject) -> list[Json]:
    """Messages have one text each, and their images beside it."""
    names: dict[str, str] = {}
    out: list[Json] = []
    for turn in turns(body, TARGET):
        names |= {one.id: one.name for one in turn.calls}
        said: JsonObject = {"role": turn.role, "content": _text(turn)}
        if images := [_image(one) for one in turn.parts if isinstance(one, ImagePart)]:
            said["images"] = [*images]
        if turn.calls:
            said["tool_calls"] = [
                {"id": one.id, "function": {"name": one.name, "arguments": one.arguments}}
                for one in turn.calls
            ]
        if turn.role == "tool":
            if turn.call_id not in names:
                raise wrong(f"{turn.path}.tool_call_id", "the id of a call before it")
            said |= {"tool_name": names[turn.call_id], "tool_call_id": turn.call_id}
        out.append(said)
    return out


def _text(turn: Turn) -> str:
    return "\n".join(one.text for one in turn.parts if isinstance(one, TextPart))


def _image(image: ImagePart) -> str:
    if not image.data:
        raise not_carried(image.path, TARGET, "send the image itself in a data URL")
    return image.data
