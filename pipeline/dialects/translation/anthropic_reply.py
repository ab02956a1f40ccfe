"""From Anthropic's Messages to OpenAI's chat: the reply, whole or streamed.

The end of a stream is told when `message_stop` has come, and not when the reason to stop has: a
stream that breaks off between the two must not look complete. Left out are, because OpenAI's chat
has no place for them and no text is lost with them: the signatures of thinking and thinking that is
encrypted, both of use to the API alone, and citations, which only documents and searches have that
cannot be asked for in this dialect. Any other event or block that is not known is refused.
"""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from pipeline.core import surrogates
from pipeline.core.errors import UpstreamFailed
from pipeline.core.frames import Event
from pipeline.core.jsonvalue import Json, JsonObject, encode
from pipeline.core.receipt import identifier
from pipeline.dialects.translation import answers
from pipeline.dialects.translation.answers import Answer, count

_FINISH: Mapping[Json, str] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    # The model means to go on, so the reply is cut short, whatever the reason.
    "pause_turn": "length",
    "refusal": "content_filter",
}
_TEXTS: Mapping[Json, tuple[str, str]] = {
    "text": ("text", "content"),
    "thinking": ("thinking", "reasoning_content"),
}
"""Blocks of text: the key of their text, and its name in a message."""

_DELTAS: Mapping[Json, str] = {
    "text_delta": "text",
    "citations_delta": "text",
    "thinking_delta": "thinking",
    "signature_delta": "thinking",
    "input_json_delta": "tool_use",
}
"""The block that each delta belongs to."""


class _Block(Struct):
    """A block that is open. `half` is a character's first half that waits for its second."""

    kind: str
    call: int = 0
    input: Json = None
    said: bool = False
    half: str = ""


class AnthropicReply:
    """Translates one reply."""

    def __init__(self, body: JsonObject):
        self._answer = Answer(body)
        self._open: dict[Json, _Block] = {}
        self._calls = 0
        self._usage: JsonObject = {}
        self._finish = ""
        self._begun = False
        self._done = False

    def feed(self, event: Event) -> Iterable[Event]:
        """What OpenAI's chat says for an event; raises UpstreamFailed for one that is unknown."""
        if self._done:
            return ()
        data = answers.read(event)
        kind = data.get("type")
        if kind == "error":
            self._done = True
            return (_error(data, whole=event.whole),)
        return (self._whole(data),) if event.whole else list(self._streamed(kind, data))

    def eof(self) -> Iterable[Event]:
        """Nothing: a stream without `message_stop` is not complete."""
        return ()

    def _whole(self, data: JsonObject) -> Event:
        self._begin(data)
        self._stop(data)
        message: JsonObject = {}
        calls: list[Json] = []
        for block in _objects(data.get("content")):
            kind = block.get("type")
            if kind in _TEXTS:
                key, name = _TEXTS[kind]
                message[name] = f"{message.get(name, '')}{_string(block, key)}"
            elif kind == "tool_use":
                made = encode(_object(block, "input")).decode()
                calls.append(answers.tool_call(_string(block, "id"), _string(block, "name"), made))
            elif kind != "redacted_thinking":
                raise _unknown("block", kind)
        if calls:
            message["tool_calls"] = calls
        else:
            message.setdefault("content", "")
        message.update(_refused(data))
        self._done = True
        return self._answer.whole(message, self._finish, self._counted())

    def _streamed(self, kind: Json, data: JsonObject) -> Iterator[Event]:
        if kind == "ping":
            return
        if self._begun == (kind == "message_start"):
            raise UpstreamFailed("the backend's stream does not begin with one `message_start`")
        match kind:
            case "message_start":
                message = _object(data, "message")
                if message.get("content"):
                    raise UpstreamFailed("the backend's stream begins with what it has not said")
                self._begin(message)
                yield self._answer.chunk({"role": "assistant", "content": ""})
            case "content_block_start":
                yield from self._start(data.get("index"), _object(data, "content_block"))
            case "content_block_delta":
                yield from self._delta(self._block(data), _object(data, "delta"))
            case "content_block_stop":
                yield from self._end(self._block(data))
                del self._open[data.get("index")]
            case "message_delta":
                delta = _object(data, "delta")
                self._count(data)
                if delta.get("stop_reason") is not None:
                    self._stop(delta)
                    if said := _refused(delta):
                        yield self._answer.chunk(said)
            case "message_stop":
                if not self._finish or self._open:
                    raise UpstreamFailed("the backend's stream ends in the middle of its reply")
                self._done = True
                yield from self._answer.end(self._finish, self._counted())
            case _:
                raise _unknown("event", kind)

    def _begin(self, message: JsonObject) -> None:
        self._begun = True
        self._answer.id = _string(message, "id")
        self._answer.model = message.get("model", self._answer.model)
        self._count(message)

    def _start(self, index: Json, block: JsonObject) -> Iterator[Event]:
        kind = block.get("type")
        if index in self._open or not isinstance(index, int):
            raise UpstreamFailed("the backend's stream begins a block twice, or without its number")
        if not isinstance(kind, str) or kind not in (*_TEXTS, "tool_use", "redacted_thinking"):
            raise _unknown("block", kind)
        made = self._open[index] = _Block(kind)
        if kind in _TEXTS:
            yield from self._text(made, _string(block, _TEXTS[kind][0]))
        elif kind == "tool_use":
            made.call, made.input = self._calls, block.get("input")
            self._calls += 1
            call = answers.tool_call(_string(block, "id"), _string(block, "name"), "")
            yield self._answer.chunk({"tool_calls": [{"index": made.call, **call}]})

    def _delta(self, block: _Block, delta: JsonObject) -> Iterator[Event]:
        kind = delta.get("type")
        if kind not in _DELTAS:
            raise _unknown("delta", kind)
        if _DELTAS[kind] != block.kind:
            raise UpstreamFailed("the backend's stream has a delta in a block of another type")
        if kind == "input_json_delta":
            yield from self._arguments(block, _string(delta, "partial_json"))
        elif kind in ("text_delta", "thinking_delta"):
            yield from self._text(block, _string(delta, _TEXTS[block.kind][0]))

    def _end(self, block: _Block) -> Iterator[Event]:
        # Some servers give the whole input at the start, and a tool without any needs an object.
        if block.kind == "tool_use" and not block.said:
            whole = block.input if isinstance(block.input, dict) else {}
            yield from self._arguments(block, encode(whole).decode())

    def _text(self, block: _Block, text: str) -> Iterator[Event]:
        text, block.half = surrogates.join(block.half, text)
        if text:
            yield self._answer.chunk({_TEXTS[block.kind][1]: text})

    def _arguments(self, block: _Block, text: str) -> Iterator[Event]:
        text, block.half = surrogates.join(block.half, text)
        if text:
            block.said = True
            call: JsonObject = {"index": block.call, "function": {"arguments": text}}
            yield self._answer.chunk({"tool_calls": [call]})

    def _block(self, data: JsonObject) -> _Block:
        index = data.get("index")
        if not isinstance(index, int) or index not in self._open:
            raise UpstreamFailed("the backend's stream goes on with a block that it did not begin")
        return self._open[index]

    def _stop(self, said: JsonObject) -> None:
        reason = said.get("stop_reason")
        if reason not in _FINISH:
            raise _unknown("reason to stop", reason)
        self._finish = _FINISH[reason]

    def _count(self, said: JsonObject) -> None:
        """Remember the figures; those of a stream are cumulative, but some servers send zeros for
        what they have said before.
        """
        figures = said.get("usage")
        for name, one in figures.items() if isinstance(figures, dict) else ():
            if one or name not in self._usage:
                self._usage[name] = one

    def _counted(self) -> JsonObject | None:
        """The figures; Anthropic counts what a cache read or wrote beside the rest of a prompt."""
        figures = self._usage
        if not count(figures.get("input_tokens")) and not count(figures.get("output_tokens")):
            return None
        read = count(figures.get("cache_read_input_tokens"))
        written = count(figures.get("cache_creation_input_tokens"))
        details = figures.get("output_tokens_details")
        thought = details.get("thinking_tokens") if isinstance(details, dict) else None
        return answers.usage(
            count(figures.get("input_tokens")) + read + written,
            count(figures.get("output_tokens")),
            read=read,
            written=written,
            thought=count(thought),
        )


