"""What a wire protocol says: requests, replies and errors, for servers and clients in the tests."""

import json
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

Ended = Literal["complete", "error", "broken"]

MODEL = "m"


class Outcome(NamedTuple):
    """What a client has got: `broken` is neither a complete reply nor an error it was told of."""

    status: int
    ended: Ended
    text: str
    code: str
    headers: dict[str, str]
    raw: bytes


class Voice:
    """One protocol, as OpenAI speaks it."""

    name = "openai"
    path = "/v1/chat/completions"
    counts = "/chat/completions"
    kind = "openai"

    def request(self, text: str, *, stream: bool, **more: Any) -> dict[str, Any]:
        """A client's request."""
        messages = [{"role": "user", "content": text}]
        return {"model": MODEL, "messages": messages, "stream": stream, **more}

    def asked(self, body: dict[str, Any]) -> str:
        """The text of the request that a server got."""
        return body["messages"][-1]["content"]

    def whole(self, text: str) -> bytes:
        """A reply that is not streamed."""
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
        return json.dumps({"id": "c", "choices": [choice], "usage": usage}).encode()

    def events(self, *pieces: str) -> list[bytes]:
        """A streamed reply, an event each, to its end."""
        return [*self.opening(), *(self.piece(one) for one in pieces), *self.closing()]

    def opening(self) -> list[bytes]:
        """What comes before any text."""
        return [self._chunk({"role": "assistant"})]

    def piece(self, text: str) -> bytes:
        """A piece of text."""
        return self._chunk({"content": text})

    def closing(self) -> list[bytes]:
        """What comes after all text; the last one ends the reply."""
        return [self._chunk({}, "stop"), b"data: [DONE]\n\n"]

    def error(self, message: str, code: str = "server_error") -> bytes:
        """The body of a server's error."""
        return json.dumps(
            {"error": {"message": message, "type": code, "param": None, "code": code}}
        ).encode()

    def error_event(self, message: str) -> bytes:
        """A server's error as an event."""
        return b"data: " + self.error(message) + b"\n\n"

    def outcome(self, status: int, headers: dict[str, str], raw: bytes) -> Outcome:
        """What a client makes of an answer; fails if it is not of this protocol."""
        if headers.get("content-type", "").startswith("text/event-stream"):
            return self._streamed(status, headers, raw)
        try:
            body = json.loads(raw)
        except ValueError:
            return Outcome(status, "broken", "", "", headers, raw)
        if status >= 400:
            code = self._code(body)
            assert code, "an error has a code"
            return Outcome(status, "error", "", code, headers, raw)
        return Outcome(status, "complete", self._said(body), "", headers, raw)

    def _streamed(self, status: int, headers: dict[str, str], raw: bytes) -> Outcome:
        text, code, done = "", "", False
        for data in events_of(raw):
            assert not done, "nothing follows the end"
            if self._is_end(data):
                assert not code, "an error is no end that looks complete"
                done = True
                continue
            body = json.loads(data)
            if found := self._code(body):
                assert not code, "there is one error"
                code = found
            else:
                assert not code, "nothing follows an error"
                text += self._delta(body)
        ended: Ended = "complete" if done else "error" if code else "broken"
        return Outcome(status, ended, text, code, headers, raw)

    def _chunk(self, delta: dict[str, str], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        data = {"id": "c", "object": "chat.completion.chunk", "choices": [choice]}
        return b"data: " + json.dumps(data).encode() + b"\n\n"

    def _is_end(self, data: bytes) -> bool:
        return data == b"[DONE]"

    def _code(self, body: dict[str, Any]) -> str:
        error = body.get("error")
        if not error:
            return ""
        assert set(error) == {"message", "type", "param", "code"}, error.keys()
        return error["code"]

    def _said(self, body: dict[str, Any]) -> str:
        return body["choices"][0]["message"]["content"]

    def _delta(self, body: dict[str, Any]) -> str:
        return "".join(one["delta"].get("content") or "" for one in body["choices"])


class Messages(Voice):
    """Anthropic's Messages."""

    name = "anthropic"
    path = "/v1/messages"
    counts = "/v1/messages"
    kind = "anthropic"

    def request(self, text: str, *, stream: bool, **more: Any) -> dict[str, Any]:
        return {**super().request(text, stream=stream), "max_tokens": 100, **more}

    def whole(self, text: str) -> bytes:
        return json.dumps(
            self._message(
                [{"type": "text", "text": text}],
                "end_turn",
                {"input_tokens": 5, "output_tokens": 2},
            )
        ).encode()

    def opening(self) -> list[bytes]:
        start = self._message([], None, {"input_tokens": 5, "output_tokens": 1})
        block = {"type": "text", "text": ""}
        return [
            self._event("message_start", message=start),
            self._event("content_block_start", index=0, content_block=block),
        ]

    def piece(self, text: str) -> bytes:
        delta = {"type": "text_delta", "text": text}
        return self._event("content_block_delta", index=0, delta=delta)

    def closing(self) -> list[bytes]:
        delta = {"stop_reason": "end_turn", "stop_sequence": None}
        return [
            self._event("content_block_stop", index=0),
            self._event("message_delta", delta=delta, usage={"output_tokens": 2}),
            self._event("message_stop"),
        ]

    def error(self, message: str, code: str = "api_error") -> bytes:
        error = {"type": code, "message": message}
        return json.dumps({"type": "error", "error": error}).encode()

    def error_event(self, message: str) -> bytes:
        return b"event: error\ndata: " + self.error(message) + b"\n\n"

    def _message(self, content: list[Any], stop: str | None, usage: dict[str, int]) -> Any:
        return {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": MODEL,
            "content": content,
            "stop_reason": stop,
            "stop_sequence": None,
            "usage": usage,
        }

    def _event(self, name: str, **members: Any) -> bytes:
        data = json.dumps({"type": name, **members})
        return f"event: {name}\ndata: {data}\n\n".encode()

    def _is_end(self, data: bytes) -> bool:
        return json.loads(data)["type"] == "message_stop"

    def _code(self, body: dict[str, Any]) -> str:
        if body.get("type") != "error":
            return ""
        assert set(body["error"]) >= {"type", "message"}
        return body["error"]["type"]

    def _said(self, body: dict[str, Any]) -> str:
        return "".join(one["text"] for one in body["content"])

    def _delta(self, body: dict[str, Any]) -> str:
        return body["delta"]["text"] if body["type"] == "content_block_delta" else ""


OPENAI = Voice()
ANTHROPIC = Messages()


def events_of(raw: bytes) -> Iterator[bytes]:
    """The data of the events of a stream; what is cut off is none, and comments are none."""
    *blocks, _rest = raw.split(b"\n\n")
    for block in blocks:
        data = [line[6:] for line in block.split(b"\n") if line.startswith(b"data: ")]
        if data:
            yield b"\n".join(data)
