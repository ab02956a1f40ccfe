"""Whether the service says truly what it is ready for."""

import socket

import anyio
import httpx
import pytest
from serving import Call, Script, Scripted, serving, until

from pipeline import UpstreamTimeout
from pipeline.core.backend import Breaker
from pipeline.service.gate import Gate
from pipeline.service.serve import _Server
from pipeline.setup.config import ServiceConfig

pytestmark = pytest.mark.anyio


async def test_live_but_not_ready_while_it_starts() -> None:
    gate = Gate(ServiceConfig())
    server = _Server(gate)
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with anyio.create_task_group() as group:
        group.start_soon(server.run_on, listener)
        async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
            assert (await client.get("/health/live")).status_code == 200
            ready = await client.get("/health/ready")
            assert (ready.status_code, ready.json()["status"]) == (503, "starting")
            chat = await client.post("/v1/chat/completions", json={})
            assert chat.status_code == 503
            assert chat.json()["error"]["code"] == "unavailable"
            assert chat.headers["retry-after"] == "1"
            assert (await client.get("/v1/models")).json()["data"] == []
        await server.close()


async def test_ready_with_a_backend_that_answers() -> None:
    script = Script()
    async with serving(script) as house:
        for _ in range(3):
            reply = await house.client.get("/health/ready")
            assert reply.status_code == 200
    told = {"status": "ready", "backends": {"scripted": True}, "clear_text": False, "degraded": 0}
    assert reply.json() == told
    assert script.probes == 1, "however often it is asked"


async def test_not_ready_without_any_backend(caplog: pytest.LogCaptureFixture) -> None:
    script = Script()
    script.there = False
    async with serving(script) as house:
        reply = await house.client.get("/health/ready")
    assert reply.status_code == 503
    down = next(one for one in caplog.records if one.msg == "backend_down")
    assert down.levelname == "WARNING"
    told = {
        "status": "no_backend",
        "backends": {"scripted": False},
        "clear_text": False,
        "degraded": 0,
    }
    assert reply.json() == told


async def test_not_ready_while_it_drains_but_still_live() -> None:
    async with serving(Script()) as house:
        await house.gate.drain()
        reply = await house.client.get("/health/ready")
        assert (reply.status_code, reply.json()["status"]) == (503, "draining")
        assert (await house.client.get("/health/live")).status_code == 200
        chat = await house.chat()
        assert (chat.status_code, chat.json()["error"]["code"]) == (503, "unavailable")


async def test_the_overview_says_how_each_backend_stands_and_why() -> None:
    script = Script()
    async with serving(script) as house:
        told = (await house.client.get("/health")).json()
        assert told["status"] == "ready"
        backend = told["backends"]["scripted"]
        assert (backend["state"], backend["why"]) == ("running", "")
        assert (backend["active"], backend["waiting"]) == (0, 0)
        assert [(one["model"], one["routes"]) for one in backend["targets"]] == [
            ("test", ["test"]),
            ("gpt-*", ["gpt-*"]),
        ]

        way = house.running.ways.of["test"][0]
        for _ in range(5):
            way.breaker.enter().failed("upstream_timeout")
        backend = (await house.client.get("/health")).json()["backends"]["scripted"]
        assert (backend["state"], backend["why"]) == ("degraded", "upstream_timeout")
        assert [one["state"] for one in backend["targets"]] == ["open", "closed"]

        for _ in range(5):
            house.running.ways.of["gpt-*"][0].breaker.enter().failed("upstream_failed")
        backend = (await house.client.get("/health")).json()["backends"]["scripted"]
        assert backend["state"] == "failed"

        await house.gate.drain()
        told = (await house.client.get("/health")).json()
        assert (told["status"], told["backends"]["scripted"]["state"]) == ("draining", "stopped")


async def test_the_overview_says_that_a_backend_does_not_answer() -> None:
    script = Script()
    script.there = False
    async with serving(script) as house:
        backend = (await house.client.get("/health")).json()["backends"]["scripted"]
    assert (backend["state"], backend["why"]) == ("failed", "upstream_failed")
    assert set(backend) == {"state", "since", "why", "active", "waiting", "targets"}


async def test_the_log_says_that_a_model_of_a_backend_is_left_alone_and_taken_up_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail(call: Call) -> None:
        if failing:
            raise UpstreamTimeout("it said nothing of 4711")

    caplog.set_level("INFO", "privet")
    failing = True
    script = Script()
    script.send_first = fail
    backend = Scripted(script, retries=0, breaker=Breaker(failures=2, wait=0.01))
    async with serving(backend) as house:
        for _ in range(2):
            assert (await house.chat(model="gpt-canary")).status_code == 504
        failing = False
        breaker = house.running.ways.of["gpt-*"][0].breaker
        await until(lambda: breaker.standing.remaining == 0)
        assert (await house.chat(model="gpt-canary")).status_code == 200
        for _ in range(9):
            assert (await house.chat()).status_code == 200
    told = [one for one in caplog.records if one.msg.startswith("breaker_")]
    assert [(one.msg, one.levelname) for one in told] == [
        ("breaker_open", "WARNING"),
        ("breaker_closed", "INFO"),
    ]
    for one in told:
        fields = one.__dict__["fields"]
        assert isinstance(fields.pop("seconds"), float)
        assert fields == {"backend": "scripted", "model": "gpt-*", "why": "upstream_timeout"}
    assert not [one for one in caplog.records if "canary" in f"{one.__dict__}"]
