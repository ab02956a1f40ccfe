"""Events that arrive together are handled and sent together."""

from collections.abc import Sequence
from typing import Any

import anyio.lowlevel
import pytest

from pipeline import Call, Channel, Event, Exchange, Reply, Step
from pipeline.core.chain import Chain, Link
from pipeline.core.errors import PluginFailed, UpstreamFailed
from pipeline.core.jsonvalue import decode
from pipeline.core.relay import Relay
from pipeline.core.target import Target
from pipeline.core.watch import Watch
from pipeline.dialects.openai import OpenAIChat

pytestmark = pytest.mark.anyio

END = [Event(b'{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}'), Event(b"[DONE]")]


def said(*texts: str, **more: Any) -> list[Event]:
    form = b'{"id":"c","choices":[{"index":0,"delta":{"content":"%s"}}]}'
    return [Event(form % text.encode()) for text in texts]


class Backend:
    """Says its batches; the events of one arrive together."""

    def __init__(self, *batches: Sequence[Event]):
        self.batches = [list(one) for one in batches]

    async def send(self, call: Call) -> Reply:
        return Reply(200, self)

    async def probe(self) -> None:
        """It is there."""

    def __aiter__(self) -> "Backend":
        return self

    async def __anext__(self) -> Event:
        await anyio.lowlevel.checkpoint()
        if not self.batches:
            raise StopAsyncIteration
        [event] = self.batches.pop(0)
        return event

    async def together(self) -> Sequence[Event]:
        await anyio.lowlevel.checkpoint()
        return self.batches.pop(0) if self.batches else ()


class Upper(Step):
    """Writes all in capitals, and counts how often it is fed. It fails on `!`."""

    def __init__(self, *, waits: bool = False):
        self.waits = waits
        self.fed: list[str] = []

    def on_text(self, channel: Channel) -> Any:
        return self if channel.kind == "content" else None

    def feed(self, text: str, /) -> Any:
        self.fed.append(text)
        if "!" in text:
            raise ValueError
        return self._wait(text) if self.waits else text.upper()

    def flush(self) -> str:
        return ""

    async def _wait(self, text: str) -> str:
        await anyio.lowlevel.checkpoint()
        return text.upper()


def relay(backend: Backend, *steps: Step) -> Relay:
    links = [
        Link(str(number), lambda _, one=one: one, True, True) for number, one in enumerate(steps)
    ]
    target = Target(
        route="r",
        pipeline="p",
        chain=Chain(links, links, Watch()),
        deadline=5.0,
        backend="b",
        upstream=backend,
        streams="both",
        model="m",
    )
    body: Any = {"model": "m", "messages": [], "stream": True}
    return Relay(OpenAIChat(), [target], Exchange(stream=True), body, dict)


async def pieces(use: Relay) -> list[bytes]:
    async with use:
        await use.start()
        return [piece async for piece in use.stream()]


def texts(piece: bytes) -> list[str]:
    """What the events of a piece say."""
    found: list[Any] = [decode(one[6:]) for one in piece.split(b"\n\n")[:-1] if one[6:7] == b"{"]
    return [
        one["choices"][0]["delta"].get("content", "") if "choices" in one else "error"
        for one in found
    ]


async def test_what_no_plugin_changes_stays_one_for_one():
    use = relay(Backend([*said("a", "b", "c", "d"), *END]))
    got = await pieces(use)
    assert [texts(one) for one in got] == [["a"], ["b", "c", "d", ""]]
    assert got[-1].endswith(b"data: [DONE]\n\n")


async def test_what_a_plugin_changes_is_said_at_once():
    upper = Upper()
    got = await pieces(relay(Backend(said("a", "b", "c"), [*said("d", "e"), *END]), upper))
    assert [texts(one) for one in got] == [["A"], ["BC"], ["DE", ""]]
    assert upper.fed == ["a", "bc", "de"]


async def test_what_came_before_an_event_that_is_wrong_goes_out():
    use = relay(Backend([*said("a", "b", "c"), Event(b"{"), *END]))
    got = await pieces(use)
    assert [texts(one) for one in got] == [["a"], ["b", "c"], ["error"]]
    assert isinstance(use.failure, UpstreamFailed)


async def test_what_came_before_a_plugin_failed_goes_out():
    refusal = Event(b'{"choices":[{"index":0,"delta":{"refusal":"no"}}]}')
    use = relay(Backend([*said("a", "b"), refusal, *said("!"), *END]), Upper())
    got = await pieces(use)
    assert [texts(one) for one in got] == [["A"], ["B", ""], ["error"]]
    assert isinstance(use.failure, PluginFailed)


async def test_who_waits_for_a_plugin_gets_what_is_done_at_once():
    backend = Backend(said("a"), [*said("b"), *END, *said("c")])
    got = await pieces(relay(backend, Upper(waits=True)))
    assert [texts(one) for one in got] == [["A"], ["B"], [""], []]


async def test_what_follows_the_end_is_nobodys():
    got = await pieces(relay(Backend([*said("a"), *END, *said("b")])))
    assert [texts(one) for one in got] == [["a"], [""]]


async def test_others_get_their_turn_after_so_many():
    got = await pieces(relay(Backend([*said(*"x" * 200), *END])))
    assert max(len(texts(one)) for one in got) == 64
    assert sum(len(texts(one)) for one in got) == 201
