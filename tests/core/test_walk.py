"""The walk over odd requests: what it finds, what it refuses, and how long it takes."""

import time
from typing import Any

import pytest

from pipeline import Plugin, Rejected, Request, testing
from pipeline.core.errors import BadRequest, PluginFailed, TooLarge
from pipeline.core.walk import MAX_DEPTH, MAX_TEXTS
from pipeline.dialects.openai import OpenAIChat

CHAT = OpenAIChat()
FILE = "data:text/plain;base64,QW5u"


def view(**members: Any) -> Request:
    return Request({"model": "m", "messages": [], **members}, CHAT.layout, CHAT.add_context)


def schema(**members: Any) -> Any:
    return [{"type": "function", "function": {"name": "f", "parameters": members}}]


def nested(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("key", ["required", "anyOf", "default", "unknown", "properties"])
def test_arrays_in_a_schema_are_bounded_like_any_other(key: str):
    view(tools=schema(**{key: nested(MAX_DEPTH - 8)}))
    with pytest.raises(BadRequest):
        view(tools=schema(**{key: nested(MAX_DEPTH)}))


@pytest.mark.parametrize(
    ("members", "path", "kind"),
    [
        ({"messages": [{"role": "user", "content": 4111111111111111}]}, "content", "number"),
        ({"messages": [{"role": "user", "content": [4111111111111111]}]}, "content[0]", "number"),
        ({"user": 4111111111111111}, "user", "identity"),
        ({"stop": [4111111111111111]}, "stop[0]", "number"),
    ],
)
def test_a_number_where_a_string_belongs_is_a_text(members: Any, path: str, kind: str):
    [found] = [one for one in view(**members).texts() if one.text == "4111111111111111"]
    assert found.path.endswith(path)
    assert found.kind == kind


def test_a_number_where_a_name_belongs_is_fixed_and_one_in_a_setting_is_not_shown():
    request = view(messages=[{"role": "tool", "tool_call_id": 4111}], seed=4222, n=2)
    assert ("messages[0].tool_call_id", "4111") in request.fixed()
    assert not request.texts()


def test_text_behind_a_file_is_scanned():
    request = view(messages=[{"role": "user", "content": f"{FILE} from Anna Berg"}])
    assert [one.name for one in request.opaque()] == ["files"]
    assert [one.text for one in request.texts()] == [f"{FILE} from Anna Berg"]


@pytest.mark.parametrize("link", ["https://x.example/?q=Ann", "data:text/plain,Ann"])
def test_a_link_is_scanned_unless_it_is_a_file(link: str):
    part = {"type": "image_url", "image_url": {"url": link}}
    request = view(messages=[{"role": "user", "content": [part]}])
    assert [one.name for one in request.opaque()] == ["images"]
    assert [one.text for one in request.texts()] == [link]
    part["image_url"] = {"url": FILE.upper()}
    assert not view(messages=[{"role": "user", "content": [part]}]).texts()


class AddsFile(Plugin, frozen=True):
    def on_request(self, request: Request) -> None:
        request.add_context(FILE)


def test_context_that_cannot_be_inspected_is_refused_like_any_other():
    with pytest.raises(Rejected):
        testing.redact(AddsFile(), "hello")
    with testing.started(AddsFile(), uninspected=["files"]) as started:
        assert FILE in str(testing.exchange(started, "hello").saw)


def test_keys_may_swap_their_names():
    request = view(metadata={"a": 1, "b": 2, "c": 3})
    new = {"a": "b", "b": "a"}
    for text in request.texts():
        text.text = new.get(text.text, text.text)
    body: Any = request.finish()
    assert list(body["metadata"].items()) == [("b", 1), ("a", 2), ("c", 3)]


def test_renaming_every_key_of_a_large_object_takes_no_time():
    request = view(metadata={f"key {number}": None for number in range(50_000)})
    for text in request.texts():
        text.text += "!"
    begun = time.process_time()
    request.finish()
    assert time.process_time() - begun < 2


@pytest.mark.parametrize("value", [None, 7, b"bytes"])
def test_a_plugin_that_assigns_no_text_fails(value: Any):
    class Bad(Plugin, frozen=True):
        def on_request(self, request: Request) -> None:
            for text in request.texts():
                text.text = value

    result = testing.exchange(Bad(), "hello")
    assert isinstance(result.error, PluginFailed)
    assert result.saw is None


def test_more_texts_than_anybody_sends_are_refused():
    with pytest.raises(TooLarge):
        view(metadata={"n": list(range(MAX_TEXTS + 1))})
