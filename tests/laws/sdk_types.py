"""Every place of an SDK's types that can hold a string."""

import os
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

import typing_extensions
from pydantic import BaseModel

Path = tuple[str, ...]
"""Names of members, with `[]` for an item, `*` for any key, and `role=…` or `type=…` in an object
that is one of several.
"""

_WRAPPERS = (
    typing.Required,
    typing.NotRequired,
    typing.Annotated,
    typing_extensions.Required,
    typing_extensions.NotRequired,
    typing_extensions.Annotated,
)

_FILES = (typing.IO, os.PathLike)
"""What an SDK reads and puts into a string of the same place."""


class Place(NamedTuple):
    """A string that may stand at `path`: one of `values`, or any (`values` is None).

    `anything` says that any JSON may stand there.
    """

    path: Path
    values: tuple[str, ...] | None = None
    anything: bool = False


def string_places(kind: Any, path: Path = (), inside: tuple[Any, ...] = ()) -> Iterator[Place]:
    """Every place of a type where a string may stand. A type inside itself is walked once."""
    kind = _bare(kind)
    origin, args = get_origin(kind), get_args(kind)
    if kind is str:
        yield Place(path)
    elif kind in (Any, object):
        yield Place(path, anything=True)
    elif origin is Literal:
        values = tuple(value for value in args if isinstance(value, str))
        if values:
            yield Place(path, values)
    elif origin in (Union, types.UnionType):
        for one in args:
            yield from string_places(one, path, inside)
    elif (origin or kind) in _FILES:
        return
    elif isinstance(origin, type) and issubclass(origin, Mapping):
        yield from string_places(args[1], (*path, "*"), inside)
    elif isinstance(origin, type) and issubclass(origin, Iterable):
        yield from string_places(args[0], (*path, "[]"), inside)
    elif kind not in inside:
        yield from _object_places(kind, path, (*inside, kind))


def _object_places(kind: Any, path: Path, inside: tuple[Any, ...]) -> Iterator[Place]:
    if typing.is_typeddict(kind) or typing_extensions.is_typeddict(kind):
        members = get_type_hints(kind, include_extras=True)
        for name in ("role", "type"):
            said = get_args(_bare(members.get(name)))
            if len(said) == 1:
                path = (*path, f"{name}={said[0]}")
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        members = {
            field.alias or name: field.annotation for name, field in kind.model_fields.items()
        }
    elif kind in (int, float, bool, type(None)) or issubclass(kind, date):
        return
    else:
        raise TypeError(f"no rule for {kind} at {'.'.join(path)}")
    for name, member in members.items():
        yield from string_places(member, (*path, name), inside)


def _bare(kind: Any) -> Any:
    while True:
        if get_origin(kind) in _WRAPPERS:
            kind = get_args(kind)[0]
        elif isinstance(kind, typing_extensions.TypeAliasType):
            kind = kind.__value__
        else:
            return kind
