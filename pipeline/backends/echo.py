"""The backend `echo`: answers by itself, so that a user sees what a real one would be sent."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from time import time
from typing import Annotated

import anyio
from msgspec import Meta

from pipeline import Backend, Call, Event, Reply, Upstream
from pipeline.backends.words import embeddings
from pipeline.core.jsonvalue import Json, JsonObject, encode

MAX_CHOICES = 128
"""More replies to one request than OpenAI gives are not given here either."""


class Echo(Backend, frozen=True, kw_only=True):
    """Speaks OpenAI's protocol without a model: for trying out, and for tests.

    Its usage figures are estimates of four characters a token. Its embeddings count words: texts
    with the same words are near each other.
    """

    reply: str = "I received: {text}"
    """What it says, with `{text}` for the last text of a user and `{request}` for the whole request
    as JSON.
    """

    piece: Annotated[int, Meta(gt=0)] = 5
    """Characters in each piece of a stream: few enough to cut most placeholders in two."""

    delay: Annotated[float, Meta(ge=0)] = 0.0
    """Seconds between the pieces."""

    @property
    def dialects(self) -> frozenset[str]:
        """Both of OpenAI's."""
        return frozenset({"openai", "openai-embeddings"})

    @property
    def leaves(self) -> bool:
        """It answers by itself."""
        return False

    def start(self, stack: AsyncExitStack) -> Upstream:
        """There is nothing to open."""
        return _Echo(self)


class _Echo:
    """The started backend."""

    def __init__(self, options: Echo):
        self._options = options

    async def send(self, call: Call) -> Reply:
        body = call.body
        if call.dialect == "openai-embeddings":
            return Reply(200, _once(Event(encode(embeddings(body)), whole=True)))
        text = _say(self._options.reply, body)
        head: JsonObject = {
            "id": f"chatcmpl-{call.exchange.id}",
            "object": "chat.completion.chunk" if call.stream else "chat.completion",
            "created": int(time()),
            "model": body.get("model"),
        }
        count = body.get("n")
        choices = range(max(1, min(count, MAX_CHOICES)) if isinstance(count, int) else 1)
        usage = _usage(encode(body.get("messages")), text, len(choices))
        if not call.stream:
            made: list[Json] = [_whole_choice(one, text) for one in choices]
            whole = encode({**head, "choices": made, "usage": usage})
            return Reply(200, _once(Event(whole, whole=True)))
        stream_options = body.get("stream_options")
        wanted = isinstance(stream_options, dict) and stream_options.get("include_usage") is True
        return Reply(200, self._stream(head, text, choices, usage if wanted else None))

    async def probe(self) -> None:
        """Always there."""

    async def _stream(
        self, head: JsonObject, text: str, choices: range, usage: JsonObject | None
    ) -> AsyncIterator[Event]:
        size = self._options.piece
        if usage is not None:
            head = {**head, "usage": None}
        for delta, finish in _deltas(text, size):
            for index in choices:
                choice: Json = {"index": index, "delta": delta, "finish_reason": finish}
                yield Event(encode({**head, "choices": [choice]}))
            # Even without a delay: whoever reads must not keep everyone else waiting.
            await anyio.sleep(self._options.delay)
        if usage is not None:
            yield Event(encode({**head, "choices": [], "usage": usage}))
        yield Event(b"[DONE]")


async def _once(event: Event) -> AsyncIterator[Event]:
    yield event


def _deltas(text: str, size: int) -> Iterator[tuple[JsonObject, str | None]]:
    """The deltas of one choice, each with its finish reason."""
    yield {"role": "assistant", "content": ""}, None
    for start in range(0, len(text), size):
        yield {"content": text[start : start + size]}, None
    yield {}, "stop"


def _whole_choice(index: int, text: str) -> JsonObject:
    message: JsonObject = {"role": "assistant", "content": text, "refusal": None}
    return {"index": index, "message": message, "logprobs": None, "finish_reason": "stop"}


def _say(reply: str, body: JsonObject) -> str:
    """The reply with its fields filled in; what a field holds is not looked at again."""
    return re.sub(
        r"\{(text|request)\}",
        lambda found: _last_text(body) if found[1] == "text" else encode(body).decode(),
        reply,
    )


def _last_text(body: JsonObject) -> str:
    """The text of the last message of role `user`, or an empty one."""
    messages = body.get("messages")
    if not isinstance(messages, list):
        return ""
    for message in reversed(messages):
        if isinstance(message, dict) and message.get("role") == "user":
            return "\n".join(_texts(message.get("content")))
    return ""


def _texts(content: Json) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        for part in content:
            text = part.get("text") if isinstance(part, dict) else None
            if isinstance(text, str):
                yield text


def _usage(prompt: bytes, text: str, choices: int) -> JsonObject:
    """Estimated token counts: a quarter of the characters, and at least one."""
    sent = max(1, len(prompt) // 4)
    made = max(1, len(text) // 4) * choices
    return {"prompt_tokens": sent, "completion_tokens": made, "total_tokens": sent + made}
