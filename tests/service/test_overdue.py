"""A limit for what begins and ends many times."""

import asyncio
import weakref
from collections.abc import Callable

import pytest

from pipeline.service.overdue import Overdue

pytestmark = pytest.mark.anyio

SHORT = 0.05


async def test_what_does_not_end_is_late():
    late = asyncio.Event()
    begun = asyncio.get_running_loop().time()
    Overdue(asyncio.get_running_loop(), SHORT, late.set).begin()
    await asyncio.wait_for(late.wait(), 5)
    assert asyncio.get_running_loop().time() - begun >= SHORT * 0.9


async def test_each_time_counts_from_its_own_beginning():
    late = asyncio.Event()
    loop = asyncio.get_running_loop()
    one = Overdue(loop, 4 * SHORT, late.set)
    one.begin()
    await asyncio.sleep(2 * SHORT)
    one.end()
    one.begin()
    begun = loop.time()
    await asyncio.wait_for(late.wait(), 5)
    assert loop.time() - begun >= 4 * SHORT * 0.9


async def test_what_has_ended_is_not_late_until_it_begins_again():
    late, one = await stopped(Overdue.end)
    assert not late.is_set()
    one.begin()
    await asyncio.wait_for(late.wait(), 5)


async def test_what_is_closed_is_never_late():
    late, one = await stopped(Overdue.close)
    one.begin()
    await whiled_away()
    assert not late.is_set()


async def test_what_is_closed_keeps_nobody():
    class Waits:
        def __init__(self) -> None:
            self.limit = Overdue(asyncio.get_running_loop(), SHORT, self.late)

        def late(self) -> None: ...

    one = Waits()
    gone = weakref.ref(one)
    one.limit.begin()
    one.limit.close()
    del one
    assert gone() is None


async def stopped(stop: Callable[[Overdue], None]) -> tuple[asyncio.Event, Overdue]:
    """A limit that began and was stopped, after the time that it would have had."""
    late = asyncio.Event()
    one = Overdue(asyncio.get_running_loop(), SHORT, late.set)
    one.begin()
    stop(one)
    await whiled_away()
    return late, one


async def whiled_away() -> None:
    """Twice the time of a limit."""
    other = asyncio.Event()
    Overdue(asyncio.get_running_loop(), 2 * SHORT, other.set).begin()
    await asyncio.wait_for(other.wait(), 5)


async def test_it_is_late_once():
    times = list[int]()
    one = Overdue(asyncio.get_running_loop(), SHORT, lambda: times.append(1))
    one.begin()
    other = asyncio.Event()
    Overdue(asyncio.get_running_loop(), 3 * SHORT, other.set).begin()
    await asyncio.wait_for(other.wait(), 5)
    assert times == [1]
