"""From Ollama's own API to OpenAI's chat: the reply, whole or streamed.

A stream ends with the line that says `done`; without it, nothing is told that looks like an end.
Left out are the times that the server took. A message with a member that is not known is refused.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from pipeline.core import surrogates
from pipeline.core.errors import UpstreamFailed
from pipeline.core.exchange import new_id
from pipeline.core.frames import Event
from pipeline.core.jsonvalue import Json, JsonObject, encode
from pipeline.core.receipt import identifier
from pipeline.dialects.translation import answers
from pipeline.dialects.translation.answers import Answer, count

_FINISH: Mapping[Json, str] = {None: "stop", "": "stop", "stop": "stop", "length": "length"}
_TEXTS = {"thinking": "reasoning_content", "content": "content"}
_KNOWN = frozenset({"role", "tool_calls", *_TEXTS})


class OllamaReply:
    """Translates one reply."""

    def __init__(self, body: JsonObject):
        self._answer = Answer(body)
        self._answer.id = f"chatcmpl-{new_id()}"
        self._halves: dict[str, str] = {}
        self._calls = 0
        self._begun = False
        self._done = False

    def feed(self, event: Event) -> Iterable[Event]:
        """What OpenAI's chat says for a line; raises UpstreamFailed for what is not Ollama's."""
        if self._done:
            return ()
        data = answers.read(event)
        if data.get("error"):
            self._done = True
            return (_error(data, whole=event.whole),)
        if event.whole and data.get("done") is not True:
            raise UpstreamFailed("the backend's reply is not complete")
        self._read_envelope(data)
        return (self._whole(data),) if event.whole else list(self._streamed(data))

    def eof(self) -> Iterable[Event]:
        """Nothing: a stream without `done` is not complete."""
        return ()

    def _whole(self, data: JsonObject) -> Event:
        said = _message(data)
        message: JsonObject = {
            theirs: text for ours, theirs in _TEXTS.items() if (text := _string(said, ours))
        }
        if calls := list(self._tool_calls(said)):
            message["tool_calls"] = [*calls]
        else:
            message.setdefault("content", "")
        self._done = True
        return self._answer.whole(message, self._finish(data), _usage(data))

    def _streamed(self, data: JsonObject) -> Iterator[Event]:
        said = _message(data)
        if not self._begun:
            self._begun = True
            yield self._answer.chunk({"role": "assistant", "content": ""})
        for ours, theirs in _TEXTS.items():
            held = self._halves.get(ours, "")
            text, self._halves[ours] = surrogates.join(held, _string(said, ours))
            if text:
                yield self._answer.chunk({theirs: text})
        first = self._calls
        for index, call in enumerate(self._tool_calls(said), first):
            yield self._answer.chunk({"tool_calls": [{"index": index, **call}]})
        if data.get("done") is True:
            self._done = True
            yield from self._answer.end(self._finish(data), _usage(data))

    def _tool_calls(self, message: JsonObject) -> Iterator[JsonObject]:
        """The calls in a message; each comes whole. Older servers give them no ids."""
        calls = message.get("tool_calls")
        for call in calls if isinstance(calls, list) else ():
            function = call.get("function") if isinstance(call, dict) else None
            arguments = function.get("arguments") if isinstance(function, dict) else None
            if not isinstance(call, dict) or not isinstance(function, dict):
                raise UpstreamFailed("the backend sent a tool call without its function")
            if not isinstance(arguments, dict):
                raise UpstreamFailed("the backend sent a tool call without its arguments")
            surrogates.clean_all(arguments)
            self._calls += 1
            identity = call.get("id")
            if not isinstance(identity, str) or not identity:
                identity = f"call_{new_id()}"
            said = encode(arguments).decode()
            yield answers.tool_call(identity, _string(function, "name"), said)

    def _finish(self, data: JsonObject) -> str:
        reason = data.get("done_reason")
        if not isinstance(reason, str | None) or reason not in _FINISH:
            raise UpstreamFailed(f"the backend stopped for the reason `{identifier(reason)}`")
        finish = _FINISH[reason]
        return "tool_calls" if self._calls and finish == "stop" else finish

    def _read_envelope(self, data: JsonObject) -> None:
        self._answer.model = data.get("model", self._answer.model)
        made = data.get("created_at")
        if self._begun or not isinstance(made, str):
            return
        try:
            self._answer.created = int(datetime.fromisoformat(made).timestamp())
        except (ValueError, OverflowError, OSError):
            return


def refusal(event: Event) -> Event:
    """The body of a refusal in OpenAI's form; raises UpstreamFailed if it is not Ollama's."""
    return _error(answers.read(event), whole=True)


def _error(data: JsonObject, *, whole: bool) -> Event:
    said = data.get("error")
    if not isinstance(said, str):
        raise UpstreamFailed("the backend refused the request without saying why")
    return answers.error(surrogates.clean(said), "api_error", whole=whole)


def _message(data: JsonObject) -> JsonObject:
    message = data.get("message")
    if not isinstance(message, dict):
        raise UpstreamFailed("the backend's reply has no `message`; is it Ollama's own API?")
    for name, value in message.items():
        if name not in _KNOWN and value:
            raise UpstreamFailed(
                f"the backend's message has `{identifier(name)}`, which has no place in OpenAI's "
                "chat"
            )
    return message


def _usage(data: JsonObject) -> JsonObject | None:
    sent, made = count(data.get("prompt_eval_count")), count(data.get("eval_count"))
    if not sent and not made:
        return None
    return answers.usage(sent, made, read=count(data.get("prompt_eval_cached_count")))


def _string(value: JsonObject, key: str) -> str:
    found = value.get(key, "")
    if found is None:
        return ""
    if not isinstance(found, str):
        raise UpstreamFailed(f"the backend's `{key}` is not a string")
    return found
