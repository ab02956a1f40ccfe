"""What a request needs of a model."""

from collections.abc import Iterator, Mapping

from pipeline.core.catalog import Capability
from pipeline.core.jsonvalue import JsonObject

_PARTS: Mapping[str, Capability] = {
    "image_url": "vision",
    "image": "vision",
    "input_audio": "audio",
    "audio_url": "audio",
    "file": "files",
}


def needs(body: JsonObject) -> frozenset[Capability]:
    """What the model must be able to do."""
    return frozenset(_needs(body))


def _needs(body: JsonObject) -> Iterator[Capability]:
    if body.get("tools") or body.get("functions"):
        yield "tools"
    wanted = body.get("response_format")
    if isinstance(wanted, dict) and wanted.get("type") in ("json_object", "json_schema"):
        yield "json"
    modalities = body.get("modalities")
    if isinstance(modalities, list) and "audio" in modalities:
        yield "audio"
    messages = body.get("messages")
    for message in messages if isinstance(messages, list) else ():
        content = message.get("content") if isinstance(message, dict) else None
        for part in content if isinstance(content, list) else ():
            kind = part.get("type") if isinstance(part, dict) else None
            if isinstance(kind, str) and kind in _PARTS:
                yield _PARTS[kind]
