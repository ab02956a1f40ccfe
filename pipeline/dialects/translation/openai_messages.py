"""From the messages of Anthropic's Messages to those of an OpenAI chat."""

from collections.abc import Iterator

from pipeline.core.jsonvalue import Json, JsonObject, encode
from pipeline.dialects.anthropic.layout import CONTEXT
from pipeline.dialects.translation.members import (
    Members,
    not_carried,
    record,
    records,
    string,
    wrong,
)

TARGET = "OpenAI's chat"

CACHE = {"cache_control": "how long a prompt is cached changes what it costs, not what is said"}

_MESSAGE = Members(frozenset({"role", "content"}), harmless={CONTEXT: "it is gone before this"})
_TEXT = Members(
    frozenset({"type", "text"}),
    harmless={**CACHE, "citations": "they say where an earlier text came from"},
)
_IMAGE = Members(frozenset({"type", "source"}), harmless=CACHE)
_USE = Members(
    frozenset({"type", "id", "name", "input"}),
    harmless=CACHE,
    neutral={"caller": ({"type": "direct"},)},
)
_RESULT = Members(
    frozenset({"type", "tool_use_id", "content"}),
    harmless={**CACHE, "is_error": "what went wrong is in the result's text"},
)
_SOURCES = {
    "base64": Members(frozenset({"type", "media_type", "data"})),
    "url": Members(frozenset({"type", "url"})),
}
_THOUGHTS = frozenset({"thinking", "redacted_thinking"})
"""Reasoning of earlier turns, which only the model that made it reads again."""


def messages(body: JsonObject) -> Iterator[JsonObject]:
    """The messages of a chat, the system text first."""
    if system := body.get("system"):
        yield {"role": "system", "content": _parts(system, "system", images=False)}
    for message, path in records(body.get("messages"), "messages"):
        _MESSAGE.check(message, path, TARGET)
        content, at = message.get("content"), f"{path}.content"
        match message.get("role"):
            case "user":
                yield from _user(content, at)
            case "assistant":
                yield _assistant(content, at)
            case "system":
                yield {"role": "system", "content": _parts(content, at, images=False)}
            case _:
                raise wrong(f"{path}.role", "`user`, `assistant` or `system`")


def _user(content: Json, path: str) -> Iterator[JsonObject]:
    """The results of calls, each a message of its own, and what the user says to them."""
    if isinstance(content, str):
        yield {"role": "user", "content": content}
        return
    rest: list[tuple[JsonObject, str]] = []
    for block, at in records(content, path):
        if block.get("type") != "tool_result":
            rest.append((block, at))
            continue
        if rest:
            raise not_carried(at, TARGET, "put the results of tools before all else")
        _RESULT.check(block, at, TARGET)
        yield {
            "role": "tool",
            "tool_call_id": string(block.get("tool_use_id"), f"{at}.tool_use_id"),
            "content": _parts(block.get("content") or "", f"{at}.content", images=False),
        }
    if rest or not content:
        yield {"role": "user", "content": _joined([_part(*one, images=True) for one in rest])}


def _assistant(content: Json, path: str) -> JsonObject:
    if isinstance(content, str):
        return {"role": "assistant", "content": content}
    parts: list[Json] = []
    calls: list[Json] = []
    for block, at in records(content, path):
        kind = block.get("type")
        if kind == "tool_use":
            _USE.check(block, at, TARGET)
            called: JsonObject = {
                "name": string(block.get("name"), f"{at}.name"),
                "arguments": encode(record(block.get("input"), f"{at}.input")).decode(),
            }
            identity = string(block.get("id"), f"{at}.id")
            calls.append({"id": identity, "type": "function", "function": called})
        elif kind not in _THOUGHTS:
            parts.append(_part(block, at, images=False))
    said: JsonObject = {"role": "assistant", "content": _joined(parts) if parts else None}
    if not calls:
        return {**said, "content": said["content"] or ""}
    return {**said, "tool_calls": calls}


def _parts(content: Json, path: str, *, images: bool) -> Json:
    """Content as a string if it is one text, else as parts."""
    if isinstance(content, str):
        return content
    return _joined([_part(*one, images=images) for one in records(content, path)])


def _joined(parts: list[Json]) -> Json:
    match parts:
        case []:
            return ""
        case [{"type": "text", "text": text}]:
            return text
        case _:
            return parts


def _part(block: JsonObject, path: str, *, images: bool) -> Json:
    match block.get("type"):
        case "text":
            _TEXT.check(block, path, TARGET)
            return {"type": "text", "text": string(block.get("text"), f"{path}.text")}
        case "image" if images:
            _IMAGE.check(block, path, TARGET)
            url = _url(record(block.get("source"), f"{path}.source"), f"{path}.source")
            return {"type": "image_url", "image_url": {"url": url}}
        case _:
            what = "texts and images" if images else "texts"
            raise not_carried(path, TARGET, f"send {what} only")


def _url(source: JsonObject, path: str) -> str:
    kind = source.get("type")
    known = _SOURCES.get(kind) if isinstance(kind, str) else None
    if known is None:
        raise not_carried(path, TARGET, "send the image itself, or its address")
    known.check(source, path, TARGET)
    if kind == "url":
        return string(source.get("url"), f"{path}.url")
    media = string(source.get("media_type"), f"{path}.media_type")
    return f"data:{media};base64,{string(source.get('data'), f'{path}.data')}"
