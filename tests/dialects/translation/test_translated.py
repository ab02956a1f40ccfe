"""An upstream that is asked in dialects which it does not speak."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from pipeline import Call, Event, Exchange, Reply, Upstream
from pipeline.core.backend import CountsTokens, ListsModels
from pipeline.core.catalog import Tokens
from pipeline.core.errors import BadRequest
from pipeline.core.jsonvalue import JsonObject
from pipeline.core.translator import ReplyTranslator
from pipeline.dialects.known import dialects as known_dialects
from pipeline.dialects.translation import translated
from pipeline.dialects.translation.registry import TRANSLATORS, way
from pipeline.dialects.translation.upstream import Translated

pytestmark = pytest.mark.anyio


class Wraps:
    """A translator that writes its name around everything, and says more at the end."""

    def __init__(self, source: str, target: str):
        self.source = source
        self.target = target

    def request(self, body: JsonObject) -> JsonObject:
        return {**body, "steps": f"{body.get('steps', '')}>{self.target}"}

    def reply(self, body: JsonObject) -> ReplyTranslator:
        return Wrapping(f"{self.source}{body.get('steps', '')}".encode())

    def error(self, event: Event) -> Event:
        return Event(b"%b(%b)" % (self.source.encode(), event.data), whole=True)


class Wrapping:
    def __init__(self, name: bytes):
        self.name = name

    def feed(self, event: Event) -> Sequence[Event]:
        if event.data == b"nothing":
            return ()
        return (Event(b"%b(%b)" % (self.name, event.data), whole=event.whole),)

    def eof(self) -> Sequence[Event]:
        return (Event(b"end of %b" % self.name),)


class Behind:
    """An upstream that keeps what it was asked."""

    def __init__(self, status: int = 200, *said: Event):
        self.status = status
        self.said = said
        self.asked: list[Call] = []
        self.closed = 0
        self.probes = 0

    async def send(self, call: Call) -> Reply:
        self.asked.append(call)
        return Reply(self.status, self._events(), {"retry-after": "3"})

    async def _events(self) -> AsyncIterator[Event]:
        try:
            for one in self.said:
                yield one
        finally:
            self.closed += 1

    async def probe(self) -> None:
        self.probes += 1


class Knowing(Behind):
    async def count(self, call: Call) -> Tokens:
        self.asked.append(call)
        return Tokens(7, "provider")

    async def models(self) -> Sequence[str]:
        return ["a"]


def call(dialect: str = "left") -> Call:
    return Call(dialect, {"model": "m"}, True, Exchange())


BOTH = (Wraps("left", "openai"), Wraps("openai", "right"))


def right(behind: Behind) -> Upstream:
    return translated(behind, {"right"}, BOTH)


async def read(reply: Reply) -> list[bytes]:
    return [event.data async for event in reply.events]


async def test_what_the_backend_speaks_passes_as_it_is():
    behind = Behind(200, Event(b"a"))
    asked = call("right")
    reply = await right(behind).send(asked)
    assert await read(reply) == [b"a"]
    assert behind.asked == [asked]


async def test_one_step():
    behind = Behind(200, Event(b"a"), Event(b"nothing"), Event(b"b"))
    reply = await right(behind).send(call("openai"))
    assert await read(reply) == [b"openai(a)", b"openai(b)", b"end of openai"]
    assert reply.headers == {"retry-after": "3"}
    [asked] = behind.asked
    assert (asked.dialect, asked.body) == ("right", {"model": "m", "steps": ">right"})


async def test_two_steps_over_openai():
    behind = Behind(200, Event(b"a"), Event(b"nothing"))
    reply = await right(behind).send(call())
    # The translator next to the backend is given the request that was made for it.
    assert await read(reply) == [
        b"left(openai>openai(a))",
        b"left(end of openai>openai)",
        b"end of left",
    ]
    [asked] = behind.asked
    assert (asked.dialect, asked.body["steps"]) == ("right", ">openai>right")


async def test_a_refusal_goes_back_through_both():
    behind = Behind(400, Event(b"a", whole=True))
    reply = await right(behind).send(call())
    assert reply.status == 400
    assert await read(reply) == [b"left(openai(a))"]


@pytest.mark.parametrize("status", [200, 400])
async def test_closing_reaches_the_backend(status: int):
    behind = Behind(status, Event(b"a"), Event(b"b"))
    reply = await right(behind).send(call())
    await anext(reply.events)
    assert behind.closed == 0
    close: Any = reply.events
    await close.aclose()
    assert behind.closed == 1


async def test_no_way_is_a_refusal_that_names_it():
    with pytest.raises(BadRequest, match=r"`left`.*`elsewhere`") as caught:
        await Translated(Behind(), {"elsewhere"}, BOTH).send(call())
    assert caught.value.param == "model"


async def test_whoever_speaks_all_is_left_alone():
    behind = Behind()
    assert translated(behind, {"left", *known_dialects()}, BOTH) is behind
    assert translated(behind, {"left", "openai"}, BOTH) is not behind
    assert translated(behind, {"openai"}, BOTH) is not behind


async def test_probes_counts_and_lists():
    knowing = Knowing()
    upstream = right(knowing)
    assert isinstance(upstream, CountsTokens)
    assert isinstance(upstream, ListsModels)
    await upstream.probe()
    assert knowing.probes == 1
    assert await upstream.count(call()) == Tokens(7, "provider")
    assert knowing.asked[0].dialect == "right"
    assert await upstream.models() == ["a"]


async def test_who_cannot_count_does_not_claim_to():
    # It would be asked, and every answer would count against its target as a failure.
    upstream = right(Behind())
    assert isinstance(upstream, Translated)
    assert not isinstance(upstream, CountsTokens)
    assert not isinstance(upstream, ListsModels)


def test_the_real_ways():
    sources = {one.source for one in TRANSLATORS}
    assert sources <= {"openai", "anthropic"}
    for source in ("openai", *sources):
        for target in ("openai", "anthropic", "ollama"):
            found = way(source, {target})
            assert (source == target) is (found == ())
    assert way("openai", {"anthropic", "openai"}) == ()
    assert way("openai", {"elsewhere"}) is None
