"""Replies that are not as the protocol has them: nothing in them passes the plugins by."""

from typing import Any

import pytest

from pipeline import (
    Channel,
    Event,
    Plugin,
    ReplaceTokens,
    TextFilter,
    UpstreamFailed,
    Whole,
    testing,
)
from pipeline.core.jsonvalue import encode
from pipeline.dialects.openai import OpenAIChat

CHAT = OpenAIChat()
ODD: list[Any] = ["PERSON_1", ["PERSON_1"], {"a": "PERSON_1"}, [["PERSON_1"]], 7, None, True]


class Restore(Plugin, frozen=True):
    def on_text(self, channel: Channel) -> TextFilter:
        return ReplaceTokens({"PERSON_1": "Ann"})


class Wrap(Plugin, frozen=True):
    def on_text(self, channel: Channel) -> TextFilter:
        return Whole("[{}]".format)


def chunk(delta: Any, finish: str | None = None, **more: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish, **more}]}


def choice(said: str, message: Any) -> Any:
    return {"index": 0, said: message, "finish_reason": "stop" if said == "message" else None}


ODD_MESSAGES: list[Any] = [
    *ODD,
    *({"content": one} for one in ODD),
    *({"tool_calls": one} for one in ODD),
    *({"tool_calls": [{"index": 0, "function": one}]} for one in ODD),
    *({"tool_calls": [{"function": {"name": "f", "arguments": one}}]} for one in ODD),
    *({"tool_calls": [{"index": one, "id": "i", "type": "function"}]} for one in ODD[1:]),
    *({"tool_calls": [{"id": one}]} for one in ODD[1:]),
    *({"reasoning_details": one} for one in ODD),
    *({"reasoning_details": [{"index": one, "text": one}]} for one in ODD[1:]),
    *({"audio": one} for one in ODD),
    *({"function_call": one} for one in ODD),
    *({"annotations": [one]} for one in ODD),
]


@pytest.mark.parametrize("stream", [True, False])
def test_no_string_passes_by_whatever_it_is_wrapped_in(stream: bool):
    with testing.started(Restore()) as started:
        for message in ODD_MESSAGES:
            events = [Event(encode(chunk(message))), Event(encode(chunk({}, "stop")))]
            whole = Event(encode({"choices": [choice("message", message)]}), whole=True)
            for script in ([*events, Event(b"[DONE]")], [whole]):
                result = testing.exchange(started, "", script, stream=stream)
                assert (result.error, b"PERSON_1" in result.raw) == (None, False), message


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    "members",
    [
        {"message": {"content": "PERSON_1"}},
        {"delta": {"content": "PERSON_1"}},
        {"logprobs": ["PERSON_1"]},
        {"token_ids": {"of": "PERSON_1"}},
        {"finish_reason": {"why": "PERSON_1"}},
        {"index": ["PERSON_1"]},
    ],
)
def test_no_string_of_a_choice_passes_by(members: Any, stream: bool):
    said = {**choice("message", {"content": "x"}), **members}
    events = [
        Event(encode({"choices": [{**choice("delta", {"content": "x"}), **members}]})),
        Event(encode(chunk({}, "stop"))),
        Event(b"[DONE]"),
    ]
    for script in (events, [Event(encode({"choices": [said]}), whole=True)]):
        result = testing.exchange(Restore(), "", script, stream=stream)
        assert (result.error, b"PERSON_1" in result.raw) == (None, False)


@pytest.mark.parametrize("said", ["message", "delta"])
def test_what_nobody_filters_is_written_as_it_came(said: str):
    for message in ODD_MESSAGES:
        data: Any = {"id": ["i"], "choices": ["x", choice(said, message)], "usage": message}
        frame = CHAT.reader({}).read(Event(encode(data), whole=said == "message"))
        assert frame.data == data


@pytest.mark.parametrize("wanted", [0, -1, True, None, "2", 1.0])
def test_a_reply_without_an_end_is_never_complete(wanted: Any):
    reader = CHAT.reader({"n": wanted})
    with pytest.raises(UpstreamFailed):
        reader.eof()
    reader.read(Event(encode(chunk({"content": "x"}))))
    with pytest.raises(UpstreamFailed):
        reader.eof()


def test_an_empty_text_behind_the_end_is_no_text_of_its_own():
    chunks = [
        chunk({"role": "assistant", "content": "x"}),
        chunk({}, "stop"),
        {**chunk({"role": "assistant", "content": ""}), "usage": {"total_tokens": 1}},
    ]
    result = testing.exchange(Wrap(), "", chunks, stream=True)
    assert (result.text, result.done) == ("[x]", True)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("whole", [True, False])
def test_json_that_is_too_deep_is_the_backends_fault(stream: bool, whole: bool):
    deep: Any = "x"
    for _ in range(300):
        deep = [deep]
    data = {"choices": [choice("message" if whole else "delta", {"x": deep, "id": deep})]}
    result = testing.exchange(Restore(), "", [Event(encode(data), whole=whole)], stream=stream)
    assert isinstance(result.error, UpstreamFailed)
    with pytest.raises(UpstreamFailed):
        CHAT.error_frame(Event(encode({"error": deep})))


def test_half_a_character_in_a_key_is_replaced():
    data = b'{"choices":[{"index":0,"delta":{"content":"x","\\ud83d":"y"}}],"\\ud83d":1}'
    frame = CHAT.reader({}).read(Event(data))
    assert "\ufffd".encode() in CHAT.encode(frame)


def test_a_reply_of_many_choices_and_calls_is_read_in_no_time():
    with testing.started(Restore()) as started:
        calls = [{"function": {"name": "f", "arguments": '"PERSON_1'}}] * 3000
        choices = [
            {"index": index, "message": {"content": "PERSON_1"}, "finish_reason": "stop"}
            for index in range(3000)
        ]
        choices[0] = {**choices[0], "message": {"tool_calls": calls}}
        result = testing.exchange(started, "", [Event(encode({"choices": choices}), whole=True)])
    assert result.raw.count(b"Ann") == 5999
