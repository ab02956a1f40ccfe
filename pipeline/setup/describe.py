"""What a struct's options are, for `privet plugins`, the reference and the JSON Schema.

An option is described by the string that follows its field, or by its `Meta`.
"""

import ast
import inspect
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from textwrap import dedent
from typing import TypeGuard, cast, get_args, get_type_hints

import msgspec
from msgspec import Struct

Schema = dict[str, object]

_REFERENCE = "#/$defs/"


class Option(Struct, frozen=True):
    """One option, with its type and default as they are written in TOML. All but types and names
    may be empty; a required option has no default.
    """

    name: str
    type: str
    default: str
    required: bool
    doc: str


def options(cls: type[Struct]) -> list[Option]:
    """The options of a struct, in the order of its fields. Those of a table in it follow it, as
    `table.option`.
    """
    schema, parts = schema_of(cls)
    return list(_options(schema, parts, ""))


def _options(schema: Schema, parts: Mapping[str, Schema], table: str) -> Iterator[Option]:
    required = cast(list[str], schema["required"])
    for name, one in cast(dict[str, Schema], schema["properties"]).items():
        yield Option(
            name=table + name,
            type=_in_words(one),
            default=_toml(one["default"]) if "default" in one else "",
            required=name in required,
            doc=str(one.get("description", "")),
        )
        inner = _table_in(one)
        if inner in parts:
            # A struct may be in itself, so none is entered twice.
            others = {key: value for key, value in parts.items() if key != inner}
            yield from _options(parts[inner], others, f"{table}{name}.")


def _table_in(schema: Schema) -> str:
    """The name of the struct that a value is, or is a list or a table of."""
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(_REFERENCE)
    either = cast(list[Schema], schema.get("anyOf", []))
    inner = [*either, schema.get("items"), schema.get("additionalProperties")]
    return next((name for one in inner if _is_schema(one) and (name := _table_in(one))), "")


def summary(cls: type) -> str:
    """What a class is for: its docstring, without those that msgspec writes."""
    text = cls.__dict__.get("__doc__") or ""
    return "" if text.startswith(f"{cls.__name__}(") else inspect.cleandoc(text)


def schema_of(cls: type[Struct], prefix: str = "") -> tuple[Schema, dict[str, Schema]]:
    """The JSON Schema of a struct, and those that it refers to as `#/$defs/PREFIX…`."""
    (reference,), found = msgspec.json.schema_components(
        [cls], schema_hook=lambda _type: {}, ref_template=f"{_REFERENCE}{prefix}{{name}}"
    )
    parts: dict[str, Schema] = {prefix + name: one for name, one in found.items()}
    for one in parts.values():
        if "description" in one:
            one["description"] = inspect.cleandoc(str(one["description"]))
    schema = parts.pop(reference["$ref"].removeprefix("#/$defs/"))
    _document(cls, schema, {name.removeprefix(prefix): one for name, one in parts.items()})
    return schema, parts


def _document(cls: type[Struct], schema: Schema, parts: Mapping[str, Schema]) -> None:
    """Put into the schema of a struct, and of those in it, what the strings after fields say."""
    documented = field_docs(cls)
    for name, one in cast(dict[str, Schema], schema["properties"]).items():
        if name in documented:
            one.setdefault("description", documented[name])
        if one.get("uniqueItems") and isinstance(one.get("default"), list | tuple):
            # The order of a set differs from one process to the next.
            one["default"] = sorted(cast(Sequence[str], one["default"]), key=str)
    for inner in _structs(*get_type_hints(cls).values()):
        if inner.__name__ in parts:
            others = {name: one for name, one in parts.items() if name != inner.__name__}
            _document(inner, parts[inner.__name__], others)


def _structs(*kinds: object) -> Iterator[type[Struct]]:
    """The structs that types are made of."""
    for kind in kinds:
        if isinstance(kind, type) and issubclass(kind, Struct):
            yield kind
        else:
            yield from _structs(*get_args(kind))


@cache
def field_docs(cls: type) -> Mapping[str, str]:
    """The strings that follow the fields of a class and of those that it is derived from."""
    found: dict[str, str] = {}
    for one in reversed(cls.__mro__):
        if not issubclass(one, Struct) or one is Struct:
            continue
        try:
            tree = ast.parse(dedent(inspect.getsource(one)))
        except (OSError, TypeError, SyntaxError):
            continue
        body = cast(ast.ClassDef, tree.body[0]).body
        for field, after in pairwise(body):
            match field, after:
                case (
                    ast.AnnAssign(target=ast.Name(id=name)),
                    ast.Expr(value=ast.Constant(value=str(doc))),
                ):
                    found[name] = inspect.cleandoc(doc)
                case _:
                    pass
    return found


def _in_words(schema: Schema) -> str:
    """A JSON Schema in the words of TOML."""
    if "enum" in schema:
        return _either([f"`{_toml(one)}`" for one in cast(list[object], schema["enum"])])
    if "anyOf" in schema:
        kinds = [_in_words(one) for one in cast(list[Schema], schema["anyOf"])]
        return _either([kind for kind in kinds if kind != "null"])
    match schema.get("type"):
        case "array":
            return f"list of {_in_words(cast(Schema, schema.get('items', {})))}"
        case "object":
            values = schema.get("additionalProperties")
            return f"table of {_in_words(values)}" if _is_schema(values) else "table"
        case str(kind):
            return f"{kind}{_bounds(schema)}"
        case _:
            return "table" if "$ref" in schema else "any value"


def _either(kinds: Sequence[str]) -> str:
    *most, last = kinds
    return f"{', '.join(most)} or {last}" if most else last


def _is_schema(value: object) -> TypeGuard[Schema]:
    return isinstance(value, dict)


def _bounds(schema: Schema) -> str:
    words = {
        "minimum": "at least",
        "exclusiveMinimum": "above",
        "maximum": "at most",
        "exclusiveMaximum": "below",
    }
    said = [f"{word} {schema[key]}" for key, word in words.items() if key in schema]
    return f", {' and '.join(said)}" if said else ""


def _toml(value: object) -> str:
    """A value as TOML writes it; empty for null, which TOML does not have."""
    match value:
        case None:
            return ""
        case list() | tuple():
            return f"[{', '.join(map(_toml, cast(Sequence[object], value)))}]"
        case dict():
            members = cast(dict[str, object], value).items()
            inner = ", ".join(f"{key} = {_toml(one)}" for key, one in members)
            return f"{{ {inner} }}" if inner else "{}"
        case _:
            return msgspec.json.encode(value).decode()
