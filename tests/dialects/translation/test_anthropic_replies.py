"""From Anthropic's Messages to OpenAI's chat: replies, whole and streamed, and errors."""

from typing import Any, get_args

import pytest
from anthropic.types import Message
from anthropic.types.stop_reason import StopReason
from dialects.translation.speaking import (
    ASKED,
    ERROR,
    checked,
    events,
    joined,
    message,
    streamed,
    text,
    thinking,
    translate,
    use,
)

from pipeline import Event, UpstreamFailed
from pipeline.core.jsonvalue import JsonObject, decode, encode
from pipeline.dialects.openai import OpenAIChat
from pipeline.dialects.translation import anthropic_reply
from pipeline.dialects.translation.anthropic_from_openai import AnthropicFromOpenAI

COUNTED = {
    "prompt_tokens": 33,
    "completion_tokens": 7,
    "total_tokens": 40,
    "prompt_tokens_details": {"cached_tokens": 20, "cache_write_tokens": 3},
    "completion_tokens_details": {"reasoning_tokens": 4},
}


def whole(body: JsonObject) -> Any:
    return checked(translate([Event(encode(body), whole=True)]))


def choice(reply: Any) -> Any:
    [found] = reply["choices"]
    return found


CONTENTS: dict[str, list[Any]] = {
    "text": [text("Grüße 😀")],
    "texts": [text("a"), text("b")],
    "nothing": [],
    "thinking": [thinking("Hm."), text("Yes.")],
    "encrypted thinking": [{"type": "redacted_thinking", "data": "eA=="}, text("Yes.")],
    "tools": [text("Look:"), use("t1", {"a": [1, "ü"]}), use("t2", {})],
    "a tool alone": [use("t1", {"a": None})],
}


@pytest.mark.parametrize("name", CONTENTS)
def test_a_whole_reply_and_its_stream_say_the_same(name: str):
    content = CONTENTS[name]
    Message.model_validate(message(content))
    reason = "tool_use" if "tool" in name else "end_turn"
    one = whole(message(content, reason))
    other = joined(translate(events(streamed(content, reason))))
    said, streams = choice(one).pop("message"), choice(other).pop("message")
    assert said["content"] == (
        streams["content"] or None if "alone" in name else streams["content"]
    )
    for key in ("reasoning_content", "tool_calls", "role"):
        assert said.get(key) == streams.get(key)
    for reply in (one, other):
        assert reply.pop("created") > 1_700_000_000
        choice(reply).pop("logprobs", None)
        assert reply.pop("usage") == COUNTED
    assert one == other
    assert one["id"] == "msg_1"
    assert one["model"] == "claude"


def test_what_a_message_becomes():
    said = choice(whole(message(CONTENTS["tools"], "tool_use")))
    assert said["finish_reason"] == "tool_calls"
    assert said["message"] == {
        "role": "assistant",
        "content": "Look:",
        "tool_calls": [
            {
                "id": "t1",
                "type": "function",
                "function": {"name": "look", "arguments": '{"a":[1,"ü"]}'},
            },
            {"id": "t2", "type": "function", "function": {"name": "look", "arguments": "{}"}},
        ],
    }
    assert choice(whole(message(CONTENTS["thinking"])))["message"] == {
        "role": "assistant",
        "content": "Yes.",
        "reasoning_content": "Hm.",
    }


@pytest.mark.parametrize("reason", get_args(StopReason))
def test_every_reason_to_stop_is_known(reason: str):
    expected = {
        "end_turn": "stop",
        "stop_sequence": "stop",
        "tool_use": "tool_calls",
        "max_tokens": "length",
        "model_context_window_exceeded": "length",
        "pause_turn": "length",
        "refusal": "content_filter",
    }
    assert choice(whole(message([text("x")], reason)))["finish_reason"] == expected[reason]
    stream = joined(translate(events(streamed([text("x")], reason))))
    assert choice(stream)["finish_reason"] == expected[reason]


def test_why_the_model_refuses():
    details = {"type": "refusal", "category": None, "explanation": "No."}
    one = whole(message([], "refusal", stop_details=details))
    other = joined(translate(events(streamed([], "refusal", stop_details=details))))
    assert choice(one)["message"]["refusal"] == choice(other)["message"]["refusal"] == "No."


def test_usage_comes_only_if_it_is_wanted():
    said = events(streamed([text("x")]))
    assert all(b'"usage":null' in one.data for one in translate(said)[:-2])
    for asked in ({}, {"stream_options": {"include_usage": False}}, {"stream_options": None}):
        assert not any(b"usage" in one.data for one in translate(said, {"model": "m", **asked}))


def test_zeros_do_not_hide_what_was_counted():
    said = streamed([text("x")])
    said[-2]["usage"] = {"input_tokens": 0, "cache_read_input_tokens": None, "output_tokens": 7}
    assert joined(translate(events(said)))["usage"]["prompt_tokens"] == 33


def test_the_whole_input_at_the_start_of_a_block():
    said = streamed([use("t1", {})])
    said[2]["content_block"]["input"] = {"a": 1}  # type: ignore[index,call-overload]
    [call] = choice(joined(translate(events(said))))["message"]["tool_calls"]
    assert call["function"]["arguments"] == '{"a":1}'


