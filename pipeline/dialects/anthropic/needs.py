"""What a request needs of a model."""

from collections.abc import Iterator

from pipeline.core.catalog import Capability
from pipeline.core.jsonvalue import Json, JsonObject


def needs(body: JsonObject) -> frozenset[Capability]:
    """What the model must be able to do."""
    return frozenset(_needs(body))


def _needs(body: JsonObject) -> Iterator[Capability]:
    if body.get("tools"):
        yield "tools"
    output = body.get("output_config")
    if (isinstance(output, dict) and output.get("format")) or body.get("output_format"):
        yield "json"
    messages = body.get("messages")
    for message in messages if isinstance(messages, list) else ():
        if isinstance(message, dict):
            yield from _content(message.get("content"))


def _content(content: Json) -> Iterator[Capability]:
    for block in content if isinstance(content, list) else ():
        if not isinstance(block, dict):
            continue
        match block.get("type"):
            case "image":
                yield "vision"
            case "document":
                source = block.get("source")
                if not (isinstance(source, dict) and source.get("type") in ("text", "content")):
                    yield "files"
            case "container_upload":
                yield "files"
            case "tool_result":
                yield from _content(block.get("content"))
            case _:
                pass
