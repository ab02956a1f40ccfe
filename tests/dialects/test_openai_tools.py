"""Which tool the arguments of a call are for, however its name comes."""

import json
from itertools import product
from random import Random
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
from pipeline.dialects.openai import OpenAIChat
from pipeline.testing.script import read_script

CHAT = OpenAIChat()
TOOLS: list[Any] = [
    {"type": "function", "function": {"name": name}} for name in ("mail", "mail_all", "web")
]
TOOLS += [{"type": "custom", "custom": {"name": "note"}}]
ASK: Any = {
    "model": "m",
    "messages": [{"role": "user", "content": "x"}],
    "tools": TOOLS,
    "functions": [{"name": "old"}],
}
TEXT = '{"to": "TOKEN_1"}'


class Named(Plugin, frozen=True):
    """Puts into the arguments of each tool what it is called."""

    def on_text(self, channel: Channel) -> TextFilter | None:
        if channel.kind != "arguments":
            return None
        return ReplaceTokens({"TOKEN_1": f"<{channel.tool}>"})


class Wrapped(Plugin, frozen=True):
    """Says something even where the tool is told nothing."""

    def on_text(self, channel: Channel) -> TextFilter | None:
        return Whole(f"{channel.tool}({{}})".format) if channel.kind == "arguments" else None


def delta(told: Any, finish: str | None = None) -> dict[str, Any]:
    return {"id": "c", "choices": [{"index": 0, "delta": told, "finish_reason": finish}]}


def call(index: int = 0, **function: Any) -> dict[str, Any]:
    return delta({"tool_calls": [{"index": index, "function": function}]})


def custom(index: int = 0, **told: Any) -> dict[str, Any]:
    return delta({"tool_calls": [{"index": index, "custom": told}]})


def legacy(**told: Any) -> dict[str, Any]:
    return delta({"function_call": told})


def reply(message: Any) -> Any:
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {"id": "c", "object": "chat.completion", "choices": [choice]}


END = delta({}, "tool_calls")


def said(*chunks: Any, ask: Any = ASK, plugin: Plugin = Named()) -> Any:  # noqa: B008
    """The message that the client gets; the same whether it streams or not."""
    streamed = testing.exchange(plugin, ask, [*chunks, END], stream=True)
    if streamed.error is not None:
        raise streamed.error
    joined = testing.exchange(plugin, ask, [*chunks, END], stream=False, streams="always")
    assert joined.whole == streamed.whole
    choices: Any = streamed.whole["choices"]
    return choices[0]["message"]


def arguments(*chunks: Any, ask: Any = ASK) -> str:
    return said(*chunks, ask=ask)["tool_calls"][0]["function"]["arguments"]


def test_each_call_has_its_own_tool():
    calls = [
        {"type": "function", "function": {"arguments": TEXT, "name": "mail"}},
        {"type": "function", "function": {"name": "web", "arguments": TEXT}},
        {"type": "custom", "custom": {"name": "note", "input": "TOKEN_1"}},
    ]
    message = {"tool_calls": calls, "function_call": {"name": "old", "arguments": TEXT}}
    whole = reply(message)
    uncut = testing.exchange(Named(), ASK, whole, stream=False)
    choices: Any = uncut.whole["choices"]
    got = choices[0]["message"]
    first, second, third = got["tool_calls"]
    assert first["function"]["arguments"] == '{"to": "<mail>"}'
    assert second["function"]["arguments"] == '{"to": "<web>"}'
    assert third["custom"]["input"] == "<note>"
    assert got["function_call"]["arguments"] == '{"to": "<old>"}'
    for seed in range(30):
        _, events = read_script(CHAT, {**ASK, "stream": True}, whole)
        cut: Any = testing.recut(
            CHAT, ASK, (e for e in events if isinstance(e, Event)), Random(seed)
        )
        assert testing.exchange(Named(), ASK, cut, stream=True).whole == uncut.whole


@pytest.mark.parametrize("at", range(len(TEXT) + 1))
def test_the_name_comes_before_the_arguments(at: int):
    chunks = [call(name="mail", arguments=""), call(arguments=TEXT[:at]), call(arguments=TEXT[at:])]
    assert arguments(*chunks) == '{"to": "<mail>"}'
    assert arguments(call(name="mail", arguments=TEXT[:at]), call(arguments=TEXT[at:])) == (
        '{"to": "<mail>"}'
    )


@pytest.mark.parametrize(("first", "empty"), list(list(product(range(1, 8), (True, False)))))
def test_a_name_may_come_in_pieces(first: int, empty: bool):
    more: Any = {"arguments": ""} if empty else {}
    pieces = [call(name="mail_all"[:first], **more), call(name="mail_all"[first:], **more)]
    got = said(*pieces, call(arguments=TEXT))["tool_calls"][0]["function"]
    assert got == {"name": "mail_all", "arguments": '{"to": "<mail_all>"}'}