def refusal(event: Event) -> Event:
    """The body of a refusal in OpenAI's form; raises UpstreamFailed if it is not Anthropic's."""
    return _error(answers.read(event), whole=True)


def _error(data: JsonObject, *, whole: bool) -> Event:
    said = data.get("error")
    if not isinstance(said, dict) or not isinstance(message := said.get("message"), str):
        raise UpstreamFailed("the backend refused the request without saying why")
    return answers.error(
        surrogates.clean(message), identifier(said.get("type", "api_error")), whole=whole
    )


def _refused(said: JsonObject) -> JsonObject:
    """Why the model refuses, if it says so."""
    details = said.get("stop_details")
    why = details.get("explanation") if isinstance(details, dict) else None
    return {"refusal": surrogates.clean(why)} if isinstance(why, str) and why else {}


def _unknown(what: str, name: Json) -> UpstreamFailed:
    return UpstreamFailed(
        f"the backend sent the {what} `{identifier(name)}`, which has no place in OpenAI's chat; "
        "ask it in its own dialect"
    )


def _objects(value: Json) -> Iterator[JsonObject]:
    if not isinstance(value, list):
        raise UpstreamFailed("the backend's reply has no `content`; is it a Messages endpoint?")
    for one in value:
        if not isinstance(one, dict):
            raise UpstreamFailed("the backend's reply has a block that is no object")
        yield one


def _object(value: JsonObject, key: str) -> JsonObject:
    found = value.get(key)
    if not isinstance(found, dict):
        raise UpstreamFailed(f"the backend sent an event without its `{key}`")
    return found


def _string(value: JsonObject, key: str) -> str:
    found = value.get(key)
    if not isinstance(found, str):
        raise UpstreamFailed(f"the backend sent an event without its `{key}`")
    return found
