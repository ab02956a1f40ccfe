"""The watchdog is told which plugin has the event loop, and only while it has it."""

import asyncio

import anyio
import anyio.lowlevel
import pytest

from pipeline.core.watch import Watch


@pytest.mark.anyio
async def test_a_plugin_is_named_while_it_runs_and_not_while_it_waits():
    watch = Watch()
    seen: list[str] = []

    async def hook() -> str:
        seen.append(watch.doing)
        await anyio.sleep(0.01)
        seen.append(watch.doing)
        return "done"

    async def beside() -> None:
        await anyio.lowlevel.checkpoint()
        seen.append(f"beside: {watch.doing}")

    async with anyio.create_task_group() as group:
        group.start_soon(beside)
        assert await watch.follow("pii", hook()) == "done"
    assert seen == ["pii", "beside: ", "pii"]


@pytest.mark.anyio
async def test_what_is_raised_or_cancelled_reaches_the_plugin():
    watch = Watch()

    async def fails() -> None:
        await anyio.lowlevel.checkpoint()
        raise ValueError

    async def waits() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            ended.append(watch.doing)

    ended: list[str] = []
    with pytest.raises(ValueError):
        await watch.follow("one", fails())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await watch.follow("two", waits())
    assert ended == ["two"]
    assert watch.doing == ""
