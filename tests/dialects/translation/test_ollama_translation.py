"""Between OpenAI's chat and Ollama's own API."""

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

import pytest
from dialects.translation.chats import asked, called, user
from dialects.translation.speaking import checked, joined

from pipeline import Event, UpstreamFailed
from pipeline.core.errors import BadRequest
from pipeline.core.jsonvalue import JsonObject, decode, encode
from pipeline.dialects.openai import OpenAIChat
from pipeline.dialects.translation.ollama_from_openai import OllamaFromOpenAI

MADE = OllamaFromOpenAI()
COUNTED: JsonObject = {"model": "m", "messages": [], "stream_options": {"include_usage": True}}
LOOK = {
    "type": "function",
    "function": {"name": "look", "description": "Looks.", "parameters": {"type": "object"}},
}


def made(body: dict[str, Any]) -> Any:
    before = deepcopy(body)
    out = MADE.request(body)
    assert body == before
    return out


def test_a_chat_with_tools_and_images():
    image = {"type": "image_url", "image_url": {"url": "data:image/bmp;base64,AAAA"}}
    body = asked(
        {"role": "developer", "content": "Be brief."},
        user([{"type": "text", "text": "a"}, image, {"type": "text", "text": "b"}]),
        {"role": "assistant", "content": None, "tool_calls": [called("c", '{"a": 1}')]},
        {"role": "tool", "tool_call_id": "c", "content": "two"},
        tools=[LOOK],
        stream=True,
    )
    assert made(body) == {
        "model": "m",
        "stream": True,
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "a\nb", "images": ["AAAA"]},
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [{"id": "c", "function": {"name": "look", "arguments": {"a": 1}}}],
            },
            {"role": "tool", "content": "two", "tool_name": "look", "tool_call_id": "c"},
        ],
        "tools": [LOOK],
    }


@pytest.mark.parametrize(
    ("said", "carried"),
    [
        ({"max_tokens": 5}, {"options": {"num_predict": 5}}),
        ({"max_completion_tokens": 5, "max_tokens": 5}, {"options": {"num_predict": 5}}),
        (
            {"temperature": 0.5, "top_p": 1, "seed": 3, "stop": "x", "presence_penalty": 0},
            {
                "options": {
                    "temperature": 0.5,
                    "top_p": 1,
                    "seed": 3,
                    "presence_penalty": 0,
                    "stop": ["x"],
                }
            },
        ),
        ({"response_format": {"type": "json_object"}}, {"format": "json"}),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"schema": {"a": 1}}}},
            {"format": {"a": 1}},
        ),
        ({"reasoning_effort": "none"}, {"think": False}),
        ({"reasoning_effort": "high"}, {"think": "high"}),
        ({"tools": [LOOK], "tool_choice": "auto"}, {"tools": [LOOK]}),
        ({"tools": [LOOK], "tool_choice": "none"}, {}),
        ({"user": "u", "store": True, "parallel_tool_calls": True, "service_tier": "auto"}, {}),
    ],
)
def test_ollamas_settings(said: dict[str, Any], carried: dict[str, Any]):
    assert made(asked(user("x"), **said)) == {
        "model": "m",
        "messages": [user("x")],
        "stream": False,
        **carried,
    }


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (asked(user("x"), n=2), "n"),
        (asked(user("x"), logprobs=True), "logprobs"),
        (asked(user("x"), parallel_tool_calls=False), "parallel_tool_calls"),
        (asked(user("x"), tools=[LOOK], tool_choice="required"), "tool_choice"),
        (asked(user("x"), reasoning_effort="xhigh"), "reasoning_effort"),
        (asked(user("x"), service_tier="flex"), "service_tier"),
        (asked(user("x"), temperature="hot"), "temperature"),
        (asked(user("x"), max_tokens=1, max_completion_tokens=2), "max_tokens"),
        (asked(user("x"), mirostat=2), "mirostat"),
        (
            asked(user([{"type": "image_url", "image_url": {"url": "https://x/a.png"}}])),
            "messages[0].content[0].image_url.url",
        ),
        (asked({"role": "tool", "tool_call_id": "c", "content": "x"}), "messages[0].tool_call_id"),
        (
            asked(
                user("x"),
                tools=[{"type": "function", "function": {"name": "look", "strict": True}}],
            ),
            "tools[0].function.strict",
        ),
    ],
)
def test_what_ollama_cannot_be_asked_is_refused_by_name(body: dict[str, Any], param: str):
    with pytest.raises(BadRequest) as caught:
        MADE.request(body)
    assert caught.value.param == param


