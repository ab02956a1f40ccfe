"""Whether a dialect's layout says something of every place of an SDK's types."""

from typing import Any

from sdk_types import Path, Place, string_places

from pipeline.core.layout import UNKNOWN, Node


def unclassified(layout: Node, kind: Any) -> dict[str, str]:
    """What is wrong with the layout, by the places of a request's type."""
    places = string_places(kind)
    return {".".join(one.path): found for one in places if (found := problem(layout, one))}


def node_of(layout: Node, path: Path) -> Node:
    """What the layout says of a place; UNKNOWN if it says nothing."""
    node = layout
    for name in path:
        if node.schema or node.free:
            return node
        if name.startswith("role="):
            node = node.roles.get(name.removeprefix("role="), node)
        elif name.startswith("type="):
            node = node.types.get(name.removeprefix("type="), node)
        elif name == "[]":
            node = node.items or UNKNOWN
        elif name == "*" and node.fields:
            return node
        else:
            node = node.fields.get(name) or node.others or UNKNOWN
    return node


def problem(layout: Node, place: Place) -> str:
    node = node_of(layout, place.path)
    if node is UNKNOWN:
        return "the layout does not mention it"
    if node.schema or node.free:
        return ""
    if place.anything:
        return "" if node.fields else "it may hold any JSON, but is neither free nor a schema"
    if place.values is not None and node.string != "name":
        return f"it is structure, but the layout says {node.string}"
    if place.values is not None and node.values and (more := set(place.values) - node.values):
        return f"the SDK also knows {sorted(more)}"
    return ""
