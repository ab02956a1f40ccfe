"""Whether JSON is of a type as the SDKs write them, with no member that the type does not have.

Pydantic leaves unknown members of a TypedDict alone, and looks into an Iterable only when asked.
"""

from collections.abc import Iterable, Mapping, Sequence
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NotRequired, Required, Union, get_args, get_origin

from typing_extensions import (
    get_type_hints,
    is_typeddict,
)


def faults(value: Any, kind: Any, path: str = "") -> list[str]:
    """Where a value is not of a type; empty if it is."""
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Required, NotRequired, Annotated):
        return faults(value, args[0], path)
    if origin in (Union, UnionType):
        tried = [faults(value, one, path) for one in args]
        return min(tried, key=len) if all(tried) else []
    if origin is Literal:
        return [] if value in args else [f"{path}: {value!r} is none of {args}"]
    if is_typeddict(kind):
        return _typed_dict(value, kind, path)
    if origin in (dict, Mapping):
        if not isinstance(value, dict):
            return [f"{path}: no object"]
        return [
            one for key, item in value.items() for one in faults(item, args[1], f"{path}.{key}")
        ]
    if origin in (list, Iterable, Sequence):
        if not isinstance(value, list):
            return [f"{path}: no list"]
        return [
            one for n, item in enumerate(value) for one in faults(item, args[0], f"{path}[{n}]")
        ]
    if origin is not None:
        return [f"{path}: {kind} is nothing that JSON has"]
    if kind in (Any, object):
        return []
    if kind is None or kind is NoneType:
        return [] if value is None else [f"{path}: not null"]
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return []
    fine = isinstance(value, kind) and (kind is not int or not isinstance(value, bool))
    return [] if fine else [f"{path}: {type(value).__name__} is no {kind}"]


def _typed_dict(value: Any, kind: Any, path: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{path}: no object"]
    hints = get_type_hints(kind, include_extras=True)
    found = [f"{path}.{name}: unknown to {kind.__name__}" for name in value.keys() - hints.keys()]
    found += [f"{path}.{name}: missing" for name in kind.__required_keys__ - value.keys()]
    for name in value.keys() & hints.keys():
        found += faults(value[name], hints[name], f"{path}.{name}")
    return found
