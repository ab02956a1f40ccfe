"""What the recorder says, in each protocol that it is asked in."""

from pipeline.core.jsonvalue import JsonObject, encode

_PIECE = 24
_HEAD: JsonObject = {"id": "audit", "created": 0, "model": "audit"}


class ChatAnswers:
    """OpenAI's chat completions."""

    def whole(self, text: str) -> bytes:
        """A reply with a text."""
        message: JsonObject = {"role": "assistant", "content": text}
        choice: JsonObject = {"index": 0, "message": message, "finish_reason": "stop"}
        return encode({**_HEAD, "object": "chat.completion", "choices": [choice]})

    def error(self, message: str) -> bytes:
        """An error with a message."""
        return encode({"error": {"message": message, "type": "audit", "param": None, "code": None}})

    def events(self, text: str) -> list[bytes]:
        """The events of a stream with a text; the last one ends it."""
        return [*map(self._chunk, pieces(text)), self._chunk("", "stop"), b"data: [DONE]\n\n"]

    def _chunk(self, text: str, finish: str | None = None) -> bytes:
        choice: JsonObject = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
        data = encode({**_HEAD, "object": "chat.completion.chunk", "choices": [choice]})
        return b"data: " + data + b"\n\n"


class MessagesAnswers:
    """Anthropic's Messages."""

    def whole(self, text: str) -> bytes:
        """A reply with a text."""
        return encode(self._message([{"type": "text", "text": text}], "end_turn"))

    def error(self, message: str) -> bytes:
        """An error with a message."""
        error: JsonObject = {"type": "invalid_request_error", "message": message}
        return encode({"type": "error", "error": error})

    def events(self, text: str) -> list[bytes]:
        """The events of a stream with a text; the last one ends it."""
        block: JsonObject = {"type": "text", "text": ""}
        return [
            self._event("message_start", {"message": self._message([], None)}),
            self._event("content_block_start", {"index": 0, "content_block": block}),
            *(self._delta(one) for one in pieces(text)),
            self._event("content_block_stop", {"index": 0}),
            self._event(
                "message_delta",
                {"delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 1}},
            ),
            self._event("message_stop", {}),
        ]

    def _message(self, content: list[JsonObject], stop: str | None) -> JsonObject:
        return {
            "id": "audit",
            "type": "message",
            "role": "assistant",
            "model": "audit",
            "content": [*content],
            "stop_reason": stop,
            "stop_sequence": None,
            "usage": {"input_tokens": 1, "output_tokens": 1},
        }

    def _delta(self, text: str) -> bytes:
        delta: JsonObject = {"type": "text_delta", "text": text}
        return self._event("content_block_delta", {"index": 0, "delta": delta})

    def _event(self, name: str, members: JsonObject) -> bytes:
        return f"event: {name}\ndata: ".encode() + encode({"type": name, **members}) + b"\n\n"


class EmbeddingsAnswers(ChatAnswers):
    """OpenAI's embeddings, which have no text of their own and do not stream."""

    def whole(self, text: str) -> bytes:
        """A reply with a vector, and a text beside it."""
        vector: JsonObject = {"object": "embedding", "index": 0, "embedding": [0.5, -0.25]}
        usage: JsonObject = {"prompt_tokens": 1, "total_tokens": 1}
        return encode(
            {"object": "list", "data": [vector], "model": "audit", "usage": usage, "note": text}
        )


Answers = ChatAnswers | MessagesAnswers


def answers_at(path: bytes) -> Answers:
    """What is said to whoever asks at a path."""
    if path.endswith(b"/messages"):
        return MessagesAnswers()
    return EmbeddingsAnswers() if path.endswith(b"/embeddings") else ChatAnswers()


def pieces(text: str) -> list[str]:
    """A text in pieces that cut most words in two."""
    return [text[at : at + _PIECE] for at in range(0, len(text), _PIECE)]
