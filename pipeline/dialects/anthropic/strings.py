"""Strings of a reply that belong to no channel."""

import re
from collections.abc import Iterator

from pipeline.core.errors import UpstreamFailed
from pipeline.core.frames import Piece
from pipeline.core.jsonvalue import Json, JsonObject, Place
from pipeline.core.plugin import Channel
from pipeline.core.walk import MAX_DEPTH
from pipeline.dialects.strings import once

_STRUCTURE = frozenset(
    """type id name role model tool_use_id tool_id tool_name toolset_name server_name
    mcp_server_name file_id tab_id download_id signature media_type stop_reason encrypted_content
    encrypted_index encrypted_stdout skill_id version""".split()
)
_NAME = re.compile(r"[a-z_]{1,64}")
_BINARY = frozenset({"base64", "redacted_thinking"})
"""Types of objects whose `data` is no text."""


def rest(value: Json, place: Place, key: str | int, depth: int = 0) -> Iterator[Piece]:
    """The strings in a member that is nobody's channel, but for structure."""
    if depth > MAX_DEPTH:
        raise UpstreamFailed(f"the backend's JSON is nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, str):
        if not is_structure(key, place):
            yield from once(value, place, key)
    elif key == "input" and isinstance(value, dict):
        # What a tool is given is user data, whatever its members are called.
        called = place.get("name") if isinstance(place, dict) else None
        tool = called if isinstance(called, str) else ""
        for piece in once(value, place, key, depth):
            piece.channel = Channel("arguments", name=piece.channel.name, tool=tool)
            yield piece
    elif isinstance(value, dict):
        for name, member in value.items():
            yield from rest(member, value, name, depth + 1)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from rest(item, value, index, depth + 1)


def is_structure(key: str | int, place: Place) -> bool:
    """Whether a string is an id, a name, a kind or an encrypted blob, and no text."""
    if key in _STRUCTURE:
        return True
    return key == "data" and isinstance(place, dict) and place.get("type") in _BINARY


def texts_of(value: JsonObject, *without: str) -> Iterator[Piece]:
    """The strings of an object, but for some members."""
    for key, member in value.items():
        if key not in without:
            yield from rest(member, value, key)


def event_name(kind: Json) -> str:
    """The name of an event of this type, if it can be one: a line break would begin another."""
    return kind if isinstance(kind, str) and _NAME.fullmatch(kind) else ""
