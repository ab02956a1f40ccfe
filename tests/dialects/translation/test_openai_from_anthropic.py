"""From Anthropic's Messages to OpenAI's chat, and back with the opposite translator."""

from collections.abc import Sequence
from copy import deepcopy
from random import Random
from typing import Any

import pytest
from anthropic.types import Message, RawMessageStreamEvent
from dialects.translation.chats import MADE, OBJECT, TEXT, asked, exchanges, made
from dialects.translation.conforming import faults
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat.completion_create_params import (
    CompletionCreateParamsNonStreaming,
    CompletionCreateParamsStreaming,
)
from pydantic import TypeAdapter

from pipeline import Event, UpstreamFailed, testing
from pipeline.core.errors import BadRequest
from pipeline.core.frames import Frame
from pipeline.core.jsonvalue import JsonObject, decode, encode
from pipeline.dialects.anthropic import AnthropicMessages
from pipeline.dialects.openai import OpenAIChat
from pipeline.dialects.translation.openai_from_anthropic import OpenAIFromAnthropic

CHAT = OpenAIFromAnthropic()
MESSAGES = AnthropicMessages()
STREAM = TypeAdapter[Any](RawMessageStreamEvent)
ASKED: JsonObject = {"model": "m", "messages": []}


def body(*messages: Any, **more: Any) -> dict[str, Any]:
    return {"model": "m", "max_tokens": 9, "messages": list(messages), **more}


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def text(said: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": said, **more}


def chat(request: dict[str, Any]) -> Any:
    """The translation, which is valid and leaves the request as it is."""
    before = deepcopy(request)
    out = CHAT.request(request)
    assert request == before
    streams = out.get("stream") is True
    kind = CompletionCreateParamsStreaming if streams else CompletionCreateParamsNonStreaming
    assert faults(out, kind) == []
    return out


def test_a_conversation_with_tools():
    use = {"type": "tool_use", "id": "t1", "name": "look", "input": {"a": "Größe"}}
    failed = {"type": "tool_result", "tool_use_id": "t1", "content": "no", "is_error": True}
    image = {"type": "base64", "media_type": "image/png", "data": "QUJD"}
    thought = {"type": "thinking", "thinking": "hm", "signature": "c2ln"}
    out = chat(
        body(
            user([text("Look", cache_control={"type": "ephemeral"})]),
            {"role": "assistant", "content": [thought, text("So"), use]},
            user([failed, text("Well?"), {"type": "image", "source": image}]),
            system=[text("Be"), text("brief.")],
            tools=[{"name": "look", "description": "Looks.", "input_schema": {"type": "object"}}],
            tool_choice={"type": "any", "disable_parallel_tool_use": True},
            stop_sequences=["END"],
            metadata={"user_id": "u"},
            stream=True,
        )
    )
    called = {"name": "look", "arguments": '{"a":"Größe"}'}
    assert out == {
        "model": "m",
        "max_completion_tokens": 9,
        "messages": [
            {"role": "system", "content": [text("Be"), text("brief.")]},
            {"role": "user", "content": "Look"},
            {
                "role": "assistant",
                "content": "So",
                "tool_calls": [{"id": "t1", "type": "function", "function": called}],
            },
            {"role": "tool", "tool_call_id": "t1", "content": "no"},
            {
                "role": "user",
                "content": [
                    text("Well?"),
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}},
                ],
            },
        ],
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "look",
                    "description": "Looks.",
                    "parameters": {"type": "object"},
                },
            }
        ],
        "tool_choice": "required",
        "parallel_tool_calls": False,
        "stop": ["END"],
        "user": "u",
        "stream": True,
        "stream_options": {"include_usage": True},
    }


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"top_k": 5}, "top_k"),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, "thinking"),
        ({"container": "c"}, "container"),
        ({"mcp_servers": [{"type": "url", "url": "https://x/", "name": "n"}]}, "mcp_servers"),
        ({"metadata": {"more": "x"}}, "metadata.more"),
        ({"Ann Berg": 1}, "*"),
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "tools[0].type"),
        ({"tools": [{"name": "f", "input_schema": {}, "input_examples": [{}]}]}, None),
        ({"output_config": {"task_budget": {"type": "tokens", "total": 1}}}, None),
        ({"system": [{"type": "image"}]}, "system[0]"),
    ],
)
def test_what_cannot_be_carried_over_is_refused_by_name(more: Any, param: str | None):
    with pytest.raises(BadRequest) as caught:
        CHAT.request(body(user("hi"), **more))
    assert caught.value.param == param or param is None
    assert caught.value.param
    assert "Ann" not in str(caught.value)