def test_characters_that_are_cut_in_two():
    said = events(streamed([text("ab")]))
    one, two = (n for n, event in enumerate(said) if b"text_delta" in event.data)
    said[one] = Event(said[one].data.replace(b'"a"', rb'"\ud83d"'), "content_block_delta")
    said[two] = Event(said[two].data.replace(b'"b"', rb'"\ude00"'), "content_block_delta")
    assert choice(joined(translate(said)))["message"]["content"] == "😀"


def test_what_comes_after_the_end_is_not_said():
    said = events(streamed([text("x")]))
    assert len(translate([*said, *said, Event(b"junk")])) == len(translate(said))


@pytest.mark.parametrize("name", CONTENTS)
def test_a_stream_that_breaks_off_never_looks_complete(name: str):
    said = events(streamed(CONTENTS[name], "tool_use" if "tool" in name else "end_turn"))
    for cut in range(len(said)):
        reader = OpenAIChat().reader(ASKED)
        frames = [reader.read(one) for one in translate(said[:cut])]
        assert not any(one.end for one in frames)
        with pytest.raises(UpstreamFailed):
            reader.eof()


def test_an_error_in_the_middle_ends_the_stream():
    said = events([*streamed([text("x")])[:5], ERROR, *streamed([text("y")])])
    *_, last = translate(said)
    expected = {"message": "Overloaded", "type": "overloaded_error", "param": None, "code": None}
    assert decode(last.data) == {"error": expected}
    assert OpenAIChat().reader(ASKED).read(last).end == "error"


def test_an_error_instead_of_a_reply():
    [event] = translate([Event(encode(ERROR), whole=True)])
    assert event.whole
    assert OpenAIChat().reader(ASKED).read(event).end == "error"


def test_a_refusals_body():
    body = {
        "type": "error",
        "error": {"type": "invalid_request_error", "message": "max_tokens: too many"},
        "request_id": "req_1",
    }
    event = AnthropicFromOpenAI().error(Event(encode(body), whole=True))
    assert event.whole
    assert decode(event.data) == {
        "error": {
            "message": "max_tokens: too many",
            "type": "invalid_request_error",
            "param": None,
            "code": None,
        }
    }


@pytest.mark.parametrize("body", [b"{}", b"[]", b"no", b'{"error": "x"}', b'{"error": {}}'])
def test_a_refusal_that_is_not_anthropics(body: bytes):
    with pytest.raises(UpstreamFailed):
        AnthropicFromOpenAI().error(Event(body, whole=True))


START = streamed([])[0]
OPEN = {"type": "content_block_start", "index": 0, "content_block": text("")}
STOP = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {}}


def delta(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": 0, "delta": {"type": kind, **more}}


@pytest.mark.parametrize(
    "said",
    [
        [OPEN],
        [START, START],
        [START, {"type": "novelty", "text": "Anna"}],
        [START, {"no": "type"}],
        [START, delta("text_delta", text="a")],
        [START, OPEN, OPEN],
        [START, OPEN, delta("novelty_delta", text="a")],
        [START, OPEN, delta("thinking_delta", thinking="a")],
        [START, OPEN, delta("signature_delta", signature="a")],
        [START, OPEN, delta("text_delta", text=3)],
        [START, OPEN, {"type": "content_block_stop", "index": 1}],
        [START, {**OPEN, "content_block": {"type": "server_tool_use", "id": "a"}}],
        [START, {**OPEN, "content_block": {"type": "Anna Berg"}}],
        [START, {**OPEN, "index": "0"}],
        [START, OPEN, STOP, {"type": "message_stop"}],
        [START, {"type": "message_stop"}],
        [START, {"type": "message_delta", "delta": {"stop_reason": "Anna Berg"}, "usage": {}}],
        [{"type": "message_start", "message": {}}],
        [{"type": "message_start", "message": message([text("said before")], None)}],
    ],
)
def test_what_is_not_known_is_refused(said: list[Any]):
    with pytest.raises(UpstreamFailed) as caught:
        translate([Event(encode(one)) for one in said])
    assert "Anna" not in caught.value.message


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"content": "x"},
        message(["x"]),
        message([{"type": "server_tool_use", "id": "a", "name": "b", "input": {}}]),
        message([{"type": "text"}]),
        message([text("x")], None),
        message([text("x")], "novelty"),
    ],
)
def test_a_whole_reply_that_is_not_known_is_refused(body: Any):
    with pytest.raises(UpstreamFailed):
        translate([Event(encode(body), whole=True)])


@pytest.mark.parametrize("data", [b"no", b"[]", b'"x"', b""])
def test_an_event_that_is_no_object(data: bytes):
    with pytest.raises(UpstreamFailed):
        translate([Event(data)])


def test_every_delta_that_the_sdk_has_is_known():
    from anthropic.types.raw_content_block_delta import RawContentBlockDelta

    union, *_ = get_args(RawContentBlockDelta)
    kinds = {get_args(one.model_fields["type"].annotation)[0] for one in get_args(union)}
    assert kinds == anthropic_reply._DELTAS.keys()  # pyright: ignore[reportPrivateUsage]
