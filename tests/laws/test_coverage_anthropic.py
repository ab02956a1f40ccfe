"""Law 2 in Anthropic's Messages: every string of a request and of a reply reaches the plugins."""

from collections.abc import Iterator
from typing import Any

import pytest
from anthropic.types import RawMessageStreamEvent
from anthropic.types.beta import BetaMessage, BetaRawMessageStreamEvent
from anthropic.types.beta.message_count_tokens_params import (
    MessageCountTokensParams as BetaCountParams,
)
from anthropic.types.beta.message_create_params import (
    MessageCreateParamsNonStreaming as BetaParams,
)
from anthropic.types.message_count_tokens_params import MessageCountTokensParams
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming
from classified import unclassified
from msgspec.structs import replace
from sdk_types import Path, string_places
from test_coverage import Censor, build, merge

from pipeline import testing
from pipeline.core.layout import SETTING, nodes
from pipeline.core.request import Request
from pipeline.dialects.anthropic import AnthropicMessages
from pipeline.dialects.anthropic.layout import LAYOUT
from pipeline.testing.messages import sample_request
from pipeline.testing.messages_maximal import maximal_request, opaque_parts

MESSAGES = AnthropicMessages()

REQUESTS = [MessageCreateParamsNonStreaming, BetaParams, MessageCountTokensParams, BetaCountParams]


@pytest.mark.parametrize("kind", REQUESTS)
def test_every_string_of_the_sdks_requests_is_classified(kind: Any):
    assert unclassified(LAYOUT, kind) == {}


@pytest.mark.parametrize("name", ["messages", "system", "metadata", "tools", "stop_sequences"])
def test_a_path_that_is_not_classified_is_found(name: str):
    fields = {key: node for key, node in LAYOUT.fields.items() if key != name}
    found = unclassified(replace(LAYOUT, fields=fields), MessageCreateParamsNonStreaming)
    assert any(path.startswith(name) for path in found)


@pytest.mark.parametrize(
    "body",
    [
        sample_request("x"),
        maximal_request("x"),
        {**sample_request("x"), "system": "x", "container": "x", "fallbacks": "x"},
        {**sample_request("x"), "fallback_credit_token": "x"},
    ],
    ids=["sample", "everything", "short forms", "token"],
)
def test_a_canary_in_any_place_reaches_the_plugins(body: Any):
    testing.check_coverage(MESSAGES, body)


def names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield name
            yield from names(one)
    elif isinstance(value, list):
        for one in value:
            yield from names(one)


def test_the_maximal_request_holds_every_member_that_the_dialect_knows():
    """But for numbers and flags: a text there is a text in an unknown member."""
    known = {
        name
        for node in nodes(LAYOUT)
        for name, child in node.fields.items()
        if child != SETTING and child.string != "opaque"
    }
    held = {*names(maximal_request("x")), *names(opaque_parts("x"))}
    assert known - held == {"oversized_image", "transformations", "mode"}, "of images and tokens"


def view(*blocks: Any) -> Request:
    body: Any = {"model": "m", "messages": [{"role": "user", "content": list(blocks)}]}
    return Request(body, MESSAGES.layout, MESSAGES.add_context)


@pytest.mark.parametrize("block", opaque_parts("x"))
def test_what_cannot_be_inspected_is_said_to_be(block: Any):
    found = view(block).opaque()
    assert {one.name for one in found} <= {"images", "files", "encrypted"}
    assert len(found) == 1


def test_the_text_of_a_document_is_text():
    source = {"type": "text", "media_type": "text/plain", "data": "I am Ann"}
    request = view({"type": "document", "source": source})
    assert [one.text for one in request.texts()] == ["I am Ann"]
    assert not request.opaque()


def test_a_result_that_is_json_is_read_as_json():
    result = {"type": "tool_result", "tool_use_id": "t", "content": '{"name": "Ann"}'}
    assert [one.text for one in view(result).texts()] == ["name", "Ann"]


def test_credentials_pass_only_by_name():
    server = {"type": "url", "name": "n", "url": "https://x/", "authorization_token": "secret"}
    body: Any = {"messages": [], "mcp_servers": [server]}
    request = Request(body, MESSAGES.layout, MESSAGES.add_context)
    assert [(one.path, one.name) for one in request.opaque()] == [
        ("mcp_servers[0].authorization_token", "credentials")
    ]


STRUCTURE = frozenset(
    """id model data signature encrypted_content encrypted_index encrypted_stdout name tool_use_id
    tool_id toolset_name tool_name server_name mcp_server_name file_id stop_reason version skill_id
    """.split()
)
"""Members of a reply that are no text: a string here goes to the client as it is."""


def reply_places(kind: Any, *under: str) -> list[Path]:
    found = (
        place.path
        for place in string_places(kind)
        if place.values is None
        and place.path[: len(under)] == under
        and place.path[-1] not in STRUCTURE
    )
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("path", reply_places(BetaMessage), ids=".".join)
def test_every_string_of_the_sdks_reply_passes_the_filters(path: Path):
    begun = {"id": "r", "type": "message", "content": [{"type": "new"}]}
    check_censored(merge(begun, build(path, "canary")))


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (event, path)
        for event, under in (
            ("message_start", "message"),
            ("message_delta", "delta"),
            ("message_delta", "usage"),
            ("content_block_start", "content_block"),
        )
        for path in reply_places(BetaRawMessageStreamEvent, under)
    ],
    ids=str,
)
def test_every_string_of_the_sdks_events_passes_the_filters(kind: str, path: Path):
    check_censored(stream({"type": kind, "index": 0, **build(path, "canary")}))


@pytest.mark.parametrize(
    "delta",
    [
        {"type": "text_delta", "text": "canary"},
        {"type": "thinking_delta", "thinking": "canary"},
        {"type": "input_json_delta", "partial_json": '{"canary":"canary"}'},
        {"type": "citations_delta", "citation": {"cited_text": "canary", "url": "canary"}},
        {"type": "compaction_delta", "content": "canary"},
        {"type": "new_delta", "new": "canary"},
    ],
    ids=lambda delta: delta["type"],
)
def test_every_delta_passes_the_filters(delta: Any):
    check_censored(stream({"type": "content_block_delta", "index": 0, "delta": delta}))


def test_there_is_no_delta_that_is_not_tried():
    paths = {place.path for place in string_places(RawMessageStreamEvent)}
    keys = {path[1] for path in paths if path[0] == "delta" and len(path) == 2}
    known = {"text", "thinking", "partial_json", "signature", "type", "stop_reason"}
    assert keys == known | {"stop_sequence"}


def stream(event: Any) -> list[Any]:
    start = {"type": "message_start", "message": {"id": "m", "content": []}}
    return [start, event, {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}]


def check_censored(reply: Any) -> None:
    is_stream = isinstance(reply, list)

    def run(plugins: Any) -> testing.Result:
        return testing.exchange(plugins, "", reply, stream=is_stream, dialect=MESSAGES)

    assert b"canary" in run([]).raw, "the control"
    result = run(Censor())
    assert result.error is None
    assert b"canary" not in result.raw
    assert b"***" in result.raw