END = {
    "done": True,
    "done_reason": "stop",
    "total_duration": 5,
    "prompt_eval_count": 11,
    "eval_count": 7,
}


def line(content: str = "", *, done: bool = False, **more: Any) -> dict[str, Any]:
    return {
        "model": "llama3.2",
        "created_at": "2026-11-02T10:00:00.123456789Z",
        "message": {"role": "assistant", "content": content, **more},
        **(END if done else {"done": False}),
    }


def translate(said: Iterable[Any], body: JsonObject = COUNTED) -> list[Event]:
    reply = MADE.reply(body)
    events = (one if isinstance(one, Event) else Event(encode(one)) for one in said)
    return [*(one for event in events for one in reply.feed(event)), *reply.eof()]


def whole(body: dict[str, Any]) -> Any:
    return checked(translate([Event(encode(body), whole=True)]))


USED = [{"function": {"name": "look", "arguments": {"a": "ü"}}, "id": "c1"}]


def test_a_reply_and_its_stream_say_the_same():
    one = whole(line("Grüße 😀", thinking="Hm.", tool_calls=USED, done=True))
    other = joined(
        translate(
            [
                *(line(thinking=part) for part in "Hm."),
                *(line(part) for part in "Grüße 😀"),
                line(tool_calls=USED),
                line(done=True),
            ]
        )
    )
    for reply in (one, other):
        assert reply.pop("id").startswith("chatcmpl-")
        reply["choices"][0].pop("logprobs", None)
    assert one == other
    assert one["created"] == 1793613600
    assert one["usage"]["total_tokens"] == 18
    [said] = one["choices"]
    assert said["finish_reason"] == "tool_calls"
    assert said["message"] == {
        "role": "assistant",
        "content": "Grüße 😀",
        "reasoning_content": "Hm.",
        "tool_calls": [called("c1", '{"a":"ü"}')],
    }


@pytest.mark.parametrize(
    ("reason", "finish"), [("stop", "stop"), ("length", "length"), (None, "stop")]
)
def test_ollamas_reasons_to_stop(reason: str | None, finish: str):
    body = {**line("x", done=True), "done_reason": reason}
    assert whole(body)["choices"][0]["finish_reason"] == finish
    assert joined(translate([line("x"), body]))["choices"][0]["finish_reason"] == finish


def test_calls_without_ids_get_some():
    used = [{"function": {"name": "look", "arguments": {}}}]
    [said] = whole(line(tool_calls=used * 2, done=True))["choices"]
    one, two = said["message"]["tool_calls"]
    assert one["id"].startswith("call_")
    assert one["id"] != two["id"]


def test_a_stream_of_ollama_that_breaks_off_never_looks_complete():
    said = [line("a"), line("b"), line(tool_calls=USED), line(done=True)]
    for cut in range(len(said)):
        reader = OpenAIChat().reader(COUNTED)
        assert not any(reader.read(one).end for one in translate(said[:cut]))
        with pytest.raises(UpstreamFailed):
            reader.eof()
    assert len(translate([*said, line("c")])) == len(translate(said))


def test_an_error_of_ollama():
    *_, last = translate([line("a"), {"error": "out of memory"}, line(done=True)])
    assert OpenAIChat().reader(COUNTED).read(last).end == "error"
    body = MADE.error(Event(b'{"error": "model \\"x\\" not found"}', whole=True))
    expected = {"message": 'model "x" not found', "type": "api_error", "param": None, "code": None}
    assert decode(body.data) == {"error": expected}


@pytest.mark.parametrize(
    "said",
    [
        Event(b"no"),
        Event(b"[]"),
        {},
        {"error": {"message": "x"}},
        {"message": "x"},
        line("a", novelty="Anna Berg"),
        {"message": {"content": 3}},
        {**line(done=True), "done_reason": "Anna Berg"},
        line(tool_calls=["x"]),
        line(tool_calls=[{"function": {"name": "look", "arguments": "{}"}}]),
        Event(encode(line("a")), whole=True),
    ],
)
def test_what_is_not_ollamas_is_refused(said: Any):
    with pytest.raises(UpstreamFailed) as caught:
        translate([said])
    assert "Anna" not in caught.value.message


def test_characters_that_ollama_cut_in_two():
    lines = [Event(encode(line(one)).replace(one.encode(), cut)) for one, cut in HALVES]
    said = joined(translate([*lines, line(done=True)]))
    assert said["choices"][0]["message"]["content"] == "😀"


HALVES = [("ONE", rb"\ud83d"), ("TWO", rb"\ude00")]
