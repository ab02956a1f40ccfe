"""A limit for what begins and ends many times."""

import asyncio

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


@pytest.mark.parametrize("stop", [Overdue.end, Overdue.close])
async def test_what_has_ended_is_never_late(stop: object):
    late = asyncio.Event()
    one = Overdue(asyncio.get_running_loop(), SHORT, late.set)
    one.begin()
    stop(one)  # type: ignore[operator]
    other = asyncio.Event()
    Overdue(asyncio.get_running_loop(), 2 * SHORT, other.set).begin()
    await asyncio.wait_for(other.wait(), 5)
    assert not late.is_set()
    one.begin()
    await asyncio.wait_for(late.wait(), 5)


async def test_it_is_late_once():
    times = list[int]()
    one = Overdue(asyncio.get_running_loop(), SHORT, lambda: times.append(1))
    one.begin()
    other = asyncio.Event()
    Overdue(asyncio.get_running_loop(), 3 * SHORT, other.set).begin()
    await asyncio.wait_for(other.wait(), 5)
    assert times == [1]
