"""Replies whose content is a list of parts, as some servers send it whose models think aloud."""

import json

import pytest

from pipeline import ReplaceTokens, testing
from pipeline.core.errors import UpstreamFailed
from pipeline.core.frames import Event
from pipeline.core.plugin import Channel, Plugin, TextFilter
from pipeline.dialects.openai import OpenAIChat


class Restore(Plugin, frozen=True):
    def on_text(self, channel: Channel) -> TextFilter:
        return ReplaceTokens({"PERSON_1": "Ann"})


def thought(text: str) -> dict:
    return {"type": "thinking", "thinking": [{"type": "text", "text": text}]}


def chunk(content: object, finish: str | None = None) -> dict:
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": finish}
    return {"id": "1", "object": "chat.completion.chunk", "choices": [choice]}


def test_text_cut_over_parts_of_several_chunks_is_one_text():
    chunks = [
        chunk([thought("it is PER")]),
        chunk([thought("SON_1?")]),
        chunk([{"type": "text", "text": "Dear PERS"}]),
        chunk("ON_1."),
        {"id": "1", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
    ]
    result = testing.exchange(Restore(), "hi", chunks, stream=True)
    assert result.done
    texts = {channel.kind: text for channel, text in result.texts.items()}
    assert texts == {"content": "Dear Ann.", "reasoning": "it is Ann?"}


def test_thoughts_held_to_the_end_come_as_thoughts():
    chunks = [chunk([thought("PERSON_1")], "stop")]
    result = testing.exchange(Restore(), "hi", chunks, stream=True)
    assert [text for one, text in result.texts.items() if one.kind == "reasoning"] == ["Ann"]
    reader = OpenAIChat().reader({})
    frame = reader.make(Channel("reasoning", name="content.thinking"), "x")
    assert json.loads(OpenAIChat().encode(frame)[6:])["choices"][0]["delta"] == {
        "content": [thought("x")]
    }


def test_an_end_without_a_beginning_is_no_reply():
    with pytest.raises(UpstreamFailed):
        OpenAIChat().reader({}).read(Event(b"[DONE]"))
