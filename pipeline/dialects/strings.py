"""Strings of a reply that belong to no channel."""

from collections.abc import Iterator

from pipeline.core.errors import UpstreamFailed
from pipeline.core.frames import Piece
from pipeline.core.jsonvalue import Json, Place
from pipeline.core.plugin import Channel
from pipeline.core.walk import MAX_DEPTH


def once(
    value: Json, place: Place | None = None, key: str | int = "", depth: int = 0
) -> Iterator[Piece]:
    """Every string of a value that is nobody's channel, each a text of its own."""
    if depth > MAX_DEPTH:
        raise UpstreamFailed(f"the backend's JSON is nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, str):
        if place is not None and value:
            yield Piece(Channel("other", name=str(key)), value, place, key, once=True)
    elif isinstance(value, dict):
        for name, member in value.items():
            yield from once(member, value, name, depth + 1)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from once(item, value, index, depth + 1)
