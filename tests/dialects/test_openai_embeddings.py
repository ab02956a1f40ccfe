"""The Embeddings dialect."""

import json
from typing import Any

import pytest

from pipeline import (
    Channel,
    Plugin,
    Request,
    TextFilter,
    UpstreamFailed,
    Whole,
    testing,
)
from pipeline.core.errors import BadRequest
from pipeline.core.frames import Event, Frame
from pipeline.dialects.openai import OpenAIEmbeddings

EMBEDDINGS = OpenAIEmbeddings()
REPLY: Any = {
    "object": "list",
    "data": [
        {"object": "embedding", "index": 0, "embedding": [0.25, -1, 1e-9]},
        {"object": "embedding", "index": 1, "embedding": "AACAPgAAgL8="},
    ],
    "model": "m",
    "usage": {"prompt_tokens": 5, "total_tokens": 5},
}


class Shout(Plugin, frozen=True):
    """Says every text aloud, both ways."""

    def on_request(self, request: Request) -> None:
        for text in request.texts():
            text.text = text.text.upper()

    def on_text(self, channel: Channel) -> TextFilter:
        return Whole(str.upper)


class Context(Plugin, frozen=True):
    """Adds what it always adds."""

    def on_request(self, request: Request) -> None:
        request.add_context("today")


def ask(given: Any, **more: Any) -> Any:
    return {"model": "m", "input": given, **more}


def view(body: Any) -> Request:
    return Request(body, EMBEDDINGS.layout, EMBEDDINGS.add_context)


def exchange(plugins: Any, body: Any, reply: Any = REPLY, **more: Any) -> testing.Result:
    return testing.exchange(plugins, body, reply, dialect=EMBEDDINGS, **more)


@pytest.mark.parametrize(
    "body",
    [
        ask("a text"),
        ask(["one", "two"], dimensions=3, encoding_format="base64", user="u", new={"x": [1.5]}),
        ask([1, 2, 3]),
        ask([[1, 2], [3]]),
    ],
)
def test_without_plugins_nothing_changes(body: Any):
    result = exchange([], body)
    assert result.error is None
    assert (result.saw, result.whole, result.done) == (body, REPLY, True)


def test_a_backend_that_always_streams_answers_whole_all_the_same():
    result = exchange(Shout(), ask("a"), streams="always")
    assert result.error is None
    assert "stream" not in (result.saw or {})


def test_every_text_of_a_request_is_one():
    body = ask(["one", {"text": "two"}], user="me", input_type="query")
    saw: Any = exchange(Shout(), body).saw
    assert saw["input"] == ["ONE", {"text": "TWO"}]
    assert (saw["user"], saw["input_type"]) == ("ME", "QUERY")
    texts = {one.path: (one.kind, one.role, one.turn) for one in view(body).texts()}
    assert texts["input[0]"] == ("text", "", None)
    assert texts["user"] == ("identity", "", None)


def test_vectors_are_no_text_and_all_else_is():
    reply = {
        **REPLY,
        "data": [
            *REPLY["data"],
            {"embedding": "not base64", "index": 2, "text": "x"},
            {"embedding": [1, "x"]},
            "x",
        ],
        "warning": ["x"],
    }
    got: Any = exchange(Shout(), ask("a"), reply).whole
    assert got["data"][:2] == REPLY["data"]
    assert got["data"][2:] == [
        {"embedding": "NOT BASE64", "index": 2, "text": "X"},
        {"embedding": [1, "X"]},
        "X",
    ]
    assert got["warning"] == ["X"]
    assert (got["model"], got["usage"]) == ("m", REPLY["usage"])


@pytest.mark.parametrize(
    ("given", "paths"),
    [
        ([1, 2], ["input"]),
        ([[1, 2], [3]], ["input[0]", "input[1]"]),
        (["text", 7], ["input"]),
        ([["text"], [[1.5]]], ["input[1][0]"]),
        ([], []),
        ([[]], []),
        ([True], []),
    ],
)
def test_tokens_cannot_be_inspected(given: Any, paths: list[str]):
    found = view(ask(given))
    assert [(one.path, one.name) for one in found.opaque()] == [(path, "tokens") for path in paths]
    assert [one.text for one in found.texts()] == (["text"] if "text" in json.dumps(given) else [])


def test_tokens_pass_only_by_name():
    body = ask([[1, 2], [3]])
    refused = exchange(Shout(), body)
    assert refused.saw is None
    assert "`tokens` cannot be inspected" in str(refused.error)
    with testing.started(Shout(), uninspected=["tokens"]) as started:
        assert exchange(started, body).saw == body


def test_there_is_no_place_for_context():
    assert exchange(Context(), ask("a")).saw == ask("a")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"model": "m"}, "input"),
        ({"model": "m", "input": 5}, "input"),
        ({"input": "a"}, "model"),
        (ask("a", stream=True), "stream"),
    ],
)
def test_what_is_no_request_for_embeddings_is_refused(body: Any, param: str):
    with pytest.raises(BadRequest) as caught:
        EMBEDDINGS.facts(body)
    assert caught.value.param == param


def test_facts():
    facts = EMBEDDINGS.facts(ask("a", user="u"))
    assert (facts.model, facts.stream, facts.user) == ("m", False, "u")


@pytest.mark.parametrize(
    "event",
    [
        Event(b"x", whole=True),
        Event(b"[]", whole=True),
        Event(b"{}", whole=True),
        Event(b'{"data": 1}', whole=True),
        Event(b'{"data": []}'),
        Event(b"[DONE]"),
    ],
)
def test_what_is_no_reply_is_a_failure(event: Event):
    with pytest.raises(UpstreamFailed):
        EMBEDDINGS.reader({}).read(event)


def test_a_reply_that_breaks_off_is_a_failure():
    with pytest.raises(UpstreamFailed):
        EMBEDDINGS.reader({}).eof()


def test_the_usage_is_read():
    reader = EMBEDDINGS.reader({})
    assert reader.usage is None
    reader.read(Event(json.dumps(REPLY).encode(), whole=True))
    assert reader.usage is not None
    assert (reader.usage.input, reader.usage.output) == (5, 0)


def test_errors_are_texts_in_openais_form():
    frame = EMBEDDINGS.error_frame(Event(b'{"error": {"message": "no, Anna"}}', whole=True))
    assert [piece.text for piece in frame.pieces] == ["no, Anna"]
    error = exchange([], ask("a"), {"error": {"message": "no"}})
    assert isinstance(error.error, UpstreamFailed)
    body: Any = EMBEDDINGS.error(BadRequest("no", param="input"))
    assert body["error"]["param"] == "input"
    assert EMBEDDINGS.encode(Frame({"a": 1}, whole=True)) == b'{"a":1}'
