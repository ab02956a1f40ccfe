from collections.abc import Iterator

import pytest

from pipeline import testing
from pipeline.audit.positions import Place, Position, Sample, places
from pipeline.audit.shapes import shapes
from pipeline.core.jsonvalue import Json, encode
from pipeline.core.layout import Node
from pipeline.core.request import Request
from pipeline.dialects.openai import OpenAIChat
from pipeline.dialects.openai.layout import LAYOUT
from pipeline.testing.samples import maximal_request, opaque_parts

CHAT = OpenAIChat()
SAMPLE, MESSAGES, EMBEDDINGS = (Sample(one) for one in shapes())


def known(node: Node) -> Iterator[str]:
    """The names of all members that a layout knows, but for what nobody can look into."""
    for name, child in node.fields.items():
        if child.string != "opaque":
            yield name
            yield from known(child)
    for child in (node.items, *node.roles.values()):
        if child is not None:
            yield from known(child)


def names(value: Json) -> Iterator[str]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield name
            yield from names(one)
    elif isinstance(value, list):
        for one in value:
            yield from names(one)


def opaque(node: Node) -> set[str]:
    children = (*node.fields.values(), node.items, *node.roles.values())
    found = set[str]().union(*(opaque(one) for one in children if one is not None))
    return found | ({node.opaque} if node.opaque else set())


NUMBERS = frozenset(
    "frequency_penalty logprobs max_completion_tokens max_tokens n parallel_tool_calls "
    "presence_penalty store stream stream_options include_usage include_obfuscation "
    "top_logprobs top_p strict index".split()
)
"""Settings: a text in one of them is a text in an unknown member."""

INSIDE_OPAQUE = frozenset(
    "image_url detail input_audio format file filename data audio_url video_url source media_type "
    "audio url".split()
)


def test_the_sample_holds_every_member_that_the_dialect_knows():
    held = {*names(maximal_request("x"))}
    assert {*known(LAYOUT)} - held - NUMBERS - INSIDE_OPAQUE == set()


def test_every_kind_of_opaque_content_is_tried():
    tried: set[str] = set()
    for part in opaque_parts("x"):
        body: Json = {"model": "x", "messages": [{"role": "user", "content": [part]}]}
        assert isinstance(body, dict)
        tried |= {one.name for one in Request(body, LAYOUT, CHAT.add_context).opaque()}
    assert tried == opaque(LAYOUT) | {"files"}


def test_the_sample_keeps_the_law_of_coverage():
    testing.check_coverage(CHAT, maximal_request("x"))


@pytest.mark.parametrize(
    ("sample", "position"),
    [(sample, one) for sample in (SAMPLE, MESSAGES, EMBEDDINGS) for one in sample.positions[::7]],
    ids=lambda one: one.place.path if isinstance(one, Position) else "",
)
def test_a_text_comes_to_its_place_alone_and_in_the_whole(sample: Sample, position: Position):
    text: Json = 4_532_013_917_260_533 if position.place.kind == "number" else "Planted"
    whole = encode(sample.planted({position.place: text}, "model"))
    alone = encode(sample.planted_alone(position.place, text, "model"))
    assert whole.count(str(text).encode()) == alone.count(str(text).encode()) == 1
    assert len(alone) < len(whole)


@pytest.mark.parametrize("sample", [SAMPLE, MESSAGES, EMBEDDINGS])
def test_all_places_can_be_planted_at_once(sample: Sample):
    texts: dict[Place, Json] = {
        one.place: 10_000_000 + number if one.place.kind == "number" else f"text{number:04}."
        for number, one in enumerate(sample.positions)
    }
    body = encode(sample.planted(texts, "model")).decode()
    assert all(body.count(str(text)) == 1 for text in texts.values())


def test_what_must_not_be_rewritten_is_known():
    roles = {one.place.path: one.role for one in SAMPLE.positions if one.place.kind != "key"}
    assert roles["messages[0].content"] == "text"
    assert roles["messages[2].tool_calls[0].id"] == "name"
    assert roles["messages[2].tool_calls[0].function.arguments.value"] == "text"
    assert roles["model"] == "name"
    assert roles["metadata.number"] == "text"
    assert roles["seed"] == "setting"
    new = {one.place.path: one.label for one in SAMPLE.positions if one.place.kind == "key"}
    assert new[""] == "the name of an unknown member"
    assert new["metadata"] == "a key in a user's own object"


def test_places_are_found_in_json_inside_strings():
    found = places({"a": '{"b": ["c", 1]}', "d": "not {json"})
    assert found == [
        Place("a.b[0]", "text"),
        Place("a.b[1]", "number"),
        Place("a", "key"),
        Place("d", "text"),
        Place("", "key"),
    ]