def test_a_name_may_be_said_again_with_every_chunk():
    chunks = [call(name="mail", arguments=TEXT[:9]), call(name="mail", arguments=TEXT[9:])]
    got = said(*chunks)["tool_calls"][0]["function"]
    assert got == {"name": "mail", "arguments": '{"to": "<mail>"}'}
    assert arguments(call(name="mail"), call(name="", arguments=TEXT)) == '{"to": "<mail>"}'


def test_a_name_that_clients_would_join_otherwise_is_none():
    assert arguments(call(name="ma"), call(name="web"), call(arguments=TEXT)) == '{"to": "<>"}'
    doubled = {**ASK, "tools": [{"type": "function", "function": {"name": "webweb"}}]}
    twice = [call(name="web"), call(name="web"), call(arguments=TEXT)]
    assert arguments(*twice, ask=doubled) == '{"to": "<>"}'


def test_arguments_before_their_name_are_of_no_tool():
    first = [call(arguments=TEXT[:9]), call(name="mail"), call(arguments=TEXT[9:])]
    assert arguments(*first) == '{"to": "<>"}'
    assert said(custom(input="TOKEN"), custom(name="note", input="_1"))["tool_calls"][0][
        "custom"
    ] == {"name": "note", "input": "<>"}
    assert said(legacy(arguments=TEXT[:9]), legacy(name="old", arguments=TEXT[9:]))[
        "function_call"
    ] == {"name": "old", "arguments": '{"to": "<>"}'}


def test_empty_arguments_before_the_name_settle_nothing():
    assert arguments(call(arguments=""), call(name="mail"), call(arguments=TEXT)) == (
        '{"to": "<mail>"}'
    )


def test_a_tool_that_becomes_another_one_ends_the_reply():
    """The client would call `mail_all` with what `mail` alone may have."""
    with pytest.raises(UpstreamFailed, match="named"):
        said(call(name="mail", arguments=TEXT), call(name="_all"))


def test_another_call_under_the_same_number_is_of_no_tool():
    """Some servers number all their calls 0."""
    chunks = [call(name="mail", arguments=TEXT), call(name="web", arguments=TEXT)]
    assert arguments(*chunks) == '{"to": "<mail>"}{"to": "<>"}'
    held = [custom(name="note", input="TOKEN"), custom(name="web", input="_1 TOKEN_1")]
    assert said(*held)["tool_calls"][0]["custom"]["input"] == "TOKEN_1 <>"
    assert said(*held, plugin=Wrapped())["tool_calls"][0]["custom"]["input"] == (
        "note(TOKEN)(_1 TOKEN_1)"
    )
    calls = [{"index": 0, "custom": {"name": name, "input": "x"}} for name in ("note", "web")]
    one: Any = testing.exchange(Wrapped(), ASK, reply({"tool_calls": calls})).whole["choices"]
    first, second = one[0]["message"]["tool_calls"]
    assert (first["custom"]["input"], second["custom"]["input"]) == ("note(x)", "(x)")


@pytest.mark.parametrize("empty", [custom(name="note", input=""), custom(input="")])
def test_a_tool_that_is_told_nothing_is_a_text_too(empty: Any):
    name = empty["choices"][0]["delta"]["tool_calls"][0]["custom"].get("name", "")
    for chunks in ([empty], [empty, empty]):
        got = said(*chunks, plugin=Wrapped())["tool_calls"][0]["custom"]
        assert got["input"] == f"{name}()"
    one = {"custom": {"name": "note", "input": ""}}
    message: Any = {"tool_calls": [one]}
    whole = reply(message)
    for stream in (True, False):
        done: Any = testing.exchange(Wrapped(), ASK, whole, stream=stream).whole["choices"]
        assert done[0]["message"]["tool_calls"][0]["custom"]["input"] == "note()"


def test_what_a_filter_says_of_empty_arguments_comes_before_the_end():
    chunks = [custom(name="note", input=""), END]
    frames = testing.exchange(Wrapped(), ASK, chunks, stream=True).frames()
    said = [[piece.text for piece in frame.pieces] for frame in frames]
    assert said == [[], ["note()"], [], []]


def test_choices_do_not_share_their_calls():
    def of(index: int, name: str) -> Any:
        function = {"index": 0, "function": {"name": name, "arguments": TEXT}}
        return {"index": index, "delta": {"tool_calls": [function]}, "finish_reason": None}

    ends: Any = [{"index": one, "delta": {}, "finish_reason": "stop"} for one in (0, 1)]
    chunks: Any = [{"id": "c", "choices": [of(0, "mail"), of(1, "web")]}, {"choices": ends}]
    found = testing.exchange(Named(), {**ASK, "n": 2}, chunks, stream=True).whole
    assert "<mail>" in json.dumps(found) and "<web>" in json.dumps(found)
