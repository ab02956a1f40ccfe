"""A request as plugins see it, and what is written back."""

from collections.abc import Callable
from traceback import format_exception
from typing import Any

import pytest

from pipeline import Plugin, Rejected, Request, Text, testing
from pipeline.core.errors import BadRequest
from pipeline.core.jsonvalue import decode_object
from pipeline.core.layout import (
    FREE,
    IDENTITY,
    JSON,
    MAYBE_JSON,
    NAME,
    SCHEMA,
    SETTING,
    TEXT,
    Node,
    one_of,
    opaque,
)
from pipeline.core.walk import MAX_DEPTH
from pipeline.dialects.openai import OpenAIChat

MESSAGE = Node(fields={"role": one_of("user"), "content": TEXT, "data": MAYBE_JSON})
LAYOUT = Node(
    fields={
        "text": TEXT,
        "kind": one_of("a", "b"),
        "id": NAME,
        "who": IDENTITY,
        "free": FREE,
        "arguments": JSON,
        "maybe": MAYBE_JSON,
        "picture": opaque("images", link=True),
        "schema": SCHEMA,
        "setting": SETTING,
        "turns": Node(items=MESSAGE, turns=True),
    }
)


def no_context(body: Any, text: str) -> tuple[str, Any]:
    body["turns"].insert(0, {"role": "system", "content": text})
    return "turns[0]", body["turns"][0]


def view(body: Any) -> Request:
    return Request(body, LAYOUT, no_context)


def changed(body: Any, change: Callable[[str], str] = str.upper) -> Any:
    request = view(body)
    for text in request.texts():
        text.text = change(text.text)
    return request.finish()


def told(body: Any) -> list[tuple[str, str, str]]:
    return [(one.path, one.kind, one.text) for one in view(body).texts()]


def test_texts_come_in_document_order_with_path_kind_role_and_turn():
    body = {"who": "u", "turns": [{"role": "user", "content": "hi"}, {"content": "ho"}], "x": ["y"]}
    found = [(t.path, t.kind, t.text, t.role, t.turn) for t in view(body).texts()]
    assert found == [
        ("who", "identity", "u", "", None),
        ("turns[0].content", "text", "hi", "user", 0),
        ("turns[1].content", "text", "ho", "", 1),
        ("*[0]", "text", "y", "", None),
    ]


def test_unknown_members_are_scanned_and_their_keys_are_fixed():
    body = {"new": {"deep": ["text", 7, 1.5, True, None]}}
    assert told(body) == [
        ("*.*[0]", "text", "text"),
        ("*.*[1]", "number", "7"),
        ("*.*[2]", "number", "1.5"),
    ]
    assert view(body).fixed() == [("*", "new"), ("*.*", "deep")]


def test_user_data_has_keys_and_numbers_as_texts():
    assert told({"free": {"key": {"deep": 4111}}}) == [
        ("free.*", "key", "key"),
        ("free.*.*", "key", "deep"),
        ("free.*.*", "number", "4111"),
    ]
    assert changed({"free": {"key": {"deep": 4111}}}, "<{}>".format) == {
        "free": {"<key>": {"<deep>": "<4111>"}}
    }


def test_renamed_keys_keep_their_place_and_may_not_collide():
    assert list(changed({"free": {"a": "1", "b": "2"}})["free"]) == ["A", "B"]
    with pytest.raises(Rejected, match="same name"):
        changed({"free": {"a": "1", "b": "2"}}, lambda _: "x")


def test_structure_is_fixed_unless_its_value_is_known():
    assert view({"kind": "a", "id": "x", "turns": [{"role": "user"}]}).fixed() == [("id", "x")]
    found = view({"kind": "c", "turns": [{"role": "Ann"}]}).fixed()
    assert found == [("kind", "c"), ("turns[0].role", "Ann")]


def test_opaque_content_is_named_and_a_link_is_text_too():
    body = {"picture": "data:image/png;base64,AA"}
    assert [(one.path, one.name) for one in view(body).opaque()] == [("picture", "images")]
    assert told(body) == []
    assert told({"picture": "https://x/?q=ann"}) == [("picture", "text", "https://x/?q=ann")]


def test_leaves_of_json_in_a_string_are_texts_and_untouched_ones_keep_their_spelling():
    source = '{ "a" :"\\u0041nn", "n": 1.50, "k": [true, "x\\/y"] }'
    assert [(kind, text) for _, kind, text in told({"arguments": source})] == [
        ("key", "a"),
        ("text", "Ann"),
        ("key", "n"),
        ("number", "1.50"),
        ("key", "k"),
        ("text", "x/y"),
    ]
    assert changed({"arguments": source}, str) == {"arguments": source}
    only_name = changed({"arguments": source}, lambda text: text.replace("Ann", 'P"1'))
    assert only_name == {"arguments": source.replace("\\u0041nn", 'P\\"1')}
    number = changed({"arguments": source}, lambda text: text.replace("1.50", "N_1"))
    assert number == {"arguments": source.replace("1.50", '"N_1"')}


