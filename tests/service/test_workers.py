"""Several workers, which clients and backends take for one service."""

import signal
import time
from asyncio import StreamWriter
from collections.abc import AsyncGenerator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from contextvars import copy_context
from pathlib import Path

import anyio
import httpx
import psutil
import pytest
from backends.server import Received, Server, reply, serve
from faults.served import Served, served
from process import Process, ready
from service_process import outlasting

from pipeline import Start

pytestmark = pytest.mark.anyio


class Gate:
    """A server that answers when it is told to, and what it has seen by then."""

    def __init__(self) -> None:
        self.seen: list[dict[str, object]] = []
        self.port: int | None = None
        self.inside = 0
        self.most = 0
        self.status = 200
        self.go = anyio.Event()

    async def __call__(self, request: Received, writer: StreamWriter) -> None:
        if request.method == "GET":
            await reply(writer, 200, b'{"data": []}')
            return
        self.seen.append(request.json)
        self.inside += 1
        self.most = max(self.most, self.inside)
        await self.go.wait()
        self.inside -= 1
        await reply(
            writer,
            self.status,
            b'{"choices": [{"index": 0, "finish_reason": "stop", '
            b'"message": {"role": "assistant", "content": "fine"}}]}',
        )


@asynccontextmanager
async def two(
    folder: Path, more: str = "", models: str = ""
) -> AsyncGenerator[tuple[Served, Gate]]:
    """A service of two workers, before a server of the tests."""
    gate = Gate()
    async with (
        serve(gate) as server,
        served(configuration(server, more, models), folder) as up,
    ):
        gate.port = httpx.URL(server.url).port
        yield up, gate


def configuration(server: Server, more: str, models: str) -> str:
    return f"""workers = 2
[backends.model]
type = "openai"
url = "{server.url}"
{more}
[pipelines.default]
[models]
"*" = {{ backend = "model" }}
{models}
"""


@asynccontextmanager
async def clients(up: Served, count: int) -> AsyncGenerator[list[httpx.AsyncClient]]:
    """Clients with a connection each, that they keep."""
    async with AsyncExitStack() as stack:
        made = [
            await stack.enter_async_context(
                httpx.AsyncClient(base_url=up.client.base_url, trust_env=False, timeout=20)
            )
            for _ in range(count)
        ]
        for one in made:
            assert (await one.get("/health/live")).status_code == 200
        yield made


def asks(worker: psutil.Process, port: int | None) -> bool:
    """Whether it has a connection to a server that listens there."""
    found = worker.net_connections("tcp")
    return any(
        one.status == psutil.CONN_ESTABLISHED and one.raddr and one.raddr.port == port
        for one in found
    )


async def waits(one: httpx.AsyncClient) -> int:
    """How many requests wait for their turn."""
    return (await one.get("/health")).json()["backends"]["model"]["waiting"]


async def waiting(up: Served, count: int) -> None:
    """Wait until so many requests wait for their turn, as a new connection is told."""
    async with clients(up, 1) as one:
        while await waits(one[0]) != count:  # noqa: ASYNC110
            await anyio.sleep(0.01)


def connections(up: Served) -> dict[int, int]:
    """How many clients' connections each worker has."""
    port = up.client.base_url.port
    return {
        one.pid: sum(
            each.status == psutil.CONN_ESTABLISHED and each.laddr.port == port
            for each in one.net_connections("tcp")
        )
        for one in up.workers()
    }


