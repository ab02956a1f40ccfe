"""Joining long streams, and streams that say one thing in several ways."""

import time
from typing import Any

import pytest

from pipeline.core.frames import Frame
from pipeline.dialects.openai import OpenAIChat


def joined(*choices: Any) -> Any:
    return OpenAIChat().join([Frame({"choices": [one]}) for one in choices]).data


def message(*deltas: Any) -> Any:
    whole = joined(*({"index": 0, "delta": one, "finish_reason": None} for one in deltas))
    return whole["choices"][0]["message"]


@pytest.mark.parametrize(
    ("said", "whole"),
    [
        ([None], None),
        (["a", None, "b"], "ab"),
        ([None, "a"], "a"),
        ([["a"], ["b"]], ["a", "b"]),
        ([{"a": "b"}, None, {"a": "c", "d": 1}], {"a": "bc", "d": 1}),
        ([1, 2, None], 2),
    ],
)
def test_what_is_said_in_pieces_is_joined(said: list[Any], whole: Any):
    assert message(*({"member": one} for one in said)) == {"member": whole}


def test_items_are_joined_by_their_index():
    one, two, more = (
        {"index": number, "a": text} for number, text in ((1, "b"), (0, "x"), (1, "c"))
    )
    said = message({"member": [one, two]}, {"member": [more, {"index": None}]})
    assert said["member"] == [{"index": 1, "a": "bc"}, two, {"index": None}]


def test_content_that_comes_as_parts_and_as_strings_keeps_both():
    part = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
    said = message({"content": ""}, {"content": [part]}, {"content": "a"}, {"content": "b"})
    assert [one["type"] for one in said["content"]] == ["thinking", "text", "text"]


def test_a_role_that_nobody_says_is_none():
    assert message({"role": None}, {"role": None}) == {"role": None}
    assert message({"role": "assistant"}, {"role": "assistant"}) == {"role": "assistant"}


def test_tokens_and_their_probabilities_are_appended():
    one = {"index": 0, "logprobs": {"content": [{"token": "a"}], "refusal": None}, "token_ids": [1]}
    two = {"index": 0, "logprobs": {"content": [{"token": "b"}]}, "token_ids": [2], "other": "x"}
    [choice] = joined(one, two, {"index": 0, "logprobs": None, "other": "y"})["choices"]
    assert choice["logprobs"] == {"content": [{"token": "a"}, {"token": "b"}], "refusal": None}
    assert (choice["token_ids"], choice["other"]) == ([1, 2], "y")


def test_a_long_stream_is_joined_in_no_time():
    tokens: Any = {"content": [{"token": "some"}]}
    choice = {"index": 0, "delta": {"content": "some"}, "logprobs": tokens, "finish_reason": None}
    frames = [Frame({"choices": [choice]}) for _ in range(100_000)]
    begun = time.process_time()
    OpenAIChat().join(frames)
    assert time.process_time() - begun < 6