@pytest.mark.parametrize(
    "block",
    [
        {"type": "document", "source": {"type": "text", "data": "Ann"}},
        {"type": "search_result", "source": "Ann", "title": "Ann", "content": []},
        {"type": "image", "source": {"type": "file", "file_id": "f"}},
        {"type": "container_upload", "file_id": "f"},
        {"type": "text", "text": "x", "new": "Ann"},
        {"type": "tool_result", "tool_use_id": "t", "content": [{"type": "image"}]},
    ],
    ids=lambda block: block["type"],
)
def test_blocks_that_have_no_place_are_refused(block: Any):
    with pytest.raises(BadRequest) as caught:
        CHAT.request(body(user([block])))
    assert (caught.value.param or "").startswith("messages[0].content[0]")
    assert "Ann" not in str(caught.value)


def test_results_stand_before_what_the_user_says():
    result = {"type": "tool_result", "tool_use_id": "t", "content": "x"}
    with pytest.raises(BadRequest, match="before all else"):
        CHAT.request(body(user([text("first"), result])))


BLOCK = TEXT.map(text)
IMAGE = st.sampled_from(
    [
        {"type": "base64", "media_type": "image/png", "data": "QUJD"},
        {"type": "url", "url": "https://x.example/i.png"},
    ]
).map(lambda source: {"type": "image", "source": source})
CONTENT = TEXT | st.lists(BLOCK, min_size=2, max_size=3)


