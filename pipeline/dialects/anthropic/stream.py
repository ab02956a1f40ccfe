"""Between a whole Messages reply and the stream that says the same."""

from collections.abc import Iterable, Iterator

from pipeline.core.errors import UpstreamFailed
from pipeline.core.frames import Frame
from pipeline.core.jsonvalue import Json, JsonObject, decode, encode
from pipeline.dialects.anthropic.deltas import DELTA_OF, DELTAS

_LAST = frozenset({"stop_reason", "stop_sequence", "stop_details"})
"""What is known only when the reply is complete."""


def split(data: JsonObject) -> Iterator[Frame]:
    """The events of a whole reply."""
    content = data.get("content")
    usage = data.get("usage")
    start: JsonObject = {**data, "content": [], **dict.fromkeys(_LAST & data.keys())}
    if isinstance(usage, dict) and "output_tokens" in usage:
        start["usage"] = {**usage, "output_tokens": 0}
    yield _event("message_start", message=start)
    for index, block in enumerate(content if isinstance(content, list) else ()):
        begun, deltas = _begun(block)
        yield _event("content_block_start", index=index, content_block=begun)
        for said in deltas:
            yield _event("content_block_delta", index=index, delta=said)
        yield _event("content_block_stop", index=index)
    ending: JsonObject = {"stop_reason": None, "stop_sequence": None}
    ending |= {key: data[key] for key in _LAST & data.keys()}
    if isinstance(usage, dict):
        made: JsonObject = {key: usage[key] for key in ("output_tokens",) if key in usage}
        yield _event("message_delta", delta=ending, usage=made)
    else:
        yield _event("message_delta", delta=ending)
    yield Frame({"type": "message_stop"}, "message_stop", end="done")


def join(events: Iterable[JsonObject]) -> JsonObject:
    """The whole reply that events say."""
    whole: JsonObject = {}
    blocks: dict[int, _Joined] = {}
    for event in events:
        index = event.get("index")
        match event.get("type"), event.get("message"), event.get("content_block"):
            case "message_start", dict() as message, _:
                whole = dict(message)
            case "content_block_start", _, block if isinstance(index, int):
                blocks[index] = _Joined(block)
            case "content_block_delta", _, _ if isinstance(index, int) and index in blocks:
                blocks[index].add(event.get("delta"))
            case "message_delta", _, _:
                _finish(whole, event)
            case _:
                pass
    begun = whole.get("content")
    content = begun if isinstance(begun, list) else []
    whole["content"] = [*content, *(blocks[index].whole() for index in sorted(blocks))]
    return whole


class _Joined:
    """A block that was said in pieces."""

    def __init__(self, block: Json):
        self._block = dict(block) if isinstance(block, dict) else block
        self._input = ""

    def add(self, delta: Json) -> None:
        """Add what a delta says."""
        block = self._block
        if not isinstance(delta, dict) or not isinstance(block, dict):
            return
        match delta.get("type"):
            case "input_json_delta":
                text = delta.get("partial_json")
                self._input += text if isinstance(text, str) else ""
            case "citations_delta":
                cited = block.get("citations")
                block["citations"] = [
                    *(cited if isinstance(cited, list) else []),
                    delta.get("citation"),
                ]
            case kind:
                for key, value in delta.items():
                    if key != "type":
                        self._put(key, value, adds=kind in DELTAS)

    def whole(self) -> Json:
        """The block; raises UpstreamFailed if its input cannot be read."""
        if self._input and isinstance(self._block, dict):
            try:
                self._block["input"] = decode(self._input.encode())
            except ValueError:
                raise UpstreamFailed(
                    "the backend broke off the input of a tool, which a whole reply cannot show; "
                    "ask for a stream"
                ) from None
        return self._block

    def _put(self, key: str, value: Json, *, adds: bool) -> None:
        assert isinstance(self._block, dict), "as `add` has seen"
        before = self._block.get(key)
        if adds and isinstance(before, str) and isinstance(value, str):
            value = before + value
        self._block[key] = value


def _begun(block: Json) -> tuple[Json, list[Json]]:
    """How a block begins, and the deltas that complete it."""
    if not isinstance(block, dict):
        return block, []
    kind = block.get("type")
    said = DELTA_OF.get(kind, "") if isinstance(kind, str) else ""
    if not said:
        return block, []
    key, member = DELTAS[said]
    value = block.get(member)
    begun = dict(block)
    deltas: list[Json] = []
    if member == "input" and isinstance(value, dict):
        begun["input"] = {}
        if value:
            deltas.append({"type": said, key: encode(value).decode()})
    elif isinstance(value, str):
        begun[member] = ""
        deltas.append({"type": said, key: value})
    if kind == "thinking" and isinstance(block.get("signature"), str):
        begun["signature"] = ""
        deltas.append({"type": "signature_delta", "signature": block["signature"]})
    return begun, deltas


def _finish(whole: JsonObject, event: JsonObject) -> None:
    """Add what is said at the end: figures are totals, and nulls say nothing new."""
    for key, value in event.items():
        if key == "usage" and isinstance(value, dict):
            before = whole.get("usage")
            known = {name: one for name, one in value.items() if one is not None}
            whole["usage"] = {**(before if isinstance(before, dict) else {}), **known}
        elif key == "delta" and isinstance(value, dict):
            for name, one in value.items():
                if one is not None or name in whole:
                    whole[name] = one
        elif key != "type":
            whole[key] = value


def _event(kind: str, **members: Json) -> Frame:
    return Frame({"type": kind, **members}, kind)
