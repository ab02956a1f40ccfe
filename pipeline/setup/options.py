"""From a table of the configuration to a struct, with all that is wrong with it.

`msgspec.convert` stops at the first error and quotes values. So each option is converted on its
own, the options of nested structs too, and messages are written here, without values.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, TypeVar, cast, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct
from msgspec.structs import fields

from pipeline.setup.environment import join
from pipeline.setup.problems import Problems, divided, listed, suggest

S = TypeVar("S", bound=Struct)

_PLACE = re.compile(r" - at `\$(.*)`$")
_WORDS = {
    "str": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "object": "table",
}


def convert(table: Mapping[str, object], cls: type[S], place: str, problems: Problems) -> S | None:
    """The struct that a table describes, or None when something is wrong with it."""
    before = len(problems.found)
    hints = get_type_hints(cls, include_extras=True)
    known = {one.encode_name: one for one in fields(cls)}
    for name, value in table.items():
        if name not in known:
            problems.error(place, f"unknown option `{name}`", suggest(name, known))
        else:
            _look_into(value, hints[known[name].name], join(place, name), problems)
    for name, one in known.items():
        if one.required and name not in table:
            problems.error(place, f"the option `{name}` is missing", "give it a value")
    if len(problems.found) > before:
        return None
    try:
        return msgspec.convert(dict(table), cls)
    except msgspec.ValidationError as error:
        # Everything fits by itself, so this is what the struct's author says of the whole.
        problems.error(place, *divided(str(error), "change the options of this table"))
        return None


def _look_into(value: object, hint: object, place: str, problems: Problems) -> None:
    """Note what is wrong with the value of one option."""
    inner = _plain_struct(hint)
    if inner is not None and isinstance(value, dict):
        convert(cast(dict[str, object], value), inner, place, problems)
        return
    item = _item_struct(hint)
    if item is not None and isinstance(value, list):
        for index, one in enumerate(cast(list[object], value)):
            _look_into(one, item, f"{place}[{index}]", problems)
        return
    try:
        msgspec.convert(value, hint)
    except msgspec.ValidationError as error:
        _explain(str(error), hint, place, problems)


def _explain(message: str, hint: object, place: str, problems: Problems) -> None:
    at = _PLACE.search(message)
    if at is not None:
        place, message = place + at[1], message[: at.start()]
    mismatch = re.fullmatch(r"Expected (?P<expected>.+?)(?:, got (?P<got>`.*`))?", message)
    if mismatch is not None and mismatch["got"]:
        what, remedy = f"{_noun(mismatch['got'])} does not fit here", _noun(mismatch["expected"])
        problems.error(place, what, f"give {remedy}")
    elif mismatch is not None:
        remedy = f"give {_noun(mismatch['expected'])}"
        problems.error(place, "the value is out of bounds", remedy)
    elif allowed := _literals(hint):
        problems.error(place, "the value is none of the possible ones", f"use {listed(allowed)}")
    else:
        problems.error(place, "the value does not fit here", "see `privet schema` for what does")


def _noun(types: str) -> str:
    """msgspec's wording of a type in the words of TOML."""
    kinds = re.sub(r"`([^`]*)`", lambda one: " or ".join(map(_word, one[1].split(" | "))), types)
    return f"an {kinds}" if kinds[0] in "aeiou" else f"a {kinds}"


def _word(kind: str) -> str:
    return _WORDS.get(kind, kind)


def _plain_struct(hint: object) -> type[Struct] | None:
    """The struct that a hint names, unless it is one of a tagged union."""
    if get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    if isinstance(hint, type) and issubclass(hint, Struct) and not hint.__struct_config__.tag:
        return hint
    return None


def _item_struct(hint: object) -> type[Struct] | None:
    """The struct that the items of a list are."""
    if get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    if get_origin(hint) not in (list, tuple, Sequence):
        return None
    return _plain_struct(get_args(hint)[0])


def _literals(hint: object) -> list[str]:
    """The values that a hint lists."""
    if get_origin(hint) is Literal:
        return [str(one) for one in get_args(hint)]
    return [name for one in get_args(hint) for name in _literals(one)]
