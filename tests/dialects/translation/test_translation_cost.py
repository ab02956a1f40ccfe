"""What a long reply costs to translate: so much for each event, however many came before."""

import gc
import time
from collections.abc import Callable
from typing import Any

import pytest

from pipeline import Event
from pipeline.core.jsonvalue import encode
from pipeline.dialects.translation.openai_reply import OpenAIReply

PIECE = "word " * 40


def content(_: int) -> Any:
    return {"content": PIECE}


def arguments(at: int) -> Any:
    function = {"arguments": PIECE} if at else {"name": "f", "arguments": ""}
    return {"tool_calls": [{"index": 0, "id": "c", "function": function}]}


def behind(at: int) -> Any:
    return {"content": PIECE} if at else arguments(0)


def calls(at: int) -> Any:
    function = {"name": "f", "arguments": "{}"}
    return {"tool_calls": [{"index": at, "id": "c", "function": function}]}


def seconds(delta: Callable[[int], Any], events: int) -> float:
    said = [
        Event(encode({"id": "r", "choices": [{"index": 0, "delta": delta(at)}]}))
        for at in range(events)
    ]
    reply = OpenAIReply({"model": "m"})
    # What is collected meanwhile is the garbage of other tests.
    gc.disable()
    try:
        begun = time.process_time()
        for one in said:
            list(reply.feed(one))
        return time.process_time() - begun
    finally:
        gc.enable()


@pytest.mark.parametrize("delta", [content, arguments, behind, calls])
def test_four_times_the_events_cost_about_four_times_as_much(delta: Callable[[int], Any]):
    assert seconds(delta, 16_000) < 8 * min(seconds(delta, 4000) for _ in range(2)) + 0.05
