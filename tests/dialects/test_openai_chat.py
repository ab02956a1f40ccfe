"""The Chat Completions dialect, piece by piece; its laws are in tests/laws."""

import json
from typing import Any

import pytest

from pipeline import (
    Channel,
    Event,
    Plugin,
    Rejected,
    ReplaceTokens,
    TextFilter,
    UpstreamFailed,
    testing,
)
from pipeline.core.frames import Frame
from pipeline.core.jsonvalue import encode
from pipeline.dialects.openai import OpenAIChat

CHAT = OpenAIChat()


class Restore(Plugin, frozen=True):
    def on_text(self, channel: Channel) -> TextFilter:
        return ReplaceTokens({"PERSON_1": "Ann"})


def chunk(delta: Any, finish: str | None = None, index: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "id": "c",
        "choices": [{"index": index, "delta": delta, "finish_reason": finish}],
        **more,
    }


def read(*chunks: Any, body: Any = None) -> list[Frame]:
    reader = CHAT.reader(body or {})
    return [reader.read(Event(encode(one))) for one in chunks]


def joined(*chunks: Any) -> Any:
    return CHAT.join([Frame(one) for one in chunks]).data


def test_an_error_has_the_shape_that_clients_know():
    error = Rejected("no", param="messages[0]")
    assert CHAT.error(error) == {
        "error": {
            "message": "no",
            "type": "invalid_request_error",
            "param": "messages[0]",
            "code": "rejected",
        }
    }
    server: Any = CHAT.error(UpstreamFailed("x"))
    assert server["error"]["type"] == "server_error"
    event = CHAT.error_event(error)
    assert event.startswith(b'data: {"error":') and event.endswith(b"}\n\n")
    assert b"[DONE]" not in event


@pytest.mark.parametrize(
    ("roles", "at"),
    [([], 0), (["user"], 0), (["system", "developer", "user"], 2), (["user", "system"], 0)],
)
def test_context_goes_behind_the_clients_own_instructions(roles: list[str], at: int):
    body: Any = {"model": "m", "messages": [{"role": role, "content": "x"} for role in roles]}
    path, message = CHAT.add_context(body, "more")
    assert path == f"messages[{at}]"
    assert body["messages"][at] is message == {"role": "system", "content": "more"}


def test_facts_are_what_routing_needs():
    facts = CHAT.facts({"model": "m", "messages": [], "stream": True, "user": "u"})
    assert (facts.model, facts.stream, facts.user) == ("m", True, "u")
    facts = CHAT.facts({"model": "m", "messages": [], "stream": None, "user": 7})
    assert (facts.stream, facts.user) == (False, None)


@pytest.mark.parametrize(
    ("delta", "channel"),
    [
        ({"content": "x"}, Channel("content", 3)),
        ({"refusal": "x"}, Channel("refusal", 3)),
        ({"reasoning_content": "x"}, Channel("reasoning", 3, name="reasoning_content")),
        ({"reasoning": "x"}, Channel("reasoning", 3, name="reasoning")),
        ({"new": "x"}, Channel("other", 3, name="new")),
        ({"audio": {"transcript": "x"}}, Channel("content", 3, name="audio")),
        (
            {"function_call": {"arguments": "x"}},
            Channel("arguments", 3, form="json", name="function_call"),
        ),
        (
            {"tool_calls": [{"index": 2, "function": {"arguments": "x"}}]},
            Channel("arguments", 3, 2, "json", "function"),
        ),
        (
            {"tool_calls": [{"index": 2, "custom": {"input": "x"}}]},
            Channel("arguments", 3, 2, "text", "custom"),
        ),
        (
            {"reasoning_details": [{"index": 1, "text": "x"}]},
            Channel("reasoning", 3, 1, name="reasoning_details.text"),
        ),
    ],
)
def test_each_text_has_its_channel_and_a_chunk_can_be_made_for_it(delta: Any, channel: Channel):
    reader = CHAT.reader({})
    frame = reader.read(Event(encode(chunk(delta, index=3, model="m", created=5))))
    assert [(piece.channel, piece.text) for piece in frame.pieces] == [(channel, "x")]
    made = json.loads(json.dumps(delta).replace('"x"', '"y"'))
    assert reader.make(channel, "y").data == chunk(made, index=3, model="m", created=5)


