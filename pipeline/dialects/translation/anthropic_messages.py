"""From the messages of an OpenAI chat to those of Anthropic's Messages."""

from collections.abc import Iterable

from pipeline.core.jsonvalue import Json, JsonObject
from pipeline.dialects.translation.conversation import Part, TextPart, Turn, turns
from pipeline.dialects.translation.members import not_carried

TARGET = "Anthropic's Messages"

_IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})


def messages(body: JsonObject) -> tuple[list[Json], list[Json]]:
    """The blocks of `system`, and the messages.

    Every system message goes to the front, wherever it stood: older models know no other place for
    one. The results of calls that were made together come back together, in one user message.
    """
    system: list[Json] = []
    out: list[Json] = []
    results: list[Json] | None = None
    for turn in turns(body, TARGET):
        if turn.role == "system":
            system += _blocks(turn.parts)
        elif turn.role == "tool":
            if results is None:
                results = []
                out.append({"role": "user", "content": results})
            results.append(_result(turn))
        else:
            results = None
            out.append({"role": turn.role, "content": _content(turn)})
    return system, out


def _content(turn: Turn) -> Json:
    """A message's content: a lone text as it is, else blocks."""
    match turn.parts, turn.calls:
        case [TextPart(text, None)], []:
            return text
        case [], []:
            return ""
        case parts, calls:
            used: list[Json] = [
                {"type": "tool_use", "id": one.id, "name": one.name, "input": one.arguments}
                for one in calls
            ]
            return [*_blocks(parts), *used]


def _result(turn: Turn) -> JsonObject:
    said: JsonObject = {"type": "tool_result", "tool_use_id": turn.call_id}
    match turn.parts:
        case [TextPart(text, None)]:
            said["content"] = text
        case parts:
            said["content"] = _blocks(parts)
    return said


def _blocks(parts: Iterable[Part]) -> list[Json]:
    """Blocks of text and images; a text block must not be empty, and an empty one says nothing."""
    return [_block(one) for one in parts if not (isinstance(one, TextPart) and not one.text)]


def _block(part: Part) -> JsonObject:
    block: JsonObject
    if isinstance(part, TextPart):
        block = {"type": "text", "text": part.text}
    elif not part.data:
        block = {"type": "image", "source": {"type": "url", "url": part.url}}
    elif part.media not in _IMAGES:
        raise not_carried(part.path, TARGET, "send JPEG, PNG, GIF or WebP")
    else:
        source: JsonObject = {"type": "base64", "media_type": part.media, "data": part.data}
        block = {"type": "image", "source": source}
    if part.cache is not None:
        block["cache_control"] = part.cache
    return block
