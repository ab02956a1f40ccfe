"""What a client can send besides a good request, and what can go wrong behind the service."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import NamedTuple

from pipeline.audit.attempts import Attempts
from pipeline.audit.canaries import Aviary, Canary, sentences
from pipeline.audit.client import CHAT
from pipeline.audit.recorder import Manner
from pipeline.audit.report import Row
from pipeline.core.jsonvalue import JsonObject, encode

_MANNERS: tuple[Manner, ...] = ("refuse", "break off", "babble")
_PAGES = ("/health/live", "/health/ready", "/v1/models", "/metrics", "/schema/openapi.json")
_MOST_SESSION = 128


class Odd(NamedTuple):
    """A request that is odd around its texts."""

    label: str
    path: str
    content: bytes
    headers: Mapping[str, str] = {}


def _odd(model: str, text: str) -> list[Odd]:
    plain = encode(_body(model, "Hello."))
    named = encode(_body(model, "Hello."))[:-1]
    said = encode(text)
    names = ("authorization", "cookie", "user-agent", "x-request-id", "x-custom", "referer")
    return [
        Odd("headers", CHAT, plain, dict.fromkeys(names, text)),
        Odd("the session's header", CHAT, plain, {"x-privet-session": text[:_MOST_SESSION]}),
        Odd("the content's type", CHAT, plain, {"content-type": f"application/json; x={text}"}),
        Odd("the query", f"{CHAT}?text={text}", plain),
        Odd("another path", f"/v1/{text}", plain),
        Odd("a model without a route", CHAT, encode(_body(f"nobody knows {text}", "Hello."))),
        Odd("a key that is there twice", CHAT, named + b',"user":' + said + b',"user":"me"}'),
        Odd("a body that breaks off", CHAT, encode(_body(model, text))[:-3]),
        Odd("a body that is no JSON", CHAT, text.encode()),
        Odd("messages that are none", CHAT, encode({"model": model, "messages": text})),
        Odd("a stream that is a text", CHAT, encode({**_body(model, "Hello."), "stream": text})),
        Odd("half a surrogate pair", CHAT, named + b',"user":"\\ud800' + said[1:] + b"}"),
        Odd(
            "nesting that is too deep", CHAT, named + b',"a":' + b"[" * 99 + said + b"]" * 99 + b"}"
        ),
    ]


async def odd_requests(attempts: Attempts, aviary: Aviary, model: str) -> AsyncGenerator[Row]:
    """Texts where no text belongs: around the request, or in one that cannot be read."""
    for at in range(len(_odd(model, ""))):
        canaries = aviary.new()
        one = _odd(model, " ".join(canary.bare for canary in canaries))[at]
        attempt = await attempts.post(one.path, one.content, canaries, one.label, one.headers)
        for canary in canaries:
            yield Row(one.label, one.label, one.label, canary.entity, attempt.outcome(canary))


async def failures(attempts: Attempts, aviary: Aviary, model: str) -> None:
    """A backend that does not do its work: what do the client and the log get to see of it?"""
    for manner in _MANNERS:
        for stream in (False, True):
            canaries = aviary.new()
            body = _body(model, sentences(canaries))
            attempts.recorder.manner = manner
            await attempts.ask(body, canaries, f"a backend told to {manner}", stream=stream)
    attempts.recorder.manner = "reply"


async def other_exchanges(attempts: Attempts, aviary: Aviary, model: str) -> None:
    """Somebody else's reply holds all that this request left behind at the backend."""
    canaries = aviary.new()
    first = await attempts.ask(_body(model, sentences(canaries)), canaries, "another exchange")
    attempts.recorder.says = first.received.decode()
    for stream in (False, True):
        answer = await attempts.client.chat({**_body(model, "Hello."), "stream": stream})
        attempts.look("other exchanges", answer.said, canaries, "another exchange")
    attempts.recorder.says = ""


async def pages(attempts: Attempts, canaries: Sequence[Canary]) -> None:
    """What the service tells everybody."""
    for path in _PAGES:
        answer = await attempts.client.get(path)
        attempts.look("pages of the service", answer.head + answer.body, canaries, path)


def _body(model: str, text: str) -> JsonObject:
    return {"model": model, "messages": [{"role": "user", "content": text}]}
