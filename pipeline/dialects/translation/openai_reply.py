"""From OpenAI's chat to Anthropic's Messages: the reply, whole or streamed.

A chat may say its content, its reasoning and several tool calls by turns, but Messages says one
block after the other. So once a tool call has begun, whatever is not of it waits for the end. The
end is told when `[DONE]` has come, or the connection has ended after a reason to stop: the figures
come in between. Left out is what says nothing: log probabilities, and the citations of a search,
which cannot be asked for in this dialect. Any other text that has no place is refused by name.
"""

from collections.abc import Iterable, Iterator, Mapping

from pipeline.core import surrogates
from pipeline.core.errors import UpstreamFailed
from pipeline.core.frames import Event
from pipeline.core.jsonvalue import Json, JsonObject, encode
from pipeline.core.receipt import identifier
from pipeline.dialects.translation import answers
from pipeline.dialects.translation.answers import count
from pipeline.dialects.translation.openai_blocks import Blocks, event

_STOP: Mapping[Json, str] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
}
_HARMLESS = frozenset(
    """role annotations name tool_call_id reasoning_details thinking_blocks token_ids
    provider_specific_fields""".split()
)
"""Members of a message that say nothing, or what another member says as well."""

_KINDS: Mapping[str, str] = {
    "invalid_request_error": "invalid_request_error",
    "authentication_error": "authentication_error",
    "permission_error": "permission_error",
    "not_found_error": "not_found_error",
    "rate_limit_error": "rate_limit_error",
    "rate_limit_exceeded": "rate_limit_error",
    "insufficient_quota": "billing_error",
    "overloaded_error": "overloaded_error",
    "exceed_context_size_error": "invalid_request_error",
}


class OpenAIReply:
    """Translates one reply."""

    def __init__(self, body: JsonObject):
        self._model: Json = body.get("model")
        self._id = ""
        self._blocks = Blocks()
        self._begun = False
        self._done = False
        self._finish = ""
        self._refused = ""
        self._usage: JsonObject = {"input_tokens": 0, "output_tokens": 0}

    def feed(self, event: Event) -> Iterable[Event]:
        """What Messages says for an event; raises UpstreamFailed for what has no place there."""
        if self._done:
            return ()
        if event.data.strip() == b"[DONE]":
            return list(self._end())
        data = answers.read(event)
        if data.get("error"):
            self._done = True
            return (_error(data, whole=event.whole),)
        self._note(data)
        choice = _choice(data)
        return (self._whole(choice),) if event.whole else list(self._chunk(choice))

    def eof(self) -> Iterable[Event]:
        """The end, if the reply is complete."""
        return [] if self._done or not self._finish else list(self._end())

    def _whole(self, choice: JsonObject) -> Event:
        message = choice.get("message")
        list(self._blocks.add(_checked(message)))
        self._stop(choice)
        self._refuse(message)
        self._done = True
        ending = self._ending()
        content: list[Json] = [*self._blocks.whole()]
        return Event(encode({**self._message(), "content": content, **ending}), whole=True)

    def _chunk(self, choice: JsonObject) -> Iterator[Event]:
        if not self._begun:
            self._begun = True
            yield event("message_start", message=self._message())
        if not choice:
            return
        delta = choice.get("delta")
        yield from self._blocks.add(_checked(delta))
        self._refuse(delta)
        self._stop(choice)

    def _end(self) -> Iterator[Event]:
        if not self._finish:
            raise UpstreamFailed("the backend's stream ends in the middle of its reply")
        self._done = True
        yield from self._blocks.end()
        ending = self._ending()
        usage = ending.pop("usage")
        yield event("message_delta", delta=ending, usage=usage)
        yield event("message_stop")

    def _message(self) -> JsonObject:
        """The message as it begins."""
        return {
            "id": self._id,
            "type": "message",
            "role": "assistant",
            "model": self._model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": self._usage,
        }

    def _ending(self) -> JsonObject:
        """What is known in the end."""
        reason = _STOP[self._finish]
        if reason == "end_turn" and self._blocks.calls:
            # Some servers call a tool and do not say so here.
            reason = "tool_use"
        ending: JsonObject = {"stop_reason": reason, "stop_sequence": None, "usage": self._usage}
        if self._refused:
            why: JsonObject = {"type": "refusal", "category": None, "explanation": self._refused}
            ending |= {"stop_reason": "refusal", "stop_details": why}
        return ending

    def _note(self, data: JsonObject) -> None:
        """Remember what concerns the whole reply."""
        identity = data.get("id")
        self._id = self._id or (identity if isinstance(identity, str) else "")
        self._model = data.get("model") or self._model
        figures = data.get("usage")
        if not isinstance(figures, dict):
            return
        details = figures.get("prompt_tokens_details")
        details = details if isinstance(details, dict) else {}
        read = count(details.get("cached_tokens"))
        written = count(details.get("cache_write_tokens"))
        self._usage = {
            "input_tokens": max(0, count(figures.get("prompt_tokens")) - read - written),
            "output_tokens": count(figures.get("completion_tokens")),
            "cache_creation_input_tokens": written,
            "cache_read_input_tokens": read,
        }

    def _stop(self, choice: JsonObject) -> None:
        reason = choice.get("finish_reason")
        if not reason:
            return
        if not isinstance(reason, str) or reason not in _STOP:
            raise _no_place("reason to stop", reason)
        self._finish = reason

    def _refuse(self, said: Json) -> None:
        why = said.get("refusal") if isinstance(said, dict) else None
        self._refused += surrogates.clean(why) if isinstance(why, str) else ""


def refusal(event: Event) -> Event:
    """The body of a refusal in Anthropic's form; raises UpstreamFailed if it is not OpenAI's."""
    return _error(answers.read(event), whole=True)


def _error(data: JsonObject, *, whole: bool) -> Event:
    said = data.get("error")
    said = said if isinstance(said, dict) else {"message": said or data.get("message")}
    message, kind, code = said.get("message"), said.get("type"), said.get("code")
    if not isinstance(message, str):
        raise UpstreamFailed("the backend refused the request without saying why")
    known = (_KINDS.get(one, "") for one in (code, kind) if isinstance(one, str))
    body: JsonObject = {
        "type": "error",
        "error": {"type": next(filter(None, known), "api_error"), "message": message},
    }
    surrogates.clean_all(body)
    return Event(encode(body), "" if whole else "error", whole=whole)


def _choice(data: JsonObject) -> JsonObject:
    """The one choice of a reply, or nothing if an event has none."""
    choices = data.get("choices")
    if not isinstance(choices, list):
        raise UpstreamFailed("the backend's reply has no `choices`; is it a chat endpoint?")
    match choices:
        case []:
            return {}
        case [dict() as choice] if choice.get("index", 0) == 0:
            return choice
        case _:
            raise UpstreamFailed("the backend gave several replies where one was asked for")


def _checked(said: Json) -> JsonObject:
    """A message or delta, if all that it says has a place."""
    if not isinstance(said, dict):
        return {}
    for name, value in said.items():
        if value and name not in _HARMLESS and name not in Blocks.MEMBERS and name != "refusal":
            raise _no_place("member", name)
    return said


def _no_place(what: str, name: Json) -> UpstreamFailed:
    return UpstreamFailed(
        f"the backend sent the {what} `{identifier(name)}`, which has no place in Anthropic's "
        "Messages; ask it in its own dialect"
    )
