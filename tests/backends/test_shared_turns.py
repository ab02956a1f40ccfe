"""Turns that processes share: here those of two, which are two objects over one table."""

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from pipeline.backends.shared import SharedTurns, Table
from pipeline.core.errors import Unavailable

pytestmark = pytest.mark.anyio


class Two:
    """The turns at one backend as two processes see them; rings come in the next round."""

    def __init__(self, at_once: int, waiting: int):
        self.table = Table(2, ["a", "b"])
        self.of = [
            SharedTurns(at_once, waiting, self.table, "b", number, self._ring)
            for number in range(2)
        ]
        self.rings = 0

    def _ring(self, process: int) -> None:
        self.rings += 1
        asyncio.get_running_loop().call_soon(self.of[process].look)


async def rounds(count: int = 5) -> None:
    """Let all go on that can."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_limits_hold_for_all_processes_together():
    two = Two(3, 2)
    await two.of[0].take()
    await two.of[0].take()
    await two.of[1].take()
    waiting = [asyncio.ensure_future(one.take()) for one in two.of]
    await rounds()
    assert [(one.taken, one.waiting) for one in two.of] == [(3, 2), (3, 2)]
    for one in two.of:
        with pytest.raises(Unavailable):
            await one.take()
    assert not two.rings, "nobody is called while there is nothing to be had"
    two.of[1].give_back()
    two.of[0].give_back()
    async with asyncio.timeout(5):
        await asyncio.gather(*waiting)
    assert (two.of[0].taken, two.of[0].waiting) == (3, 0)


async def test_turns_come_in_the_order_of_asking():
    two = Two(1, 10)
    await two.of[0].take()
    order: list[int] = []

    async def ask(number: int) -> None:
        turns = two.of[number % 2]
        await turns.take()
        order.append(number)
        await rounds(2)
        turns.give_back()

    tasks: list[asyncio.Future[None]] = []
    for number in (0, 1, 3, 5, 2, 4):
        tasks.append(asyncio.ensure_future(ask(number)))
        await rounds(1)
    late = asyncio.ensure_future(ask(6))
    two.of[0].give_back()
    async with asyncio.timeout(5):
        await asyncio.gather(*tasks, late)
    assert order == [0, 1, 3, 5, 2, 4, 6]
    assert two.of[0].taken == two.of[0].waiting == 0


async def test_who_goes_away_leaves_his_place_and_his_turn():
    two = Two(1, 10)
    await two.of[0].take()
    tasks = [asyncio.ensure_future(two.of[number].take()) for number in (1, 0, 1)]
    await rounds()
    tasks[1].cancel()
    await rounds()
    assert two.of[0].waiting == 2
    two.of[0].give_back()
    # Called, and gone at the same moment.
    await rounds(1)
    tasks[0].cancel()
    await asyncio.gather(*tasks[:2], return_exceptions=True)
    async with asyncio.timeout(5):
        await tasks[2]
    assert (two.of[0].taken, two.of[0].waiting) == (1, 0)


async def test_the_budget_of_retries_is_one():
    two = Two(1000, 0)
    for number in range(200):
        two.of[number % 2].tried()
    granted = 0
    for number in range(200):
        with two.of[number % 2].retrying() as one:
            granted += one
    assert 35 <= granted <= 40


async def test_retries_under_way_are_counted_together():
    two = Two(1000, 0)
    with ExitStack() as stack:
        granted = [stack.enter_context(two.of[number % 2].retrying()) for number in range(5)]
    assert granted == [True, True, True, False, False]


def died(work: Callable[[], object]) -> None:
    """Have a process of its own do something and then be killed."""
    child = os.fork()
    if not child:
        try:
            work()
        finally:
            os.kill(os.getpid(), signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


async def test_who_dies_gives_all_back():
    two = Two(2, 10)

    def work() -> None:
        for _ in range(2):
            with pytest.raises(StopIteration):
                two.of[1].take().send(None)
        two.table.of("b").lock.__enter__()

    died(work)
    assert two.of[0].taken == 2
    task = asyncio.ensure_future(two.of[0].take())
    await rounds()
    assert two.of[0].waiting == 1
    two.table.clear(1)
    two.of[0].look()
    await task
    assert two.of[0].taken == 1