@st.composite
def talks(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Messages in the form that both protocols have."""
    said: list[dict[str, Any]] = [user(draw(CONTENT | st.lists(IMAGE, min_size=1, max_size=2)))]
    if draw(st.booleans()):
        count = draw(st.integers(0, 2))
        uses = [
            {"type": "tool_use", "id": f"t{n}", "name": "look", "input": draw(OBJECT)}
            for n in range(count)
        ]
        blocks = draw(st.lists(BLOCK, min_size=0 if count else 2, max_size=2))
        said.append({"role": "assistant", "content": [*blocks, *uses]})
        if not count and draw(st.booleans()):
            said[-1]["content"] = draw(TEXT)
        results = [
            {"type": "tool_result", "tool_use_id": f"t{n}", "content": draw(CONTENT)}
            for n in range(count)
        ]
        said += [user(results)] if results else []
    return said


SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "system": st.lists(BLOCK, min_size=1, max_size=2),
        "stop_sequences": st.lists(TEXT, min_size=1, max_size=3),
        "temperature": st.sampled_from([0, 0.5]),
        "top_p": st.just(0.9),
        "metadata": st.just({"user_id": "u"}),
        "service_tier": st.sampled_from(["auto", "standard_only"]),
        "stream": st.just(True),
        "thinking": st.just({"type": "disabled"}),
        "tool_choice": st.sampled_from(
            [
                {"type": "auto"},
                {"type": "any", "disable_parallel_tool_use": True},
                {"type": "tool", "name": "f"},
                {"type": "none"},
            ]
        ),
    },
)
TOOLS = [{"name": "f", "description": "d", "input_schema": {"type": "object"}, "strict": True}]


@given(st.lists(talks(), min_size=1, max_size=2), SETTINGS)
def test_a_request_comes_back_as_it_was(parts: list[Any], more: dict[str, Any]):
    request = body(*[one for part in parts for one in part], tools=TOOLS, **more)
    assert MADE.request(chat(request)) == request


@given(st.sampled_from(["low", "max"]), OBJECT)
def test_effort_and_schema_come_back(effort: str, schema: Any):
    wanted = {"type": "json_schema", "schema": schema}
    request = body(user("hi"), output_config={"effort": effort, "format": wanted})
    assert MADE.request(chat(request)) == request


@given(st.lists(exchanges(), min_size=1, max_size=3))
def test_a_chat_comes_back_with_all_that_it_said(parts: list[Any]):
    there = made(asked(*[one for part in parts for one in part], max_tokens=3))
    assert made(chat(there)) == there


def reply(content: Any = None, calls: Sequence[Any] = (), **more: Any) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": content, **more}
    if calls:
        message["tool_calls"] = [
            {
                "id": f"c{n}",
                "type": "function",
                "function": {"name": "look", "arguments": encode(one).decode()},
            }
            for n, one in enumerate(calls)
        ]
    choice = {
        "index": 0,
        "message": message,
        "logprobs": None,
        "finish_reason": "tool_calls" if calls else "stop",
    }
    usage = {
        "prompt_tokens": 10,
        "completion_tokens": 5,
        "total_tokens": 15,
        "prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }
    return {
        "id": "r",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [choice],
        "usage": usage,
    }


def whole(said: Any) -> Any:
    [event] = CHAT.reply(ASKED).feed(Event(encode(said), whole=True))
    found: Any = decode(event.data)
    Message.model_validate(found)
    return found


def events_of(said: Any) -> list[Event]:
    """The stream that says what a whole reply says."""
    frames = OpenAIChat().split(
        Frame(deepcopy(said), whole=True), {"stream_options": {"include_usage": True}}
    )
    return [Event(b"[DONE]" if one.data is None else encode(one.data)) for one in frames]


def streamed(said: Sequence[Event]) -> list[Any]:
    translator = CHAT.reply(ASKED)
    out = [one for event in said for one in translator.feed(event)]
    out += translator.eof()
    found = [decode(one.data) for one in out]
    for event, data in zip(out, found, strict=True):
        assert isinstance(data, dict) and event.name == data["type"]
        STREAM.validate_python(data)
    return found


def in_order(said: list[Any]) -> None:
    """One block after the other, each begun once and ended once."""
    current, last = None, -1
    assert said[0]["type"] == "message_start" and said[-1]["type"] == "message_stop"
    for one in said:
        match one["type"]:
            case "content_block_start":
                assert current is None and one["index"] == last + 1
                current = last = one["index"]
            case "content_block_delta":
                assert one["index"] == current
            case "content_block_stop":
                assert one["index"] == current
                current = None
            case _:
                assert current is None


def test_a_whole_reply():
    found = whole(reply("Hi", [{"a": 1}, {}], reasoning_content="hm"))
    assert found["content"] == [
        {"type": "thinking", "thinking": "hm", "signature": ""},
        {"type": "text", "text": "Hi"},
        {"type": "tool_use", "id": "c0", "name": "look", "input": {"a": 1}},
        {"type": "tool_use", "id": "c1", "name": "look", "input": {}},
    ]
    assert found["stop_reason"] == "tool_use"
    assert found["usage"] == {
        "input_tokens": 6,
        "output_tokens": 5,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 4,
    }


REPLIES = st.builds(
    lambda content, calls, thought: reply(
        content, calls, **({"reasoning_content": thought} if thought else {})
    ),
    TEXT,
    st.lists(OBJECT, max_size=3),
    TEXT | st.none(),
)


@given(REPLIES)
def test_a_whole_reply_comes_back(said: Any):
    [event] = MADE.reply(asked()).feed(Event(encode(whole(said)), whole=True))
    back: Any = decode(event.data)
    assert {**back, "created": 1} == said


@given(REPLIES, st.integers(0, 2**32))
def test_a_stream_says_the_same_wherever_it_is_cut(said: Any, seed: int):
    expected = whole(said)
    plain = streamed(events_of(said))
    in_order(plain)
    assert MESSAGES.join(Frame(one) for one in plain).data == expected
    cut = streamed(testing.recut(OpenAIChat(), {}, events_of(said), Random(seed)))
    in_order(cut)
    found: Any = MESSAGES.join(Frame(one) for one in cut).data
    assert texts(found) == texts(expected)
    back = MADE.reply(asked(stream_options={"include_usage": True}))
    raw = [one for data in cut for one in back.feed(Event(encode(data)))]
    chunks: list[Any] = [decode(one.data) for one in raw[:-1]]
    assert raw[-1].data == b"[DONE]"
    again: Any = OpenAIChat().join(Frame(one) for one in chunks).data
    assert again["usage"] == said["usage"]
    message = again["choices"][0]["message"]
    assert message["content"] == said["choices"][0]["message"]["content"]


def texts(message: Any) -> Any:
    found: dict[str, Any] = {"calls": [], "text": "", "thinking": ""}
    for block in message["content"]:
        if block["type"] == "tool_use":
            found["calls"].append(block)
        else:
            found[block["type"]] += block[block["type"]]
    return found, message["usage"], message["stop_reason"]


@given(REPLIES, st.data())
def test_a_stream_that_breaks_off_is_not_complete(said: Any, data: st.DataObject):
    events = events_of(said)
    finish = next(n for n, one in enumerate(events) if b'"finish_reason":"' in one.data)
    cut = data.draw(st.integers(0, finish))
    found = streamed(events[:cut])
    assert not any(one["type"] in ("message_stop", "message_delta") for one in found)


def test_the_end_needs_no_done_once_there_is_a_reason():
    found = streamed(events_of(reply("hi"))[:-1])
    assert found[-1]["type"] == "message_stop"


def test_a_refusal_is_told_as_one():
    found = whole(reply(None, refusal="I will not"))
    assert found["stop_reason"] == "refusal"
    assert found["stop_details"]["explanation"] == "I will not"
    last = streamed(events_of(reply(None, refusal="I will not")))[-2]
    assert last["delta"]["stop_details"]["explanation"] == "I will not"


@pytest.mark.parametrize(
    ("reason", "told"),
    [("stop", "end_turn"), ("length", "max_tokens"), ("content_filter", "refusal")],
)
def test_reasons_to_stop(reason: str, told: str):
    said = reply("x")
    said["choices"][0]["finish_reason"] = reason
    assert whole(said)["stop_reason"] == told


def test_a_call_that_a_server_does_not_announce_is_one():
    said = reply("x", [{}])
    said["choices"][0]["finish_reason"] = "stop"
    assert whole(said)["stop_reason"] == "tool_use"


@pytest.mark.parametrize(
    "message",
    [
        {"content": "x", "function_call": {"name": "f", "arguments": "{}"}},
        {"content": "x", "audio": {"data": "QUJD"}},
        {"content": [{"type": "image"}]},
        {"tool_calls": [{"id": "c", "type": "custom", "custom": {"name": "f", "input": "Ann"}}]},
        {"tool_calls": [{"id": "c", "function": {"name": "f", "arguments": '"Ann"'}}]},
        {"tool_calls": [{"id": "c", "function": {"arguments": "{}"}}]},
        {"new": "Ann"},
    ],
    ids=str,
)
def test_what_has_no_place_ends_the_reply(message: Any):
    said = reply()
    said["choices"][0]["message"] = message
    with pytest.raises(UpstreamFailed) as caught:
        whole(said)
    assert "Ann" not in str(caught.value)


def test_two_choices_have_no_place():
    said = reply("x")
    said["choices"] *= 2
    with pytest.raises(UpstreamFailed, match="several"):
        whole(said)


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        ({"message": "m", "type": "invalid_request_error"}, "invalid_request_error", "m"),
        (
            {"message": "m", "type": "tokens", "code": "rate_limit_exceeded"},
            "rate_limit_error",
            "m",
        ),
        ({"message": "m", "type": "server_error", "code": 500}, "api_error", "m"),
        ("plain", "api_error", "plain"),
    ],
)
def test_errors(error: Any, kind: str, message: str):
    expected = {"type": "error", "error": {"type": kind, "message": message}}
    refused = CHAT.error(Event(encode({"error": error}), whole=True))
    assert decode(refused.data) == expected and refused.whole
    (middle,) = CHAT.reply(ASKED).feed(Event(encode({"error": error})))
    assert decode(middle.data) == expected and middle.name == "error"


def test_a_character_that_was_cut_in_half_is_joined():
    halves = [
        Event(b'{"choices":[{"index":0,"delta":{"content":"\\ud83d"}}]}'),
        Event(b'{"choices":[{"index":0,"delta":{"content":"\\ude00"},"finish_reason":"stop"}]}'),
        Event(b"[DONE]"),
    ]
    found: Any = MESSAGES.join(Frame(one) for one in streamed(halves)).data
    assert found["content"] == [text("😀")]
