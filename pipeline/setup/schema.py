"""The JSON Schema of the configuration for editors, and its reference for people.

Both come from the structs, and cover the plugins and backends that are installed.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import TypeVar, cast

from msgspec import Struct

from pipeline.core.backend import Backend
from pipeline.core.plugin import Plugin
from pipeline.setup.config import PipelineConfig, RouteConfig, ServiceConfig
from pipeline.setup.describe import Option, Schema, options, schema_of, summary
from pipeline.setup.discover import BadEntryPoint, Group, Installed

T = TypeVar("T", Plugin, Backend)

_INTRODUCTION = """# Configuration

One TOML file, by default `config.toml`. Any string in it may refer to environment variables, as
`${NAME}` or `${NAME:-default}`, in capitals; `$${NAME}` is the text `${NAME}`. `privet check` names
all that is wrong with a file. This page is written by `privet schema --markdown`.
"""


def json_schema(found: Installed) -> Schema:
    """A JSON Schema (draft 2020-12) of the whole file."""
    parts: dict[str, Schema] = {}
    properties: Schema = {
        "service": _reference(ServiceConfig, "service", parts),
        "plugins": _profiles("plugins", found.plugins, parts),
        "backends": _profiles("backends", found.backends, parts),
    }
    for name, cls in (("pipelines", PipelineConfig), ("models", RouteConfig)):
        one = _reference(cls, name, parts)
        properties[name] = {"type": "object", "additionalProperties": one}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Privet",
        "type": "object",
        "properties": properties,
        "required": ["models"],
        "additionalProperties": False,
        "$defs": parts,
    }


def markdown(found: Installed) -> str:
    """The reference: a table of options for each table that a file can have."""
    lines = [
        _INTRODUCTION,
        *_table("## `[service]`", ServiceConfig),
        *_tables("plugins", found.plugins),
        *_tables("backends", found.backends),
        *_table("## `[pipelines.NAME]`", PipelineConfig),
        *_table('## `[models]`, `"NAME" = { … }`', RouteConfig),
    ]
    return "\n".join(lines)


def usable(group: Group[T]) -> Iterator[tuple[str, type[T]]]:
    """The classes of a group, but for those that cannot be used."""
    for name in group.names():
        with suppress(BadEntryPoint):
            yield name, group.load(name)


def _reference(cls: type[Struct], key: str, parts: dict[str, Schema]) -> Schema:
    """Add the schema of a struct to `parts`, and refer to it."""
    parts[key], inner = schema_of(cls, f"{key}.")
    parts.update(inner)
    return {"$ref": f"#/$defs/{key}"}


def _profiles(section: str, group: Group[T], parts: dict[str, Schema]) -> Schema:
    """Tables whose options depend on `type`, or on their own name where that is missing."""
    by_name: dict[str, Schema] = {}
    for name, cls in usable(group):
        key = f"{section}.{name}"
        by_name[name] = _reference(cls, key, parts)
        of_type = cast(Schema, parts[key]["properties"])
        parts[key]["properties"] = {"type": {"const": name}, **of_type}
    typed = [{"allOf": [one, {"required": ["type"]}]} for one in by_name.values()]
    others: Schema = {"anyOf": typed} if typed else {"type": "object"}
    return {"type": "object", "properties": by_name, "additionalProperties": others}


def _tables(section: str, group: Group[T]) -> Iterator[str]:
    yield f"## `[{section}.NAME]`\n"
    yield (
        f"A profile: a {group.kind} with its options. `type` says which {group.kind} it is; it may "
        "be left out where it is the profile's own name.\n"
    )
    for name, cls in usable(group):
        yield from _table(f'### `type = "{name}"`', cls)


def _table(heading: str, cls: type[Struct]) -> list[str]:
    lines = [f"{heading}\n", f"{summary(cls)}\n"]
    found = options(cls)
    if not found:
        return [*lines, "It has no options.\n"]
    # Some explain their options one by one, and some in their summary.
    explained = any(one.doc for one in found)
    titles = ["Option", "Type", "Default", *(["Meaning"] if explained else [])]
    rows = [titles, ["---"] * len(titles), *(_cells(one)[: len(titles)] for one in found)]
    return [*lines, *(f"| {' | '.join(row)} |" for row in rows), ""]


def _cells(one: Option) -> list[str]:
    default = "required" if one.required else f"`{one.default}`" if one.default else ""
    cells = (f"`{one.name}`", one.type, default, " ".join(one.doc.split()))
    return [cell.replace("|", "\\|") for cell in cells]
