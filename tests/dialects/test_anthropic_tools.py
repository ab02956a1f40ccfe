"""Which tool gets values back in Messages, whatever a backend does to the numbers of blocks."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from pipeline import Event, UpstreamFailed, testing
from pipeline.core.jsonvalue import encode
from pipeline.dialects.anthropic import AnthropicMessages
from tests.plugins.pii.known import MAIL, KnowingPii

MESSAGES = AnthropicMessages()
TOKEN = "EMAIL_ADDRESS_1"
ASK: Any = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": f"to {MAIL}"}]}


@pytest.fixture(scope="module")
def careful() -> Iterator[testing.Started]:
    with testing.started(KnowingPii(restore_tools=("send_mail",))) as started:
        yield started


def begin(index: int, name: str, kind: str = "tool_use", **more: Any) -> Any:
    block: Any = {"type": kind, "id": f"t{name}", "name": name, "input": {}, **more}
    return {"type": "content_block_start", "index": index, "content_block": block}


def arguments(index: int, text: str) -> Any:
    delta = {"type": "input_json_delta", "partial_json": text}
    return {"type": "content_block_delta", "index": index, "delta": delta}


def stop(index: int) -> Any:
    return {"type": "content_block_stop", "index": index}


def streamed(careful: testing.Started, *said: Any) -> testing.Result:
    start: Any = {"type": "message_start", "message": {"id": "m", "type": "message", "content": []}}
    end: Any = {"type": "message_delta", "delta": {"stop_reason": "tool_use"}}
    events = [Event(encode(one), one["type"]) for one in (start, *said, end)]
    return testing.exchange(careful, ASK, events, stream=True, dialect=MESSAGES)


def test_the_named_tool_gets_values_back(careful: testing.Started):
    told = json.dumps({"to": TOKEN})
    said = [begin(0, "web"), arguments(0, told), stop(0)]
    said += [begin(1, "send_mail"), arguments(1, told), stop(1)]
    whole: Any = streamed(careful, *said).whole
    assert [one["input"]["to"] for one in whole["content"]] == [TOKEN, MAIL]


def test_a_block_whose_number_is_not_its_place_is_of_no_tool_for_certain(careful: testing.Started):
    """Some clients put what comes into the block at that place, whatever number it began with."""
    said = [begin(1, "web"), begin(0, "send_mail"), arguments(0, json.dumps({"to": TOKEN}))]
    result = streamed(careful, *said, stop(0), stop(1))
    assert MAIL.encode() not in result.raw and TOKEN.encode() in result.raw


@pytest.mark.parametrize("told", [f'{{"to": "{TOKEN}"}}', f'{{"to": "{TOKEN}', ""])
@pytest.mark.parametrize("stopped", [True, False])
def test_a_number_cannot_begin_twice(careful: testing.Started, told: str, stopped: bool):
    said = [begin(0, "send_mail"), arguments(0, told), *([stop(0)] if stopped else ())]
    result = streamed(careful, *said, begin(0, "web"), arguments(0, f'{{"to": "{TOKEN}"}}'))
    assert isinstance(result.error, UpstreamFailed)
    assert not result.done


@pytest.mark.parametrize("name", ["send_mail", "web"])
def test_a_call_of_an_unknown_kind_is_one_of_its_tool(careful: testing.Started, name: str):
    value = MAIL if name == "send_mail" else TOKEN
    strange = begin(0, name, "novel_tool_use", input={"to": TOKEN})
    assert value.encode() in streamed(careful, strange, stop(0)).raw
    block = strange["content_block"]
    reply: Any = {
        "id": "m",
        "type": "message",
        "content": [block, {"type": "novel_list", "calls": [block]}],
        "stop_reason": "tool_use",
    }
    whole: Any = testing.exchange(careful, ASK, reply, stream=False, dialect=MESSAGES).whole
    first, inside = whole["content"]
    assert (first["input"]["to"], inside["calls"][0]["input"]["to"]) == (value, value)
