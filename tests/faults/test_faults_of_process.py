"""Faults 48 to 51: the process is told to stop, or is stopped."""

import signal
from asyncio import StreamWriter
from pathlib import Path

import anyio
import httpx
import psutil
import pytest
from backends.server import Received, begin, chunk, serve
from faults.house import NAME, ask
from faults.served import Served, served, spoken, two_voices
from faults.voices import ANTHROPIC, OPENAI, Outcome, Voice
from service_process import outlasting

pytestmark = pytest.mark.anyio

VOICES = (OPENAI, ANTHROPIC)
USER = "somebody"


class Waiting:
    """A server that begins its replies, and goes on when it is told to."""

    def __init__(self) -> None:
        self.begun = 0
        self.go = anyio.Event()

    async def __call__(self, voice: Voice, request: Received, writer: StreamWriter) -> None:
        assert NAME not in voice.asked(request.json)
        if not request.json.get("stream"):
            self.begun += 1
            await self.go.wait()
            return
        await begin(writer)
        for one in (*voice.opening(), voice.piece("so far ")):
            await chunk(writer, one)
        self.begun += 1
        await self.go.wait()
        for one in (voice.piece("and done"), *voice.closing(), b""):
            await chunk(writer, one)


class Clients:
    """Clients in both protocols by turns, all but `whole` with open streams, and what became of
    them.
    """

    def __init__(self, up: Served, waiting: Waiting, count: int, whole: int = 0):
        self.outcomes = list[Outcome]()
        self.broken = 0
        self._up = up
        self._waiting = waiting
        self._count = count
        self._whole = whole

    async def run(self) -> None:
        """Until all of them have ended."""
        async with anyio.create_task_group() as clients:
            for number in range(self._count):
                clients.start_soon(self._one, VOICES[number % 2], number >= self._whole)

    async def begun(self) -> None:
        """Wait until all requests have arrived."""
        with anyio.fail_after(20):
            while self._waiting.begun < self._count:  # noqa: ASYNC110 - it tells nobody
                await anyio.sleep(0.01)

    async def _one(self, voice: Voice, streamed: bool) -> None:
        try:
            outcome = await ask(
                self._up.client,
                voice,
                stream=streamed,
                text="nobody",
                model=voice.name,
                **({"user": USER} if voice is OPENAI else {}),
            )
        except httpx.TransportError:
            self.broken += 1
        else:
            self.outcomes.append(outcome)


@pytest.mark.parametrize("workers", [1, 2])
async def test_fault_48_a_signal_with_50_streams(tmp_path: Path, workers: int):
    waiting = Waiting()
    async with (
        serve(spoken(waiting)) as server,
        served(f"workers = {workers}\n{two_voices(server.url)}", tmp_path) as up,
        anyio.create_task_group() as group,
    ):
        clients = Clients(up, waiting, 50)
        group.start_soon(clients.run)
        await clients.begun()
        assert (await up.client.get("/health/ready")).status_code == 200
        up.process.send_signal(signal.SIGTERM)
        await up.event("draining")
        assert (await up.client.get("/health/ready")).status_code == 503
        assert (await up.client.get("/health/live")).status_code == 200
        for voice in VOICES:
            for streamed in (False, True):
                refused = await ask(up.client, voice, stream=streamed, model=voice.name)
                assert (refused.status, refused.ended) == (503, "error")
                assert refused.headers["retry-after"] == "1"
        waiting.go.set()
        assert await up.wait() == 0
    assert len(clients.outcomes) == 50
    assert {(one.ended, one.text) for one in clients.outcomes} == {("complete", "so far and done")}
    assert sum(one.method == "POST" for one in server.received) == 50
    assert (await up.event("stopped"))["cut"] == 0


@pytest.mark.parametrize("workers", [1, 2])
async def test_fault_49_the_grace_is_over(tmp_path: Path, workers: int):
    waiting = Waiting()
    async with (
        serve(spoken(waiting)) as server,
        served(f"workers = {workers}\ngrace = 0.3\n{two_voices(server.url)}", tmp_path) as up,
        anyio.create_task_group() as group,
    ):
        clients = Clients(up, waiting, 8, whole=2)
        group.start_soon(clients.run)
        await clients.begun()
        up.process.send_signal(signal.SIGTERM)
        assert await up.wait(10) == 0
        await server.all_closed()
    assert {(one.status, one.ended, one.text) for one in clients.outcomes} == {
        (200, "error", "so far "),
        (503, "error", ""),
    }
    assert {one.code for one in clients.outcomes} == {"unavailable", "overloaded_error"}
    assert len(clients.outcomes) == (await up.event("stopped"))["cut"] == 8


async def test_fault_50_a_second_signal(tmp_path: Path):
    waiting = Waiting()
    async with (
        serve(spoken(waiting)) as server,
        served(two_voices(server.url), tmp_path) as up,
        anyio.create_task_group() as group,
    ):
        clients = Clients(up, waiting, 6)
        group.start_soon(clients.run)
        await clients.begun()
        up.process.send_signal(signal.SIGTERM)
        await up.event("draining")
        up.process.send_signal(signal.SIGTERM)
        assert await up.wait(2) == 128 + signal.SIGTERM
        await server.all_closed()
    assert {one.ended for one in clients.outcomes} <= {"broken"}
    assert len(clients.outcomes) + clients.broken == 6


PII = """
pre = ["pii"]
post = ["pii"]
[plugins.pii]
tiers = ["patterns"]
workers = 1
"""


async def test_fault_51_it_is_killed(tmp_path: Path):
    waiting = Waiting()
    async with (
        serve(spoken(waiting)) as server,
        served(two_voices(server.url, PII), tmp_path) as up,
        anyio.create_task_group() as group,
    ):
        clients = Clients(up, waiting, 6)
        group.start_soon(clients.run)
        await clients.begun()
        workers = up.workers()
        assert len(workers) == 1
        up.process.kill()
        assert await up.wait(2) == -signal.SIGKILL
        await server.all_closed()
        alive = await anyio.to_thread.run_sync(outlasting, workers)
    assert not alive, "a worker has outlived the service"
    assert {one.ended for one in clients.outcomes} <= {"broken"}
    assert len(clients.outcomes) + clients.broken == 6


async def test_fault_51_one_of_two_workers_is_killed(tmp_path: Path):
    waiting = Waiting()
    async with (
        serve(spoken(waiting)) as server,
        served(f"workers = 2\n{two_voices(server.url, PII)}", tmp_path) as up,
        anyio.create_task_group() as group,
    ):
        clients = Clients(up, waiting, 20)
        group.start_soon(clients.run)
        await clients.begun()
        bodies = [one.json for one in server.received if one.method == "POST"]
        users = {body["user"] for body in bodies if "user" in body}
        assert len(users) == 1, "the workers have keys of their own"
        assert USER not in users
        victim = psutil.Process(up.process.pid).children()[0]
        recognisers = victim.children()
        assert len(recognisers) == 1
        victim.kill()
        assert (await up.event("worker_lost"))["code"] == -signal.SIGKILL
        alive = await anyio.to_thread.run_sync(outlasting, recognisers)
        assert not alive, "a recogniser has outlived its worker"
        assert (await up.client.get("/health/ready")).status_code == 200
        waiting.go.set()
    ended = [one.ended for one in clients.outcomes]
    assert (ended.count("complete"), ended.count("broken") + clients.broken) == (10, 10)
    assert sum(one.method == "POST" for one in server.received) == 20, "nothing is sent again"
