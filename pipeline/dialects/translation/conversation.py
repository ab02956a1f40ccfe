"""An OpenAI chat as what can be carried over to other protocols: texts, images, tools.

Whatever else is in it is refused by name here, once for all protocols.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct

from pipeline.core.jsonvalue import Json, JsonObject, decode
from pipeline.dialects.translation.members import (
    Members,
    not_carried,
    record,
    records,
    string,
    wrong,
)

Role = Literal["system", "user", "assistant", "tool"]

_DATA_URL = re.compile(r"data:([\w.+/-]+);base64,([A-Za-z0-9+/_=\s-]*)")

_HINT = "how long a prompt is cached changes what it costs, not what is said"
_ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
}
_PROMPT = Members(frozenset({"role", "content"}))
_ANSWER = Members(
    frozenset({"role", "content", "refusal", "tool_calls"}),
    harmless={
        "reasoning_content": "reasoning of earlier turns is not read again without its signature",
        "reasoning": "as `reasoning_content`",
        "annotations": "they say where an earlier text came from",
    },
)
_RESULT = Members(
    frozenset({"role", "content", "tool_call_id"}),
    harmless={"name": "the id says which call this answers"},
)
_MESSAGE: dict[Role, Members] = {
    "system": _PROMPT,
    "user": _PROMPT,
    "assistant": _ANSWER,
    "tool": _RESULT,
}
_PART_HINTS = {"prompt_cache_breakpoint": _HINT}
_TEXT = Members(frozenset({"type", "text", "cache_control"}), _PART_HINTS)
_REFUSAL = Members(frozenset({"type", "refusal"}), _PART_HINTS)
_IMAGE = Members(frozenset({"type", "image_url", "cache_control"}), _PART_HINTS)
_IMAGE_URL = Members(
    frozenset({"url"}),
    harmless={"detail": "a model that cannot be told looks at an image as closely as it does"},
)
_CALL = Members(
    frozenset({"id", "type", "function"}), harmless={"index": "calls are in their order anyway"}
)
_FUNCTION_CALL = Members(frozenset({"name", "arguments"}))
_TOOL = Members(frozenset({"type", "function", "cache_control"}))
_FUNCTION = Members(frozenset({"name", "description", "parameters", "strict"}))


class TextPart(Struct, frozen=True):
    """A text, and the `cache_control` that some clients put beside it."""

    text: str
    cache: Json = None


class ImagePart(Struct, frozen=True):
    """An image at a web address, or in a data URL: then `data` is its base64 and `media` its type.

    `path` is where it is in the request.
    """

    path: str
    url: str
    media: str = ""
    data: str = ""
    cache: Json = None


Part = TextPart | ImagePart


class ToolCall(Struct, frozen=True):
    """A call of a function that the model asked for."""

    id: str
    name: str
    arguments: JsonObject


class Turn(Struct, frozen=True):
    """A message. `call_id` says which call it answers, if its role is `tool`."""

    role: Role
    parts: Sequence[Part]
    path: str
    calls: Sequence[ToolCall] = ()
    call_id: str = ""


class Tool(Struct, frozen=True):
    """A function that the model may call. `parameters` is its JSON schema."""

    name: str
    path: str
    description: str | None = None
    parameters: JsonObject | None = None
    strict: bool = False
    cache: Json = None


def turns(body: JsonObject, target: str) -> Iterator[Turn]:
    """The messages of a chat; raises BadRequest for what cannot be carried over to `target`."""
    for message, path in records(body.get("messages"), "messages"):
        role = _ROLES.get(string(message.get("role"), f"{path}.role"))
        if role is None:
            raise not_carried(
                f"{path}.role", target, "take `user`, `assistant`, `system` or `tool`"
            )
        _MESSAGE[role].check(message, path, target)
        parts = list(_parts(message.get("content"), f"{path}.content", target))
        refused = message.get("refusal")
        if role == "assistant" and refused is not None:
            parts.append(TextPart(string(refused, f"{path}.refusal")))
        yield Turn(
            role,
            parts,
            path,
            [*_calls(message.get("tool_calls"), f"{path}.tool_calls", target)],
            string(message.get("tool_call_id"), f"{path}.tool_call_id") if role == "tool" else "",
        )


def tools(body: JsonObject, target: str) -> Iterator[Tool]:
    """The functions that a chat offers."""
    for tool, path in records(body.get("tools"), "tools"):
        _only_functions(tool, path, target)
        _TOOL.check(tool, path, target)
        function, at = record(tool.get("function"), f"{path}.function"), f"{path}.function"
        _FUNCTION.check(function, at, target)
        described, schema = function.get("description"), function.get("parameters")
        yield Tool(
            string(function.get("name"), f"{at}.name"),
            at,
            None if described is None else string(described, f"{at}.description"),
            None if schema is None else record(schema, f"{at}.parameters"),
            function.get("strict") is True,
            tool.get("cache_control"),
        )


def _parts(content: Json, path: str, target: str) -> Iterator[Part]:
    if isinstance(content, str):
        yield TextPart(content)
        return
    for part, at in records(content, path):
        cache = part.get("cache_control")
        match part.get("type"):
            case "text":
                _TEXT.check(part, at, target)
                yield TextPart(string(part.get("text"), f"{at}.text"), cache)
            case "refusal":
                _REFUSAL.check(part, at, target)
                yield TextPart(string(part.get("refusal"), f"{at}.refusal"))
            case "image_url":
                _IMAGE.check(part, at, target)
                yield _image(part.get("image_url"), f"{at}.image_url", target, cache)
            case _:
                raise not_carried(at, target, "send texts and images only")


def _image(linked: Json, path: str, target: str, cache: Json) -> ImagePart:
    if isinstance(linked, dict):
        _IMAGE_URL.check(linked, path, target)
        linked, path = linked.get("url"), f"{path}.url"
    url = string(linked, path)
    if url[:8].lower().startswith(("http://", "https://")):
        return ImagePart(path, url, cache=cache)
    if (found := _DATA_URL.fullmatch(url)) is None:
        raise not_carried(path, target, "give a web address or a data URL in base64")
    return ImagePart(path, url, found[1].lower(), found[2], cache)


def _calls(calls: Json, path: str, target: str) -> Iterator[ToolCall]:
    for call, at in records(calls, path):
        _only_functions(call, at, target)
        _CALL.check(call, at, target)
        function, where = record(call.get("function"), f"{at}.function"), f"{at}.function"
        _FUNCTION_CALL.check(function, where, target)
        yield ToolCall(
            string(call.get("id"), f"{at}.id"),
            string(function.get("name"), f"{where}.name"),
            _arguments(function.get("arguments"), f"{where}.arguments"),
        )


def _arguments(said: Json, path: str) -> JsonObject:
    """Arguments are JSON in a string; where a function takes none, some clients leave it empty."""
    try:
        found = decode((string(said, path).strip() or "{}").encode())
    except ValueError:
        raise wrong(path, "valid JSON in a string") from None
    if not isinstance(found, dict):
        raise wrong(path, "a JSON object in a string")
    return found


def _only_functions(value: JsonObject, path: str, target: str) -> None:
    if value.get("type", "function") != "function":
        raise not_carried(path, target, "offer and call functions only")
