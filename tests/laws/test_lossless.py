"""Law 3: without plugins, nothing is lost or changed on either way."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from replies import copy, wholes

from pipeline import Event, testing
from pipeline.core.errors import BadRequest
from pipeline.core.frames import Frame
from pipeline.core.jsonvalue import JsonObject, decode, decode_object, encode
from pipeline.dialects.openai import OpenAIChat

CHAT = OpenAIChat()
REQUEST = testing.sample_request('é 😀 \u2028 \x7f \\ " </script>')
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
ANY = st.recursive(
    TEXTS
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans()
    | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


def end(**more: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], **more}


@settings(deadline=None, max_examples=60)
@given(one=ANY, other=ANY, whole=wholes())
def test_unknown_members_pass_both_ways_frame_for_frame(one: Any, other: Any, whole: Any):
    request = {**REQUEST, "unknown": one}
    request["messages"] = [{"role": "user", "content": "hi", "unknown": other}]
    chunks: list[Any] = [
        {"id": "c", "choices": [{"index": 0, "delta": {"unknown": one, "content": "é"}}]},
        {"id": "c", "unknown": other, "choices": [{"index": 0, "unknown": one}]},
        {"choices": [], "usage": {"more": other}},
        end(id="c", timings=one),
    ]
    testing.check_lossless(CHAT, request, chunks)
    got = testing.exchange([], request, whole, stream=False)
    assert got.whole == whole


@settings(deadline=None, max_examples=60)
@given(whole=wholes())
def test_splitting_and_joining_come_back_to_the_same_reply(whole: Any):
    """A reply that was split for a client that streams says all that it said before."""
    request = {**REQUEST, "stream_options": {"include_usage": True}}
    streamed = testing.exchange([], request, copy(whole), stream=True, streams="never")
    assert streamed.done
    assert streamed.whole == whole
    joined = testing.exchange([], request, copy(whole), stream=False, streams="always")
    assert joined.whole == whole


@pytest.mark.parametrize(
    "number",
    ["0", "-1", "18446744073709551615", "-9223372036854775808", "0.1", "1e300", "5e-324", "1.0"],
)
def test_numbers_stay_what_they_are(number: str):
    body = decode_object(b'{"n": %s}' % number.encode())
    assert decode(encode(body)) == {"n": float(number) if set(number) & set(".e") else int(number)}


@pytest.mark.parametrize("number", ["123456789012345678901234567890", "-123456789012345678901"])
def test_integers_beyond_64_bits_are_equal_at_least_as_floats(number: str):
    value: Any = decode_object(b'{"n": %s}' % number.encode())["n"]
    again: Any = decode_object(encode({"n": value}))["n"]
    assert float(again) == float(number)


def test_a_number_beyond_floats_is_a_bad_request():
    with pytest.raises(BadRequest):
        decode_object(b'{"n": 1e999}')


def test_half_a_character_in_a_request_is_a_bad_request():
    for text in (b"\\ud800", b"\\udc00", b"x\\ud83dx", b"\\ude00\\ud83d"):
        with pytest.raises(BadRequest) as caught:
            decode_object(b'{"model": "m", "messages": [{"content": "%s"}]}' % text)
        assert caught.value.status == 400
    whole: Any = decode_object(b'{"content": "\\ud83d\\ude00"}')
    assert whole == {"content": "😀"}


@pytest.mark.parametrize(
    "members",
    [
        b'"a": 1, "a": 2',
        b'"a": {"b": [{"c": 1, "c": 1}]}',
        b'"a": 1, "\\u0061": 2',
        b'"a:": 1, "a:": 2, "b": "\\u003a"',
        b'"a": 1, "a": 2, "b": "\\u003A"',
    ],
)
def test_a_key_twice_is_a_bad_request(members: bytes):
    """Whoever reads it otherwise, such as by its first value, would see another text."""
    with pytest.raises(BadRequest) as caught:
        decode_object(b'{"model": "m", "messages": [], ' + members + b"}")
    assert "twice" in caught.value.message


def test_the_same_key_in_two_objects_and_colons_anywhere_are_fine():
    body = b'{"a": {"a": "b: \\u003a \\u003A"}, "b:c": [{"a": 1}, {"a": ":"}]}'
    assert decode_object(body) == {"a": {"a": "b: : :"}, "b:c": [{"a": 1}, {"a": ":"}]}


def test_events_and_their_order_stay_with_strange_ones_among_them():
    events = [
        Event(b'{"choices":[]}'),
        Event(b'{"choices":[{"index":0,"delta":null}]}'),
        Event(b'{"choices":[{"index":0}]}'),
        Event(b'{"choices":["no object",{"index":0,"delta":{"content":null}}]}'),
        Event(b'{"choices":[{"index":0,"delta":{"content":["a",1],"tool_calls":["x",{}]}}]}'),
        Event(b'{"choices":[{"index":0,"delta":{"content":""},"finish_reason":"stop"}]}'),
        Event(b"[DONE]"),
    ]
    result = testing.exchange([], "", events, stream=True)
    assert result.raw == b"".join(b"data: " + event.data + b"\n\n" for event in events)


def test_the_end_that_a_server_forgot_is_given():
    result = testing.exchange([], "", [Event(encode(end()))], stream=True)
    assert result.raw.endswith(b"data: [DONE]\n\n")


class Lossy(OpenAIChat):
    """Loses a member of the request, or of the frames that it writes."""

    def __init__(self, what: str):
        self.what = what

    def outgoing(self, body: JsonObject, model: str, *, stream: bool) -> JsonObject:
        out = super().outgoing(body, model, stream=stream)
        out.pop(self.what, None)
        return out

    def encode(self, frame: Frame) -> bytes:
        data = {key: value for key, value in (frame.data or {}).items() if key != self.what}
        return super().encode(replace(frame, value=data, line=None) if frame.data else frame)


@pytest.mark.parametrize("what", ["an_unknown_parameter", "id", "timings"])
def test_a_dialect_that_loses_something_is_found(what: str):
    chunks: list[Any] = [end(id="c", timings=[1])]
    testing.check_lossless(CHAT, REQUEST, chunks)
    with pytest.raises(AssertionError, match="law 3"):
        testing.check_lossless(Lossy(what), REQUEST, chunks)
