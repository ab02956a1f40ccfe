"""A part of a plugin failed and another one was enough: nobody overlooks it."""

import io
import json
from typing import Any

import pytest
from serving import Exchange, Script, serving, until

from pipeline import Plugin, Request, Step
from pipeline.service import logs

pytestmark = pytest.mark.anyio

SAID = "Said-By-The-User"


class StumblesStep(Step):
    """Fails in part on texts that say so; a careless step reports the text."""

    def __init__(self, exchange: Exchange):
        self._receipt = exchange.receipt

    def on_request(self, request: Request) -> None:
        for text in request.texts():
            if "stumble" in text.text:
                self._receipt.degraded("ner", "patterns")
            if "careless" in text.text:
                self._receipt.degraded(f"{text.text}!", f"{text.text}!")


class Stumbles(Plugin, frozen=True):
    step = StumblesStep

    def start(self, stack: object) -> Any:
        return StumblesStep


async def test_it_is_in_the_receipt_in_the_log_and_in_the_health() -> None:
    log = io.StringIO()
    with logs.configured("info", "json", log):
        async with serving(Script(), {"stumbles": Stumbles()}) as house:
            await house.chat(text="all is well")
            assert (await house.client.get("/health/ready")).json()["degraded"] == 0
            reply = await house.chat(text=f"{SAID}, stumble and be careless")
            await until(lambda: house.gate.inside == 0)
            name = reply.headers["x-privet-exchange"]
            receipt = (await house.client.get(f"/privet/receipts/{name}")).json()
            ready = (await house.client.get("/health/ready")).json()
    assert receipt["plugins"][0]["degraded"] == [
        {"failed": "ner", "instead": "patterns", "count": 1},
        {"failed": "*", "instead": "*", "count": 1},
    ]
    assert ready["degraded"] == 1
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    told = [one for one in lines if one["event"] == "degraded"]
    assert [one["level"] for one in told] == ["warning", "warning"]
    assert (told[0]["id"], told[0]["plugin"]) == (name, "stumbles")
    assert (told[0]["failed"], told[0]["instead"], told[0]["texts"]) == ("ner", "patterns", 1)
    assert SAID not in log.getvalue()
