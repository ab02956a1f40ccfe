"""Between a whole Chat Completions reply and the stream that says the same."""

from collections.abc import Iterable, Iterator

from pipeline.core.frames import Frame
from pipeline.core.jsonvalue import Json, JsonObject

_REPLACED = frozenset(
    {"role", "id", "type", "name", "index", "format", "refusal_reason", "expires_at"}
)


def split(data: JsonObject, *, usage: bool) -> Iterator[Frame]:
    """The chunks of a whole reply, `[DONE]` included; a usage chunk if the client asked for one."""
    choices = [one for one in _list(data.get("choices")) if isinstance(one, dict)]
    envelope: JsonObject = {
        key: value for key, value in data.items() if key not in ("choices", "usage")
    }
    envelope["object"] = "chat.completion.chunk"
    if usage:
        envelope["usage"] = None
    for position, choice in enumerate(choices):
        said: JsonObject = {key: value for key, value in choice.items() if key != "message"}
        said["index"] = choice.get("index", position)
        said["delta"] = _delta(choice.get("message"))
        said["finish_reason"] = None
        yield Frame({**envelope, "choices": [said]})
    # What concerns the whole reply was said once.
    envelope = {
        key: value for key, value in envelope.items() if not isinstance(value, (dict, list))
    }
    for position, choice in enumerate(choices):
        ending: JsonObject = {
            "index": choice.get("index", position),
            "delta": {},
            "finish_reason": choice.get("finish_reason") or "stop",
        }
        yield Frame({**envelope, "choices": [ending]})
    if usage:
        yield Frame({**envelope, "choices": [], "usage": data.get("usage")})
    yield Frame(None, end="done")


def join(chunks: Iterable[JsonObject]) -> JsonObject:
    """The whole reply that chunks say: texts joined by channel, the rest as last said."""
    whole: JsonObject = {}
    choices: dict[int, JsonObject] = {}
    for chunk in chunks:
        for key, value in chunk.items():
            if key == "choices":
                whole.setdefault("choices", [])
            elif key != "obfuscation" and (value is not None or key not in whole):
                whole[key] = value
        for position, choice in enumerate(_list(chunk.get("choices"))):
            if isinstance(choice, dict):
                index = choice.get("index")
                index = index if isinstance(index, int) else position
                _join_choice(choices.setdefault(index, {"index": index, "message": {}}), choice)
    whole["object"] = "chat.completion"
    if whole.get("usage", 0) is None:
        del whole["usage"]
    whole["choices"] = [_without_indexes(choices[index]) for index in sorted(choices)]
    return whole


def _join_choice(whole: JsonObject, choice: JsonObject) -> None:
    for key, value in choice.items():
        if key == "delta":
            message = whole["message"]
            if isinstance(message, dict) and isinstance(value, dict):
                _merge(message, value)
        elif key == "logprobs" and isinstance(value, dict):
            logprobs = whole.get(key)
            whole[key] = _extended(logprobs if isinstance(logprobs, dict) else {}, value)
        elif key == "token_ids" and isinstance(value, list):
            whole[key] = [*_list(whole.get(key)), *value]
        elif value is not None or key not in whole:
            whole[key] = value


def _merge(message: JsonObject, delta: JsonObject) -> None:
    """Add a delta: strings are appended, items joined by their index, the rest replaced."""
    for key, value in delta.items():
        old = message.get(key)
        if isinstance(old, str) and isinstance(value, str) and key not in _REPLACED:
            message[key] = old + value
        elif isinstance(old, dict) and isinstance(value, dict):
            _merge(old, value)
        elif isinstance(value, list):
            message[key] = _merge_items(_list(old), value)
        elif value is not None or key not in message:
            message[key] = value


def _merge_items(items: list[Json], added: list[Json]) -> list[Json]:
    items = list(items)
    for one in added:
        same = _same_index(items, one)
        if same is not None and isinstance(one, dict):
            _merge(same, one)
        else:
            items.append(one)
    return items


def _same_index(items: list[Json], one: Json) -> JsonObject | None:
    index = one.get("index") if isinstance(one, dict) else None
    if index is None:
        return None
    found = (item for item in items if isinstance(item, dict) and item.get("index") == index)
    return next(found, None)


def _without_indexes(choice: JsonObject) -> JsonObject:
    """Take out the indexes of tool calls, which only chunks have."""
    message = choice["message"]
    for call in _list(message.get("tool_calls")) if isinstance(message, dict) else ():
        if isinstance(call, dict):
            call.pop("index", None)
    return choice


def _delta(message: Json) -> JsonObject:
    if not isinstance(message, dict):
        return {}
    delta = dict(message)
    calls = delta.get("tool_calls")
    if isinstance(calls, list):
        delta["tool_calls"] = [_numbered(index, call) for index, call in enumerate(calls)]
    return delta


def _numbered(index: int, call: Json) -> Json:
    return {"index": index, **call} if isinstance(call, dict) else call


def _extended(old: JsonObject, new: JsonObject) -> JsonObject:
    """Lists appended to those of the same name; what is not a list is replaced by what is."""
    whole = dict(old)
    for key, value in new.items():
        before = whole.get(key)
        if isinstance(before, list) and isinstance(value, list):
            whole[key] = [*before, *value]
        elif value is not None or key not in whole:
            whole[key] = value
    return whole


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
