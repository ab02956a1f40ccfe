"""The pieces of a content block, and the channels that they belong to."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from pipeline.core.jsonvalue import JsonObject
from pipeline.core.plugin import Channel


class Said(NamedTuple):
    """A kind of delta: its member that is text, and the member of the block that this adds to."""

    key: str
    adds_to: str


DELTAS: Mapping[str, Said] = {
    "text_delta": Said("text", "text"),
    "thinking_delta": Said("thinking", "thinking"),
    "compaction_delta": Said("content", "content"),
    "input_json_delta": Said("partial_json", "input"),
}

DELTA_OF: Mapping[str, str] = {
    "text": "text_delta",
    "thinking": "thinking_delta",
    "compaction": "compaction_delta",
    "tool_use": "input_json_delta",
    "server_tool_use": "input_json_delta",
    "mcp_tool_use": "input_json_delta",
}
"""The kind of delta that the text of a block comes in, by the block's type."""


def channel(kind: str, index: int, form: Literal["text", "json"], tool: str) -> Channel:
    """The channel of a delta. `form` is that of content; `tool` is what the block calls, if any."""
    match kind:
        case "text_delta":
            return Channel("content", part=index, form=form)
        case "thinking_delta":
            return Channel("reasoning", part=index)
        case "input_json_delta":
            return Channel("arguments", part=index, form="json", tool=tool)
        case _:
            return Channel("other", part=index, name=kind)


def delta(of: Channel, text: str) -> JsonObject:
    """The delta that carries a piece of a channel's text."""
    kinds = {"reasoning": "thinking_delta", "arguments": "input_json_delta"}
    kind = kinds.get(of.kind, of.name or "text_delta")
    return {"type": kind, DELTAS[kind].key: text}
