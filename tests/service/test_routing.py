"""Which backend a request goes to, as a client of the real service sees it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from faults.house import House, living
from msgspec.structs import replace
from serving import Script, Scripted, request

from pipeline import Exchange, Plugin, Request, Step
from pipeline.core.catalog import ModelInfo, Price
from pipeline.setup.config import Config, PipelineConfig, RouteConfig, ServiceConfig, TargetConfig

pytestmark = pytest.mark.anyio

NAMES = ("one", "two", "three")


class Mark(Plugin, frozen=True):
    """Labels what says so of itself."""

    def start(self, stack: AsyncExitStack) -> Callable[[Exchange], Step]:
        return _Mark


class _Mark(Step):
    def __init__(self, exchange: Exchange):
        self._exchange = exchange

    def on_request(self, request: Request) -> None:
        if any("SENSITIVE" in one.text for one in request.texts()):
            self._exchange.labels.add("sensitive")


class World:
    """The service, and what each of its backends was sent."""

    def __init__(self, house: House, scripts: dict[str, Script]):
        self._house = house
        self._scripts = scripts

    async def post(self, text: str = "hi", session: str = "", **more: Any) -> httpx.Response:
        """Ask for the model."""
        headers = {"x-privet-session": session} if session else {}
        return await self._house.client.post(
            "/v1/chat/completions",
            json={**request(text=text), "model": "m", **more},
            headers=headers,
        )

    async def got(self, text: str = "hi", session: str = "", **more: Any) -> str:
        """Which backend gets a request."""
        before = {name: len(one.seen) for name, one in self._scripts.items()}
        reply = await self.post(text, session, **more)
        assert reply.status_code == 200, reply.text
        (found,) = [name for name, one in self._scripts.items() if len(one.seen) > before[name]]
        receipt = await self._house.client.get(
            f"/privet/receipts/{reply.headers['x-privet-exchange']}"
        )
        assert receipt.json()["backend"] == found, "the receipt tells"
        return found

    def calls(self) -> int:
        """How often any backend was asked."""
        return sum(len(one.seen) for one in self._scripts.values())


@asynccontextmanager
async def world(
    *targets: TargetConfig, models: dict[str, ModelInfo] | None = None, **route: Any
) -> AsyncIterator[World]:
    """Three backends, whose models are called as they are."""
    scripts = {name: Script() for name in NAMES}
    known = models or {}
    made = Config(
        path=Path("test.toml"),
        service=ServiceConfig(port=0),
        plugins={"mark": Mark()},
        backends={
            name: Scripted(script=one, models={"m": known.get(name, ModelInfo())})
            for name, one in scripts.items()
        },
        pipelines={"default": PipelineConfig(pre=["mark"])},
        models={"m": RouteConfig(targets=targets, **route)},
    )
    async with living(made) as house:
        yield World(house, scripts)


ONE, TWO, THREE = (TargetConfig(name) for name in NAMES)


async def test_the_first_that_is_listed():
    async with world(TWO, ONE) as up:
        assert {await up.got() for _ in range(5)} == {"two"}


async def test_the_cheapest():
    prices = {"one": 3.0, "two": 1.0, "three": 2.0}
    models = {name: ModelInfo(price=Price(one, one)) for name, one in prices.items()}
    async with world(ONE, TWO, THREE, models=models, order="cheapest") as up:
        assert {await up.got() for _ in range(5)} == {"two"}


async def test_a_draw_by_weight():
    async with world(replace(ONE, weight=9.0), TWO, order="weighted") as up:
        found = [await up.got() for _ in range(100)]
    # Fewer than 75 of 100 at nine in ten: once in a hundred thousand runs.
    assert 75 <= found.count("one") < 100
    assert set(found) == {"one", "two"}


async def test_a_session_sticks_to_what_was_drawn_for_it():
    async with world(ONE, TWO, THREE, order="weighted", sticky=True) as up:
        sessions = {
            f"session {number}": await up.got(session=f"session {number}") for number in range(30)
        }
        assert set(sessions.values()) == set(NAMES), "sessions are spread"
        for session, first in sessions.items():
            assert await up.got(session=session) == first


async def test_a_label_decides():
    outside = replace(ONE, without_labels=("sensitive",))
    async with world(outside, replace(TWO, labels=("sensitive",))) as up:
        assert await up.got() == "one"
        assert await up.got("SENSITIVE") == "two"
    async with world(outside) as up:
        refused = await up.post("SENSITIVE")
        assert refused.status_code == 400
        assert "it is labelled `sensitive`" in refused.json()["error"]["message"]
        assert up.calls() == 0


async def test_size_decides():
    models = {"two": ModelInfo(context=1000)}
    async with world(replace(ONE, max_tokens=100), TWO, replace(THREE), models=models) as up:
        assert await up.got("word " * 10) == "one"
        assert await up.got("word " * 400) == "two"
        assert await up.got("word " * 4000) == "three"
    async with world(replace(ONE, max_tokens=100), models=models) as up:
        refused = await up.post("word " * 400)
        assert refused.status_code == 400
        assert "more than 100 tokens" in refused.json()["error"]["message"]


async def test_capability_decides():
    models = {"one": ModelInfo(capabilities=()), "two": ModelInfo(capabilities=("tools",))}
    tool = {"type": "function", "function": {"name": "f", "parameters": {}}}
    async with world(ONE, TWO, models=models) as up:
        assert await up.got() == "one"
        assert await up.got(tools=[tool]) == "two"
