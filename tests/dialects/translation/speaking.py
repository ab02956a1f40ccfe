"""Messages as Anthropic's servers say them, whole and streamed, and what becomes of them."""

from collections.abc import Iterable, Sequence
from typing import Any

from anthropic.types import RawMessageStreamEvent
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from pydantic import TypeAdapter

from pipeline import Event
from pipeline.core.frames import Frame
from pipeline.core.jsonvalue import JsonObject, decode, encode
from pipeline.dialects.openai import OpenAIChat
from pipeline.dialects.translation.anthropic_from_openai import AnthropicFromOpenAI

ASKED: JsonObject = {"model": "m", "messages": [], "stream_options": {"include_usage": True}}
USAGE = {
    "input_tokens": 10,
    "cache_creation_input_tokens": 3,
    "cache_read_input_tokens": 20,
    "output_tokens": 7,
    "output_tokens_details": {"thinking_tokens": 4},
}
ERROR = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
STREAM = TypeAdapter[Any](RawMessageStreamEvent)


def message(content: Sequence[Any], reason: str | None = "end_turn", **more: Any) -> JsonObject:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": list(content),
        "stop_reason": reason,
        "stop_sequence": None,
        "usage": USAGE,
        **more,
    }


def text(said: str) -> dict[str, Any]:
    return {"type": "text", "text": said}


def thinking(said: str) -> dict[str, Any]:
    return {"type": "thinking", "thinking": said, "signature": "c2ln"}


def use(identity: str, given: dict[str, Any]) -> dict[str, Any]:
    return {"type": "tool_use", "id": identity, "name": "look", "input": given}


def streamed(content: Sequence[Any], reason: str = "end_turn", **more: Any) -> list[JsonObject]:
    """The stream that says what a message says, its texts in pieces of one character."""
    first = {**USAGE, "output_tokens": 1, "output_tokens_details": None}
    said: list[JsonObject] = [
        {"type": "message_start", "message": message([], None, usage=first)},
        {"type": "ping"},
    ]
    for index, block in enumerate(content):
        begun, deltas = begin(block)
        said.append({"type": "content_block_start", "index": index, "content_block": begun})
        for delta in deltas:
            said.append({"type": "content_block_delta", "index": index, "delta": delta})
            said.append({"type": "ping"})
        said.append({"type": "content_block_stop", "index": index})
    delta = {"stop_reason": reason, "stop_sequence": None, **more}
    usage = {"output_tokens": 7, "output_tokens_details": USAGE["output_tokens_details"]}
    said.append({"type": "message_delta", "delta": delta, "usage": usage})
    return [*said, {"type": "message_stop"}]


def begin(block: dict[str, Any]) -> tuple[dict[str, Any], list[JsonObject]]:
    match block["type"]:
        case "text":
            pieces: list[JsonObject] = [
                {"type": "text_delta", "text": one} for one in block["text"]
            ]
            return {"type": "text", "text": ""}, pieces
        case "thinking":
            pieces = [{"type": "thinking_delta", "thinking": one} for one in block["thinking"]]
            pieces.append({"type": "signature_delta", "signature": block["signature"]})
            return {"type": "thinking", "thinking": "", "signature": ""}, pieces
        case "tool_use":
            given = encode(block["input"]).decode() if block["input"] else ""
            pieces = [{"type": "input_json_delta", "partial_json": one} for one in ("", *given)]
            return {**block, "input": {}}, pieces
        case _:
            return block, []


def events(said: Iterable[JsonObject]) -> list[Event]:
    found: list[Event] = []
    for one in said:
        if one["type"] not in ("ping", "error"):
            STREAM.validate_python(one)
        found.append(Event(encode(one), str(one["type"])))
    return found


def translate(said: Iterable[Event], asked: JsonObject = ASKED) -> list[Event]:
    reply = AnthropicFromOpenAI().reply(asked)
    out = [one for event in said for one in reply.feed(event)]
    return [*out, *reply.eof()]


def checked(said: Sequence[Event]) -> Any:
    """The whole reply that one event is."""
    [event] = said
    assert event.whole
    found: Any = decode(event.data)
    ChatCompletion.model_validate(found, strict=True)
    return found


def joined(said: Sequence[Event]) -> Any:
    """The whole reply that a stream says."""
    assert said[-1] == Event(b"[DONE]")
    chunks: list[Any] = [decode(one.data) for one in said[:-1]]
    for one in chunks:
        ChatCompletionChunk.model_validate(one)
    return OpenAIChat().join(Frame(one) for one in chunks).data