@pytest.mark.parametrize("kind", ["json_object", "json_schema", "grammar"])
def test_content_is_json_under_a_response_format(kind: str):
    for body, form in (
        ({"response_format": {"type": kind}}, "json"),
        ({"response_format": {"type": "text"}}, "text"),
        ({"response_format": None}, "text"),
    ):
        [frame] = read(chunk({"content": "{}"}), body=body)
        assert frame.pieces[0].channel.form == form


@pytest.mark.parametrize(
    ("data", "bare"),
    [
        (chunk({"content": "x"}), True),
        (chunk({"content": "x"}, usage=None, obfuscation="abc", system_fingerprint="f"), True),
        (chunk({"tool_calls": [{"index": 0, "function": {"arguments": "x"}}]}), True),
        (chunk({"role": "assistant", "content": "x"}), False),
        (chunk({"content": "x"}, "stop"), False),
        (chunk({"content": "x"}, usage={"total_tokens": 1}), False),
        (chunk({"content": "x"}, timings={}), False),
        (chunk({}), False),
        (chunk({"content": None}), False),
        (chunk({"tool_calls": [{"index": 0, "id": "c", "function": {"arguments": "x"}}]}), False),
    ],
)
def test_a_bare_chunk_carries_nothing_but_text(data: Any, bare: bool):
    assert read(data)[0].bare == bare


def test_an_empty_finish_reason_is_none():
    """Some servers send `""` with every chunk that does not finish."""
    chunks = [chunk({"content": "PERSON"}, ""), chunk({"content": "_1"}, ""), chunk({}, "stop")]
    result = testing.exchange(Restore(), "", chunks, stream=True)
    assert result.text == "Ann"
    events = [Event(encode(one)) for one in chunks[:2]]
    broken = testing.exchange(Restore(), "", events, stream=True)
    assert not broken.done


def test_a_reply_whose_connection_ends_is_complete_when_every_choice_is():
    reader = CHAT.reader({"n": 2})
    for index in range(2):
        with pytest.raises(UpstreamFailed):
            reader.eof()
        reader.read(Event(encode(chunk({}, "stop", index))))
    assert reader.eof().end == "done"


def test_joining_replaces_what_is_said_again_in_every_chunk():
    def call(**more: Any) -> Any:
        one = {"index": 0, "id": "i", "type": "function", "function": {"name": "f", **more}}
        thought = {"index": 0, "type": "reasoning.text", "format": "f1", "id": "r", "text": "ab"}
        return chunk({"role": "assistant", "tool_calls": [one], "reasoning_details": [thought]})

    whole = joined(call(arguments="{"), call(arguments="}"), chunk({}, "tool_calls"))
    assert whole["choices"] == [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "tool_calls": [
                    {"id": "i", "type": "function", "function": {"name": "f", "arguments": "{}"}}
                ],
                "reasoning_details": [
                    {
                        "index": 0,
                        "type": "reasoning.text",
                        "format": "f1",
                        "id": "r",
                        "text": "abab",
                    }
                ],
            },
            "finish_reason": "tool_calls",
        }
    ]


def test_joining_takes_usage_and_leaves_out_what_only_streams_have():
    whole = joined(
        chunk({"content": "a"}, usage=None, obfuscation="x", object="chat.completion.chunk"),
        chunk({"content": "b"}, "stop", usage=None),
        {"id": "c", "choices": [], "usage": {"total_tokens": 1}},
    )
    assert whole == {
        "id": "c",
        "object": "chat.completion",
        "choices": [{"index": 0, "message": {"content": "ab"}, "finish_reason": "stop"}],
        "usage": {"total_tokens": 1},
    }


@pytest.mark.parametrize("usage", [True, False])
def test_splitting_gives_usage_only_to_those_who_asked(usage: bool):
    whole = {
        "id": "c",
        "choices": [{"index": 0, "message": {"content": "x"}, "finish_reason": "stop"}],
        "usage": {"total_tokens": 1},
    }
    body: Any = {"stream_options": {"include_usage": True}} if usage else {}
    frames = list(CHAT.split(Frame(whole, whole=True), body))
    assert frames[-1].end == "done"
    assert [one.data["usage"] for one in frames[:-1] if one.data and "usage" in one.data] == (
        [None, None, {"total_tokens": 1}] if usage else []
    )


def test_deep_json_from_a_backend_ends_the_exchange():
    deep = b'{"choices":[{"index":0,"delta":{"x":' + b"[" * 900 + b"]" * 900 + b"}}]}"
    for stream in (True, False):
        result = testing.exchange(Restore(), "", [Event(deep)], stream=stream)
        assert result.error is not None and not result.done