def ask() -> dict[str, object]:
    return {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


CHAT = "/v1/chat/completions"


async def test_connections_are_spread_evenly_and_receipts_found_by_all(tmp_path: Path):
    async with two(tmp_path) as (up, gate), clients(up, 8) as many:
        gate.go.set()
        await up.client.aclose()
        assert sorted(connections(up).values()) == [4, 4]
        for one, other in zip(many, [*many[1:], many[0]], strict=True):
            id = (await one.post(CHAT, json=ask())).headers["x-privet-exchange"]
            for asked in (one, other):
                receipt = await asked.get(f"/privet/receipts/{id}")
                assert (receipt.status_code, receipt.json()["id"]) == (200, id)
        for one in many[:2]:
            assert (await one.get("/privet/receipts/breakers")).status_code == 404
            assert (await one.get(f"/privet/receipts/{'0' * 32}")).status_code == 404


async def test_limits_and_health_are_those_of_all(tmp_path: Path):
    async with two(tmp_path, "concurrency = 3\nqueue = 2") as (up, gate), clients(up, 8) as many:
        statuses: list[int] = []

        async def post(one: httpx.AsyncClient) -> None:
            statuses.append((await one.post(CHAT, json=ask())).status_code)

        async with anyio.create_task_group() as group:
            for one in many:
                group.start_soon(post, one)
            with anyio.fail_after(10):
                while len(statuses) < 3:  # noqa: ASYNC110 - it tells nobody
                    await anyio.sleep(0.01)
            for one in many[:2]:
                found = (await one.get("/health")).json()["backends"]["model"]
                assert (found["active"], found["waiting"]) == (3, 2)
            gate.go.set()
        assert sorted(statuses) == [200] * 5 + [503] * 3
        assert gate.most == 3


async def test_health_tells_of_the_worker_that_fares_worst(tmp_path: Path):
    breaks = "retries = 0\n[backends.model.breaker]\nfailures = 2"
    async with two(tmp_path, breaks) as (up, gate), clients(up, 2) as many:
        gate.status = 500
        gate.go.set()
        for expected in (502, 502, 503):
            assert (await many[0].post(CHAT, json=ask())).status_code == expected
        gate.status = 200
        assert (await many[1].post(CHAT, json=ask())).status_code == 200, "it finds out by itself"
        for one in many:
            found = (await one.get("/health")).json()["backends"]["model"]
            assert (found["state"], found["targets"][0]["state"]) == ("failed", "open")
            assert found["why"] == "upstream_failed"


async def test_a_session_sticks_to_its_target_whichever_worker_has_it(tmp_path: Path):
    drawn = """
[models.m]
order = "weighted"
sticky = true
targets = [{ backend = "model", model = "a" }, { backend = "model", model = "b" }]
"""
    async with two(tmp_path, models=drawn) as (up, gate), clients(up, 2) as many:
        gate.go.set()
        for session in range(12):
            for one in many:
                headers = {"x-privet-session": f"s{session}"}
                assert (await one.post(CHAT, json=ask(), headers=headers)).status_code == 200
        models = [one["model"] for one in gate.seen]
        assert models[::2] == models[1::2]
        assert set(models) == {"a", "b"}


def test_keys_are_those_of_the_start():
    one, other = Start(2), Start(2)
    assert one.key("a") == one.key("a")
    assert len({one.key("a"), one.key("b"), other.key("a")}) == 3
    assert Start.current().key("a") != Start.current().key("a"), "there is none"
    context = copy_context()
    context.run(one.begin)
    assert context.run(Start.current) is one
    assert repr(one.secret) not in repr(one)


async def test_who_is_lost_is_replaced_and_his_turns_are_free(tmp_path: Path):
    async with two(tmp_path, "concurrency = 1\nqueue = 9") as (up, gate), clients(up, 2) as many:
        await up.client.aclose()
        broken: list[bool] = []

        async def post(one: httpx.AsyncClient) -> None:
            try:
                broken.append((await one.post(CHAT, json=ask())).status_code != 200)
            except httpx.TransportError:
                broken.append(True)

        async with anyio.create_task_group() as group:
            with anyio.fail_after(20):
                group.start_soon(post, many[0])
                while gate.inside < 1:  # noqa: ASYNC110
                    await anyio.sleep(0.01)
                group.start_soon(post, many[1])
                await waiting(up, 1)
                victim = next(one for one in up.workers() if asks(one, gate.port))
                victim.kill()
                while not broken:  # noqa: ASYNC110
                    await anyio.sleep(0.01)
                gate.go.set()
        assert sorted(broken) == [False, True]
        assert (await up.event("worker_lost"))["code"] == -signal.SIGKILL
        await up.event("worker_replaced")
        async with clients(up, 4):
            assert min(connections(up).values()) >= 1


def test_what_cannot_start_is_named_once(tmp_path: Path):
    with Process(tmp_path / "log", bad=True, workers=2) as process:
        assert process.wait() == 2
        said = "test.toml: backends.bad: could not start: it raised RuntimeError"
        assert process.text.count(said) == 1
        assert "anna.berg" not in process.text


def test_a_signal_while_workers_start(tmp_path: Path):
    with Process(tmp_path / "log", slow=True, workers=2) as process:
        assert httpx.get(process.url + "/health/ready", trust_env=False).status_code == 503
        process.signal()
        assert process.wait(5) == 0


def test_workers_end_with_their_supervisor(tmp_path: Path):
    with ready(tmp_path / "log", workers=2) as process:
        workers = psutil.Process(process.process.pid).children()
        assert len(workers) == 2
        process.process.kill()
        assert not outlasting(workers, 5)
        assert len(process.events("supervisor_lost")) == 2


def test_a_second_signal_to_workers_does_not_wait(tmp_path: Path):
    with ready(tmp_path / "log", workers=2) as process:
        workers = psutil.Process(process.process.pid).children()
        body = {"model": "stuck", "messages": [{"role": "user", "content": "hi"}], "stream": True}
        with httpx.stream("POST", process.url + CHAT, json=body, trust_env=False):
            # As a terminal does it: the signal goes to all of them.
            for one in (*workers, psutil.Process(process.process.pid)):
                one.send_signal(signal.SIGINT)
            process.wait_event("draining")
            begun = time.monotonic()
            process.signal()
            assert process.wait(3) == 128 + signal.SIGTERM
            assert time.monotonic() - begun < 2
        assert not outlasting(workers)


def test_who_is_blocked_gets_no_connections(tmp_path: Path):
    with (
        ready(tmp_path / "log", workers=2) as process,
        ThreadPoolExecutor() as pool,
        ExitStack() as stack,
    ):
        worker = psutil.Process(process.process.pid).children()[0]
        worker.suspend()

        def live() -> int:
            # A connection that stays open: it counts.
            one = stack.enter_context(httpx.Client(trust_env=False, timeout=20))
            return one.get(process.url + "/health/live").status_code

        # Of two connections it has one, before it is known to take none.
        asked = [pool.submit(live) for _ in range(2)]
        wait(asked, return_when=FIRST_COMPLETED)
        time.sleep(0.3)
        assert [live() for _ in range(6)] == [200] * 6
        assert sum(one.done() for one in asked) == 1
        worker.resume()
        assert [one.result() for one in asked] == [200] * 2
