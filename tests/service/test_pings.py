"""Pings while nothing else is written."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from pipeline.service.pings import Pings
from pipeline.service.wire import Wire

pytestmark = pytest.mark.anyio

EVERY = 0.02


class Client:
    """Takes what it is sent, or not."""

    def __init__(self, *, takes: bool = True):
        self.begun: list[Mapping[str, Any]] = []
        self.takes = takes
        self.wire = Wire(self.send, "x")

    async def send(self, message: Any) -> None:
        self.begun.append(message)
        if not self.takes:
            await asyncio.Event().wait()


async def attend(client: Client, seconds: float) -> None:
    async with asyncio.TaskGroup() as group:
        pings = Pings(client.wire, EVERY, group)
        await asyncio.sleep(seconds)
        pings.close()


async def test_a_client_that_waits_gets_a_head_and_pings():
    client = Client()
    await attend(client, 10 * EVERY)
    head, *pings = client.begun
    assert (head["status"], client.wire.status) == (200, 200)
    assert {one["body"] for one in pings} == {b": ping\n\n"}
    assert 2 <= len(pings) <= 10


async def test_one_that_is_served_gets_none():
    client = Client()
    async with asyncio.TaskGroup() as group:
        pings = Pings(client.wire, 25 * EVERY, group)
        for _ in range(30):
            await client.wire.write(b"x")
            await asyncio.sleep(EVERY)
        pings.close()
    assert {one["body"] for one in client.begun} == {b"x"}


async def test_one_that_takes_none_is_not_sent_another():
    client = Client(takes=False)
    await asyncio.wait_for(attend(client, 10 * EVERY), 5)
    assert len(client.begun) == 1


async def test_there_are_none_after_the_end():
    client = Client()
    await client.wire.whole(200, b"", {})
    before = len(client.begun)
    await attend(client, 5 * EVERY)
    assert len(client.begun) == before
