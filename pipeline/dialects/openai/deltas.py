"""Chunks that carry nothing but a piece of one channel's text."""

from pipeline.core.jsonvalue import JsonObject
from pipeline.core.plugin import Channel

THINKING = "content.thinking"
"""The name of the channel that reasoning takes when it comes as a part of the content."""


def delta(channel: Channel, text: str) -> JsonObject:
    """The delta that carries a piece of a channel's text."""
    match channel.kind, channel.name:
        case "arguments", "function_call":
            return {"function_call": {"arguments": text}}
        case "arguments", "custom":
            return {"tool_calls": [{"index": channel.part, "custom": {"input": text}}]}
        case "arguments", _:
            return {"tool_calls": [{"index": channel.part, "function": {"arguments": text}}]}
        case "content", "audio":
            return {"audio": {"transcript": text}}
        case "reasoning", name if name == THINKING:
            part: JsonObject = {"type": "thinking", "thinking": [{"type": "text", "text": text}]}
            return {"content": [part]}
        case "reasoning", name if "." in name:
            field, key = name.split(".")
            return {field: [{"index": channel.part, key: text}]}
        case kind, name:
            return {name or kind: text}
