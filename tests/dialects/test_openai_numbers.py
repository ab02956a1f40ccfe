"""Numbers of calls and choices that are none, by which clients find their places all the same."""

from collections.abc import Iterator
from typing import Any

import pytest

from pipeline import Event, testing
from pipeline.core.jsonvalue import encode
from tests.plugins.pii.known import MAIL, KnowingPii

TOKEN = "EMAIL_ADDRESS_1"
ASK: Any = {
    "model": "m",
    "messages": [{"role": "user", "content": f"to {MAIL}"}],
    "tools": [{"type": "function", "function": {"name": one}} for one in ("send_mail", "web")],
}


@pytest.fixture(scope="module")
def careful() -> Iterator[testing.Started]:
    with testing.started(KnowingPii(restore_tools=("send_mail",))) as started:
        yield started


def chunk(delta: Any, choice: Any = 0, finish: str | None = None) -> Any:
    return {"id": "c", "choices": [{"index": choice, "delta": delta, "finish_reason": finish}]}


def call(index: Any, **function: Any) -> Any:
    return {"tool_calls": [{"index": index, "function": function}]}


def streamed(careful: testing.Started, *chunks: Any) -> bytes:
    said = [*chunks, chunk({}, 0, "tool_calls"), chunk({}, 1, "tool_calls")]
    events = [*(Event(encode(one)) for one in said), Event(b"[DONE]")]
    return testing.exchange(careful, {**ASK, "n": 2}, events, stream=True).raw


@pytest.mark.parametrize(("odd", "value"), [(0, MAIL), ("1", TOKEN), (1.0, TOKEN), (True, TOKEN)])
def test_a_call_whose_number_is_none_is_of_no_tool(careful: testing.Started, odd: Any, value: str):
    """In JavaScript `calls["1"]` is the second call."""
    named = [chunk(call(0, name="send_mail")), chunk(call(1, name="web"))]
    got = streamed(careful, *named, chunk(call(odd, arguments=f'{{"to": "{TOKEN}"}}')))
    assert value.encode() in got and (value == MAIL or MAIL.encode() not in got)


@pytest.mark.parametrize(("odd", "value"), [(0, MAIL), ("1", TOKEN), (1.0, TOKEN), (True, TOKEN)])
def test_so_are_those_of_a_choice(careful: testing.Started, odd: Any, value: str):
    named = [chunk(call(0, name="send_mail")), chunk(call(0, name="web"), 1)]
    named += [chunk({"function_call": {"name": "send_mail"}})]
    named += [chunk({"function_call": {"name": "web"}}, 1)]
    for told in (call(0, arguments=TOKEN), {"function_call": {"arguments": TOKEN}}):
        got = streamed(careful, *named, chunk(told, odd))
        assert value.encode() in got and (value == MAIL or MAIL.encode() not in got)