@pytest.mark.parametrize("source", ["it is not JSON", "{'a': 'ann'}", '{"a": ann}'])
def test_what_is_not_json_is_one_text(source: str):
    assert [text for _, _, text in told({"arguments": source})] == [source]
    assert changed({"arguments": source}) == {"arguments": source.upper()}


def test_json_that_breaks_off_is_read_to_its_end():
    assert changed({"arguments": '{"a": "ann'}) == {"arguments": '{"A": "ANN'}


def test_a_string_that_may_be_json_is_json_only_as_object_or_array():
    assert [kind for _, kind, _ in told({"maybe": '["a", 1]'})] == ["text", "number"]
    for source in ('"a"', "1", "[1, 2", "text"):
        assert [text for _, _, text in told({"maybe": source})] == [source]


def test_a_schema_has_prose_and_examples_as_text_and_all_else_as_structure():
    schema = {
        "type": "object",
        "description": "about ann",
        "required": ["ann"],
        "$defs": {"Ann": {"pattern": "^ann$"}},
        "properties": {
            "ann": {"enum": ["ann", 4], "default": {"x": "ann"}, "format": "email"},
            "description": {"type": "string"},
        },
        "x-ann": "ann",
    }
    request = view({"schema": schema})
    assert [(one.path, one.text) for one in request.texts()] == [
        ("schema.description", "about ann"),
        ("schema.properties.*.enum[0]", "ann"),
        ("schema.properties.*.enum[1]", "4"),
        ("schema.properties.*.default.*", "ann"),
        ("schema.*", "ann"),
    ]
    assert {one.text for one in request.fixed()} == {
        *("ann", "Ann", "^ann$", "email", "x", "description", "x-ann")
    }


def test_a_setting_that_holds_text_is_scanned():
    assert [text for _, _, text in told({"setting": {"a": ["ann"]}})] == ["ann"]


def test_added_context_stands_first_and_is_given_to_earlier_plugins_once():
    body = {"turns": [{"role": "user", "content": "hi"}]}
    request = view(body)
    request.add_context("more")
    assert [one.text for one in request.texts()] == ["more", "hi"]
    added = request.take_added()
    assert added is not None
    assert [(one.path, one.role, one.text) for one in added.texts()] == [
        ("turns[0].content", "system", "more")
    ]
    added.texts()[0].text = "MORE"
    assert request.take_added() is None
    assert request.finish()["turns"] == [
        {"role": "system", "content": "MORE"},
        {"role": "user", "content": "hi"},
    ]


@pytest.mark.parametrize("wrap", [lambda v: [v], lambda v: {"free": v}, lambda v: {"schema": v}])
@pytest.mark.parametrize("key", ["free", "schema", "unknown", "turns"])
def test_deep_json_is_refused_before_it_costs_stack(key: str, wrap: Callable[[Any], Any]):
    value: Any = "x"
    for _ in range(MAX_DEPTH + 2):
        value = wrap(value)
    with pytest.raises(BadRequest, match="deeper"):
        view({key: value})


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"1", b'{"a":"\\ud800"}', b'{"a":NaN}', b"{", b'{"a":"\xff"}', b"[" * 9999]
)
def test_a_body_that_is_no_json_object_is_a_bad_request(data: bytes):
    with pytest.raises(BadRequest) as caught:
        decode_object(data)
    assert caught.value.status == 400


CANARY = "jane.doe"


@pytest.mark.parametrize(
    "data",
    [
        b'{"a": "%s',
        b'{"a": "%s\\ud800"}',
        b'{"%s": "\xff"}',
        b'"%s"',
        b'{"model": "m", "messages": ["%s"]}',
        b'{"model": {"%s": 1}, "messages": []}',
        b'{"model": "m", "messages": [], "stream": "%s"}',
        b'{"model": "m", "messages": [], "metadata": {"%s": "x", "JANE.DOE": "y"}}',
        b'{"model": "m", "messages": [], "%s": ' + b"[" * 99 + b"]" * 99 + b"}",
        b'{"model": "m", "messages": [{"role": "%s", "content": [{"image_url": "data:,%s"}]}]}',
    ],
)
def test_no_error_says_what_was_in_the_request(data: bytes):
    class Uppercase(Plugin, frozen=True):
        def on_request(self, request: Request) -> None:
            for text in request.texts():
                text.text = text.text.upper()

    with pytest.raises((BadRequest, Rejected)) as caught:
        body = decode_object(data.replace(b"%s", CANARY.encode()))
        OpenAIChat().facts(body)
        testing.redact(Uppercase(), body)
    shown = "".join(format_exception(caught.value)) + repr(caught.value.param)
    assert CANARY not in shown.lower()


def test_a_text_knows_whether_it_was_changed():
    text = Text("one")
    assert not text.changed
    text.text = "two"
    assert text.changed


def test_a_file_in_a_string_that_nobody_knows_is_opaque():
    request = view({"model": "m", "messages": [], "extra": {"x": "data:image/png;base64,iVBOR"}})
    assert [one.name for one in request.opaque()] == ["files"]
    assert "data:" not in "".join(one.text for one in request.texts())
