"""Chats by chance: what is made of them is valid, and no text is lost."""

from typing import Any

from dialects.translation.chats import OBJECT, TEXT, asked, exchanges, made
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.jsonvalue import encode
from pipeline.dialects.translation.ollama_from_openai import OllamaFromOpenAI


@given(
    st.lists(exchanges(), min_size=1, max_size=3).map(
        lambda parts: [one for part in parts for one in part]
    ),
    st.fixed_dictionaries(
        {},
        optional={
            "max_tokens": st.integers(1, 9),
            "stop": TEXT | st.lists(TEXT, max_size=3),
            "user": TEXT,
            "tools": st.lists(
                st.builds(
                    lambda text, schema: {
                        "type": "function",
                        "function": {"name": "f", "description": text, "parameters": schema},
                    },
                    TEXT,
                    OBJECT,
                ),
                max_size=2,
            ),
            "tool_choice": st.sampled_from(["auto", "none", "required"]),
            "parallel_tool_calls": st.booleans(),
            "stream": st.just(False),
        },
    ),
)
def test_a_random_chat_is_valid_and_whole(messages: list[Any], more: dict[str, Any]):
    out = made(asked(*messages, **more))
    assert sorted(texts_of(messages, more)) == sorted(said_in(out))


def texts_of(messages: list[Any], more: dict[str, Any]) -> list[str]:
    """Every text of a chat, as it must come out again."""
    found: list[str] = []
    for message in messages:
        content = message["content"]
        parts = content if isinstance(content, list) else [{"type": "text", "text": content or ""}]
        found += [part["text"] for part in parts if part["type"] == "text"]
        for call in message.get("tool_calls", ()):
            found.append(call["function"]["arguments"])
    stop = more.get("stop", [])
    found += [stop] if isinstance(stop, str) else stop
    found += [one["function"]["description"] for one in more.get("tools", ())]
    found += [more["user"]] if "user" in more else []
    return [text for text in found if text]


def said_in(out: Any) -> list[str]:
    found: list[str] = []

    def look(content: Any) -> None:
        if isinstance(content, str):
            found.append(content)
            return
        for block in content:
            match block["type"]:
                case "text":
                    found.append(block["text"])
                case "tool_use":
                    found.append(encode(block["input"]).decode())
                case "tool_result":
                    look(block["content"])
                case _:
                    pass

    look(out.get("system", []))
    for message in out["messages"]:  # type: ignore[union-attr]
        look(message["content"])  # type: ignore[index,call-overload]
    found.extend(out.get("stop_sequences", []))  # type: ignore[arg-type]
    found += [one["description"] for one in out.get("tools", [])]  # type: ignore[union-attr,index,misc,call-overload]
    metadata: Any = out.get("metadata", {})
    found += [metadata["user_id"]] if metadata else []
    return [text for text in found if text]


PLAIN = st.lists(exchanges(images=False), min_size=1, max_size=3).map(
    lambda parts: [one for part in parts for one in part]
)


@given(PLAIN)
def test_ollama_gets_every_text(messages: list[Any]):
    out: Any = OllamaFromOpenAI().request(asked(*messages))
    assert [one["role"] for one in out["messages"]] == [
        "system" if one["role"] == "developer" else one["role"] for one in messages
    ]
    for said, message in zip(out["messages"], messages, strict=True):
        content = message["content"]
        parts = [one["text"] for one in content] if isinstance(content, list) else [content or ""]
        assert said["content"] == "\n".join(parts)
        arguments = [one["function"]["arguments"] for one in said.get("tool_calls", ())]
        calls = message.get("tool_calls", ())
        assert [encode(one).decode() for one in arguments] == [
            one["function"]["arguments"] for one in calls
        ]
