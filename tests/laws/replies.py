"""Replies with everything in them, and plugins to run on them."""

import re
from typing import Any

import anyio.lowlevel
from hypothesis import strategies as st

from pipeline import Channel, Plugin, ReplaceTokens, Segments, TextFilter, Whole
from pipeline.core.jsonvalue import decode_object, encode

MAPPING = {"PERSON_1": 'Ann "é😀"\n', "PERSON_12": "PERSON_1", "MAIL_1": "a\\b@c"}

TEXTS = st.lists(
    st.sampled_from(
        [*MAPPING, "PERSON\\_1", "_", "\\", " ", ".", "\n", "é", "😀", '"', "{", "}", ":", "x", "1"]
    ),
    max_size=8,
).map("".join)
"""Texts that are near to placeholders, and to JSON."""

JSONS = st.one_of(
    st.recursive(
        TEXTS | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.none(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
        max_leaves=6,
    ).map(lambda value: encode(value).decode()),
    st.sampled_from(
        [
            '{"a": "\\u0050ERSON_1", "b\\/PERSON_1": "\\ud83d\\ude00\\n\\"PERSON\\u005f1\\""}',
            '{"half": "\\ud83d", "PERSON_1": 1.50e3}',
            '{"broken": "PERSON_1',
            '{"broken": "PERSON_1\\',
            "PERSON_1, not JSON: 'PERSON_12'",
            '{"bad": PERSON_1, "esc\\x": "\\u00"}',
        ]
    ),
    TEXTS,
)


@st.composite
def messages(draw: st.DrawFn) -> dict[str, Any]:
    """A message of a whole reply with any of the texts that a message may have."""
    calls = [
        {
            "id": f"call_{number}",
            "type": "function",
            "function": {"name": "search", "arguments": draw(JSONS)},
        }
        for number in range(draw(st.integers(0, 2)))
    ]
    calls += [
        {"id": f"call_c{number}", "type": "custom", "custom": {"name": "c", "input": draw(TEXTS)}}
        for number in range(draw(st.integers(0, 1)))
    ]
    cited = {"url": draw(TEXTS), "title": draw(TEXTS), "start_index": 3, "end_index": 7}
    parts: dict[str, Any] = {
        "content": draw(TEXTS | JSONS),
        "refusal": draw(TEXTS),
        "reasoning_content": draw(TEXTS),
        "tool_calls": calls,
        "function_call": {"name": "old", "arguments": draw(JSONS)},
        "audio": {"id": "a", "data": "QUJD", "expires_at": 1, "transcript": draw(TEXTS)},
        "annotations": [{"type": "url_citation", "url_citation": cited}],
        "reasoning_details": [
            {"type": "reasoning.text", "index": 0, "text": draw(TEXTS), "format": "f"},
            {"type": "reasoning.summary", "index": 1, "summary": draw(TEXTS), "format": "f"},
        ],
        "unknown": draw(TEXTS),
        "deep": {"unknown": [draw(TEXTS), 7]},
    }
    names = draw(st.sets(st.sampled_from(list(parts))))
    return {"role": "assistant", **{name: parts[name] for name in parts if name in names}}


def logprobs(token: str) -> dict[str, Any]:
    one = {"token": token, "bytes": list(token.encode()), "logprob": -0.5, "top_logprobs": []}
    return {"content": [one], "refusal": [one]}


@st.composite
def wholes(draw: st.DrawFn) -> dict[str, Any]:
    """A whole reply of one to three choices."""
    choices = [
        {
            "index": index,
            "message": draw(messages()),
            "finish_reason": draw(st.sampled_from(["stop", "length", "tool_calls"])),
            **draw(st.sampled_from([{}, {"logprobs": None}, {"logprobs": logprobs("PERSON_1")}])),
        }
        for index in range(draw(st.integers(1, 3)))
    ]
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    return {
        "id": "chatcmpl-é",
        "object": "chat.completion",
        "created": 1.5,
        "model": "m",
        "choices": choices,
        "usage": usage,
    }


def copy(value: Any) -> Any:
    return decode_object(encode(value))


class Restore(Plugin, frozen=True):
    """Puts values back for placeholders."""

    def on_text(self, channel: Channel) -> TextFilter:
        return ReplaceTokens(MAPPING)


class Lines(Plugin, frozen=True):
    """Holds text until a line ends, or for eight characters."""

    def on_text(self, channel: Channel) -> TextFilter:
        return Segments(re.compile(r"\r\n|[\r\n]"), "<{}>".format, longest=8, ahead=2)


class Wrap(Plugin, frozen=True):
    """Needs the whole text."""

    @property
    def whole(self) -> bool:
        return True

    def on_text(self, channel: Channel) -> TextFilter:
        return Whole("[{}]".format)


class Slow(Plugin, frozen=True):
    """Restores, and waits in every call."""

    def on_text(self, channel: Channel) -> TextFilter:
        return _Slow()


class _Slow:
    def __init__(self) -> None:
        self.inner = ReplaceTokens(MAPPING)

    async def feed(self, text: str, /) -> str:
        await anyio.lowlevel.checkpoint()
        return self.inner.feed(text)

    async def flush(self) -> str:
        await anyio.lowlevel.checkpoint()
        return self.inner.flush()


class OnlyContent(Plugin, frozen=True):
    """Has filters for content alone, so that copies of other texts stay."""

    def on_text(self, channel: Channel) -> TextFilter | None:
        return ReplaceTokens(MAPPING) if channel.kind == "content" else None


class Early(Plugin, frozen=True):
    """Breaks law 1: replaces only what comes in one piece."""

    def on_text(self, channel: Channel) -> TextFilter:
        return _Early()


class _Early:
    def feed(self, text: str, /) -> str:
        return text.replace("PERSON_1", "Ann")

    def flush(self) -> str:
        return ""
