"""Faults 47 and 53: plugins that fail, and one that blocks all others."""

import asyncio
import signal
import time
from asyncio import StreamWriter
from pathlib import Path
from typing import Any, Literal

import anyio
import pytest
from backends.server import Received, begin, chunk, serve
from faults.failing import fine
from faults.house import (
    NAME,
    PLACEHOLDER,
    SCALE,
    House,
    ask,
    backend,
    faulty,
    house,
    told_nothing,
)
from faults.served import served, spoken, two_voices
from faults.voices import ANTHROPIC, MODEL, OPENAI, Outcome, Voice

from pipeline import Channel, Plugin, Request, TextFilter
from pipeline.service.watchdog import Watchdog

pytestmark = pytest.mark.anyio

voices = pytest.mark.parametrize("voice", [OPENAI, ANTHROPIC], ids=lambda one: one.name)
both = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "stream"])


class Bad(Plugin, frozen=True):
    """Fails as it is told, in one of its hooks."""

    how: Literal["raises", "hangs"]
    where: Literal["request", "reply"]

    async def on_request(self, request: Request) -> None:
        if self.where == "request":
            await self.fail("".join(one.text for one in request.texts()))

    def on_text(self, channel: Channel) -> TextFilter | None:
        return BadFilter(self) if self.where == "reply" else None

    async def fail(self, text: str) -> None:
        """What it raises quotes what it read, as careless code does."""
        if self.how == "raises":
            raise ValueError(text)
        await anyio.sleep_forever()


class BadFilter:
    """Takes the first piece, and fails on the second."""

    def __init__(self, plugin: Bad):
        self._plugin = plugin
        self._pieces = 0

    async def feed(self, text: str) -> str:
        self._pieces += 1
        if self._pieces > 1:
            await self._plugin.fail(text)
        return text

    def flush(self) -> str:
        return ""


@voices
@both
@pytest.mark.parametrize("how", ["raises", "hangs"])
async def test_fault_47_a_plugin_fails_on_the_request(
    voice: Voice, streamed: bool, how: Literal["raises", "hangs"]
):
    more: dict[str, Any] = {
        "route": {"replay": True},
        "pipeline": {"plugin_timeout": SCALE},
        "plugins": {"bad": Bad(how, "request")},
    }
    async with serve(fine(voice)) as one, serve(fine(voice)) as two:
        ways = [backend(voice, one.url), backend(voice, two.url)]
        async with house(*ways, **more) as made:
            begun = anyio.current_time()
            outcome = await made.ask(voice, stream=streamed)
            took = anyio.current_time() - begun
            assert (await made.receipt(outcome))["outcome"] == "plugin_failed"
    assert (outcome.status, outcome.ended) == (500, "error")
    assert outcome.code in ("plugin_failed", "api_error")
    assert took < SCALE + 1
    assert not (one.received or two.received), "nothing is forwarded"
    assert NAME.encode() not in outcome.raw
    told_nothing(outcome)


@voices
@both
@pytest.mark.parametrize("how", ["raises", "hangs"])
async def test_fault_47_a_plugin_fails_on_the_reply(
    voice: Voice, streamed: bool, how: Literal["raises", "hangs"]
):
    async def handler(request: Received, writer: StreamWriter) -> None:
        await begin(writer)
        for one in (*voice.opening(), voice.piece("so far "), voice.piece(f"I am {PLACEHOLDER}")):
            await chunk(writer, one)
        await anyio.sleep_forever()

    more: dict[str, Any] = {
        "pipeline": {"plugin_timeout": SCALE},
        "plugins": {"bad": Bad(how, "reply")},
    }
    async with faulty(voice, handler, **more) as (made, server):
        outcome = await made.ask(voice, stream=streamed)
        assert (await made.receipt(outcome))["outcome"] == "plugin_failed"
        await server.all_closed()
        assert made.running.ways.of[MODEL][0].breaker.standing.state == "closed"
    assert (outcome.status, outcome.ended) == (200 if streamed else 500, "error")
    assert outcome.code in ("plugin_failed", "api_error")
    assert outcome.text in ("so far ", "")
    assert NAME.encode() not in outcome.raw
    told_nothing(outcome)


PII = """
pre = ["pii"]
post = ["pii"]
[plugins.pii]
tiers = ["patterns"]
workers = 1
"""


async def test_fault_47_a_worker_is_killed(tmp_path: Path):
    async def answer(voice: Voice, request: Received, writer: StreamWriter) -> None:
        await fine(voice)(request, writer)

    outcomes = dict[str, Outcome]()

    async def one(voice: Voice) -> None:
        outcomes[voice.name] = await ask(
            up.client, voice, stream=voice is OPENAI, text="anna@example.org", model=voice.name
        )

    async with (
        serve(spoken(answer)) as server,
        served(two_voices(server.url, PII), tmp_path) as up,
    ):
        (worker,) = up.workers()
        worker.suspend()
        async with anyio.create_task_group() as group:
            for voice in (OPENAI, ANTHROPIC):
                group.start_soon(one, voice)
            # Both wait for the same text, which the worker has been given.
            await up.active(2)
            await anyio.sleep(0.1)
            worker.send_signal(signal.SIGKILL)
    for outcome in outcomes.values():
        assert (outcome.status, outcome.ended) == (500, "error")
    assert not [one for one in server.received if one.method == "POST"], "nothing is forwarded"


class Blocks(Plugin, frozen=True):
    """Does long work where it must not."""

    def on_request(self, request: Request) -> None:
        if any("BLOCK" in one.text for one in request.texts()):
            time.sleep(4 * SCALE)


@voices
async def test_fault_53_the_event_loop_is_blocked(voice: Voice):
    blocked = anyio.Event()

    async def handler(request: Received, writer: StreamWriter) -> None:
        if "BLOCK" in voice.asked(request.json):
            blocked.set()
            await fine(voice)(request, writer)
            return
        await begin(writer)
        for one in (*voice.opening(), voice.piece("before, ")):
            await chunk(writer, one)
        begun.set()
        await blocked.wait()
        await anyio.sleep(SCALE)
        for one in (voice.piece("after"), *voice.closing(), b""):
            await chunk(writer, one)

    begun = anyio.Event()
    outcomes = list[Outcome]()
    more: dict[str, Any] = {
        "plugins": {"blocks": Blocks()},
        "service": {"keepalive": SCALE / 4},
    }

    async def stream(made: House) -> None:
        outcomes.append(await made.ask(voice, stream=True))

    async with faulty(voice, handler, **more) as (made, _):
        with Watchdog(asyncio.get_running_loop(), SCALE) as watchdog:
            watchdog.watch = made.running.watch
            async with anyio.create_task_group() as group:
                for _number in range(3):
                    group.start_soon(stream, made)
                await begun.wait()
                outcomes.append(await made.ask(voice, stream=False, text="BLOCK"))
            with anyio.fail_after(5):
                while not any(one.startswith("loop_free ") for one in made.logged):  # noqa: ASYNC110
                    await anyio.sleep(0.01)
    assert {one.ended for one in outcomes} == {"complete"}
    assert [one.text for one in outcomes[1:]] == ["before, after"] * 3
    assert all(b": ping" in one.raw for one in outcomes[1:]), "signs of life go on afterwards"
    (line,) = [one for one in made.logged if one.startswith("loop_blocked ")]
    assert "'plugin': 'blocks'" in line
    assert "Blocks.on_request" in line
