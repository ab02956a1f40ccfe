"""OpenAI chats, by hand and by chance, and what becomes of them in Anthropic's Messages."""

from copy import deepcopy
from typing import Any

from anthropic.types.message_create_params import MessageCreateParamsNonStreaming
from dialects.translation.conforming import faults
from hypothesis import strategies as st

from pipeline.core.jsonvalue import encode
from pipeline.dialects.translation.anthropic_from_openai import AnthropicFromOpenAI

MADE = AnthropicFromOpenAI()
PNG = "data:image/png;base64,iVBORw0KGgo="


def asked(*messages: Any, **more: Any) -> dict[str, Any]:
    return {"model": "m", "messages": list(messages), **more}


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def made(body: dict[str, Any]) -> Any:
    """The translation, which is valid and leaves the request as it is."""
    before = deepcopy(body)
    out = MADE.request(body)
    assert body == before
    assert faults({"max_tokens": 1, **out}, MessageCreateParamsNonStreaming) == []
    return out


TOOL = {
    "type": "function",
    "function": {
        "name": "look",
        "description": "Looks.",
        "parameters": {"type": "object", "properties": {"a": {"type": "string"}}},
        "strict": True,
    },
}


def called(identity: str, arguments: str = "{}") -> dict[str, Any]:
    function = {"name": "look", "arguments": arguments}
    return {"id": identity, "type": "function", "function": function}


TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
TEXT_PART = TEXT.map(lambda text: {"type": "text", "text": text})
IMAGE = st.sampled_from([PNG, "https://x.example/i.png"]).map(
    lambda url: {"type": "image_url", "image_url": {"url": url}}
)
CONTENT = TEXT | st.lists(TEXT_PART, min_size=1, max_size=3)
LEAF = TEXT | st.integers(-9, 9) | st.booleans() | st.none()
OBJECT = st.dictionaries(TEXT, LEAF | st.lists(LEAF, max_size=2), max_size=3)


@st.composite
def exchanges(draw: st.DrawFn, *, images: bool = True) -> list[dict[str, Any]]:
    """A few messages that may follow each other."""
    parts = st.lists(TEXT_PART | IMAGE if images else TEXT_PART, min_size=1, max_size=3)
    said: list[dict[str, Any]] = [user(draw(CONTENT | parts))]
    if draw(st.booleans()):
        said.insert(0, {"role": draw(st.sampled_from(["system", "developer"])), "content": "s"})
        said[0]["content"] = draw(CONTENT)
    if draw(st.booleans()):
        count = draw(st.integers(0, 3))
        answer: dict[str, Any] = {"role": "assistant", "content": draw(CONTENT | st.none())}
        if count:
            answer["tool_calls"] = [
                called(f"c{number}", encode(draw(OBJECT)).decode()) for number in range(count)
            ]
        said.append(answer)
        for number in range(count):
            result = {"role": "tool", "tool_call_id": f"c{number}", "content": draw(CONTENT)}
            said.append(result)
    return said
