"""Between a whole Chat Completions reply and the stream that says the same."""

from collections.abc import Iterable, Iterator

from pipeline.core.frames import Frame
from pipeline.core.jsonvalue import Json, JsonObject

_REPLACED = frozenset({"role", "id", "type", "index", "format", "refusal_reason", "expires_at"})


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
    said: list[JsonObject] = []
    choices: dict[int, list[JsonObject]] = {}
    for chunk in chunks:
        said.append(chunk)
        for position, choice in enumerate(_list(chunk.get("choices"))):
            if isinstance(choice, dict):
                index = choice.get("index")
                choices.setdefault(index if isinstance(index, int) else position, []).append(choice)
    whole: JsonObject = {key: _last(values) for key, values in _by_key(said).items()}
    whole.pop("obfuscation", None)
    whole["object"] = "chat.completion"
    if whole.get("usage", 0) is None:
        del whole["usage"]
    whole["choices"] = [_choice(index, choices[index]) for index in sorted(choices)]
    return whole


def _choice(index: int, said: list[JsonObject]) -> JsonObject:
    whole: JsonObject = {"index": index, "message": {}}
    for key, values in _by_key(said).items():
        if key == "delta":
            whole["message"] = _joined(key, values) or {}
        elif key in ("logprobs", "token_ids"):
            whole[key] = _joined(key, values)
        elif key != "message":
            whole[key] = _last(values)
    return _without_indexes(whole)


def _joined(key: str, said: list[Json]) -> Json:
    """The value that was said in pieces: strings and lists are appended, objects by member."""
    said = [one for one in said if one is not None]
    if not said:
        return None
    strings = [one for one in said if isinstance(one, str)]
    objects = [one for one in said if isinstance(one, dict)]
    if len(strings) == len(said) and key not in _REPLACED:
        # Some servers say a name in pieces, some say all of it again and again.
        once = {*filter(None, strings)} if key == "name" else set[str]()
        return once.pop() if len(once) == 1 else "".join(strings)
    if len(objects) == len(said):
        return {name: _joined(name, values) for name, values in _by_key(objects).items()}
    if all(isinstance(one, (list, str)) for one in said) and key not in _REPLACED:
        return _items([item for one in said for item in _parts(one)])
    return _last(said)


def _parts(said: Json) -> list[Json]:
    """A list's items. Content may come now as parts, now as a string: a part like any other."""
    if isinstance(said, str):
        return [{"type": "text", "text": said}] if said else []
    return _list(said)


def _items(said: list[Json]) -> list[Json]:
    """Items in order; those with the same index are one that was said in pieces."""
    items: list[list[Json]] = []
    known: dict[int, list[Json]] = {}
    for one in said:
        index = one.get("index") if isinstance(one, dict) else None
        if not isinstance(index, int):
            items.append([one])
        elif index in known:
            known[index].append(one)
        else:
            known[index] = [one]
            items.append(known[index])
    return [one[0] if len(one) == 1 else _joined("", one) for one in items]


def _by_key(said: list[JsonObject]) -> dict[str, list[Json]]:
    found: dict[str, list[Json]] = {}
    for one in said:
        for key, value in one.items():
            found.setdefault(key, []).append(value)
    return found


def _last(said: list[Json]) -> Json:
    return next((one for one in reversed(said) if one is not None), None)


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


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []
