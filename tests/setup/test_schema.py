import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from msgspec import json

from pipeline.setup.config import PipelineConfig, RouteConfig, ServiceConfig, TargetConfig
from pipeline.setup.describe import field_docs, options, summary
from pipeline.setup.discover import Installed, installed
from pipeline.setup.schema import json_schema, markdown

ROOT = Path(__file__).parents[2]

Schema = dict[str, object]


def references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, one in cast(Schema, value).items():
            if key == "$ref":
                yield cast(str, one)
            yield from references(one)
    elif isinstance(value, list):
        for one in cast(list[object], value):
            yield from references(one)


def test_options_are_told_with_type_default_and_meaning(found: Installed):
    told = {one.name: one for one in options(found.plugins.load("pre"))}
    assert told["threshold"].type == "number, at least 0 and at most 1"
    assert told["threshold"].default == "0.5"
    assert told["threshold"].doc == "From where on."
    assert told["weights"].doc == "By name."
    assert told["weights"].type == "table of integer"
    assert told["mode"].type == '`"hard"` or `"soft"`'
    assert told["rules"].type == "list of table"
    assert told["first"].type == "table"
    for table in ("rules", "first"):
        assert told[f"{table}.word"].required
        assert told[f"{table}.word"].doc == "What it is about."
        assert told[f"{table}.weight"].default == "0.5"
    assert told["kinds"].default == '["a", "b"]'
    needy = {one.name: one for one in options(found.plugins.load("needy"))}
    assert needy["folder"].required
    assert needy["threshold"].doc == "From where on."
    assert summary(found.plugins.load("pre")) == "Marks requests."
    assert summary(found.plugins.load("post")) == ""


@pytest.mark.parametrize("cls", [ServiceConfig, PipelineConfig, RouteConfig, TargetConfig])
def test_each_of_our_own_options_is_explained(cls: type):
    assert summary(cls)
    assert set(field_docs(cls)) == {one.name for one in options(cls) if "." not in one.name}


def test_the_schema_is_whole(found: Installed):
    schema = json_schema(found)
    json.encode(schema)
    parts = cast(Schema, schema["$defs"])
    assert all(one.removeprefix("#/$defs/") in parts for one in references(schema))
    assert "plugins.pre" in parts
    assert "plugins.pre.Rule" in parts
    assert "backends.mirror" in parts
    assert "plugins.raising" not in parts


def test_the_schema_covers_the_default_configuration():
    schema = json_schema(installed())
    document = tomllib.loads((ROOT / "config.toml").read_text("utf-8"))
    properties = cast(dict[str, Schema], schema["properties"])
    parts = cast(dict[str, Schema], schema["$defs"])
    assert document.keys() <= properties.keys()
    assert document["service"].keys() <= cast(Schema, parts["service"]["properties"]).keys()
    for section in ("plugins", "backends"):
        for name, table in document.get(section, {}).items():
            known = cast(Schema, parts[f"{section}.{table.get('type', name)}"]["properties"])
            assert table.keys() <= known.keys()


def test_the_reference_names_every_option(found: Installed):
    text = markdown(found)
    for cls in (ServiceConfig, PipelineConfig, RouteConfig, found.plugins.load("pre")):
        for one in options(cls):
            assert re.search(rf"^\| `{one.name}` \|.* \|$", text, re.MULTILINE)
    assert '### `type = "mirror"`' in text
    assert "| `folder` | string | required |" in text
