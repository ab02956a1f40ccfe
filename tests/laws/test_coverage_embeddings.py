"""Law 2 for embeddings: every string of a request reaches the plugins, and every one of a reply."""

from typing import Any

import pytest
from classified import unclassified
from msgspec.structs import replace
from openai.types import CreateEmbeddingResponse, EmbeddingCreateParams
from sdk_types import string_places
from test_coverage import Censor

from pipeline import testing
from pipeline.core.layout import Node
from pipeline.dialects.openai import OpenAIEmbeddings
from pipeline.dialects.openai.embeddings import LAYOUT

EMBEDDINGS = OpenAIEmbeddings()
STRUCTURE = {"model"}
"""What of a reply is no text."""


def problems(layout: Node) -> dict[str, str]:
    return unclassified(layout, EmbeddingCreateParams)


def test_every_string_of_the_sdks_request_is_classified():
    assert problems(LAYOUT) == {}


@pytest.mark.parametrize("name", ["model", "encoding_format", "user"])
def test_a_path_that_is_not_classified_is_found(name: str):
    fields = {key: node for key, node in LAYOUT.fields.items() if key != name}
    assert list(problems(replace(LAYOUT, fields=fields))) == [name]


def test_the_walk_over_the_types_finds_what_it_must():
    paths = {".".join(one.path) for one in string_places(EmbeddingCreateParams)}
    assert {"input", "input.[]", "model", "user", "encoding_format"} <= paths


@pytest.mark.parametrize("given", ["x", ["x", "y"], [["x"]], [{"text": "x", "more": ["x"]}]])
def test_a_canary_in_any_place_reaches_the_plugins(given: Any):
    body = {"model": "m", "input": given, "user": "x", "encoding_format": "float"}
    testing.check_coverage(EMBEDDINGS, {**body, "new": {"deep": [{"er": "x"}]}})


def test_every_string_of_the_sdks_reply_passes_the_filters():
    places = [one for one in string_places(CreateEmbeddingResponse) if one.values is None]
    # A new string in the SDK's reply has to be thought about; unknown ones are text.
    assert {".".join(one.path) for one in places} == STRUCTURE
    reply: Any = {
        "object": "list",
        "data": [{"embedding": [1], "new": "a canary", "deep": [{"er": "a canary"}]}, "a canary"],
        "more": {"a": "a canary"},
    }
    result = testing.exchange(Censor(), {"model": "m", "input": "x"}, reply, dialect=EMBEDDINGS)
    assert b"***" in result.raw
    assert b"canary" not in result.raw
