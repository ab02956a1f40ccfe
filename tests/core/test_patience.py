"""A bound for waits that come by the hundred."""

import asyncio
import gc
import socket
import time
import weakref
from time import monotonic

import anyio
import pytest

from pipeline.core.patience import Patience

pytestmark = pytest.mark.anyio

SHORT = 0.02


async def test_a_wait_that_takes_too_long_ends() -> None:
    patience = Patience(within=SHORT)
    with pytest.raises(TimeoutError), patience:
        await asyncio.Event().wait()
    task = asyncio.current_task()
    assert task is not None and task.cancelling() == 0
    patience.close()


async def test_each_wait_has_all_its_time() -> None:
    patience = Patience(within=5 * SHORT)
    for _ in range(8):
        with patience:
            await asyncio.sleep(SHORT)
    patience.close()


async def test_no_wait_goes_on_after_the_end() -> None:
    patience = Patience(within=60, until=monotonic() + SHORT)
    with pytest.raises(TimeoutError):
        for _ in range(1000):
            with patience:
                await asyncio.sleep(SHORT / 8)
    patience.close()


@pytest.mark.parametrize("until", [0.0, -5.0])
async def test_no_wait_begins_after_the_end(until: float) -> None:
    patience = Patience(until=monotonic() + until)
    with pytest.raises(TimeoutError), patience:
        await asyncio.Event().wait()
    with pytest.raises(TimeoutError), patience:
        await asyncio.Event().wait()
    patience.close()


async def test_what_is_there_needs_no_wait() -> None:
    patience = Patience(until=monotonic() - 1)
    with patience:
        pass
    patience.close()


async def test_what_came_while_the_loop_was_busy_is_in_time() -> None:
    loop = asyncio.get_running_loop()
    one, other = socket.socketpair()
    with one, other:
        one.setblocking(False)
        patience = Patience(within=SHORT)
        loop.call_soon(time.sleep, 10 * SHORT)
        loop.call_soon(other.send, b"x")
        with patience:
            assert await loop.sock_recv(one, 1) == b"x"
        patience.close()


async def test_a_loop_that_is_always_busy_ends_waits_too() -> None:
    patience = Patience(within=SHORT)
    begun = monotonic()

    def work() -> None:
        time.sleep(SHORT)
        asyncio.get_running_loop().call_later(0, work) if monotonic() < begun + 5 else None

    work()
    with pytest.raises(TimeoutError), patience:
        await asyncio.Event().wait()
    assert monotonic() < begun + 4
    begun = 0.0
    patience.close()


async def test_it_goes_on_after_a_wait_that_ended() -> None:
    patience = Patience(within=SHORT)
    for _ in range(3):
        with pytest.raises(TimeoutError), patience:
            await asyncio.Event().wait()
        with patience:
            await asyncio.sleep(0)
    patience.close()


async def test_without_a_bound_there_is_no_timer() -> None:
    loop = asyncio.get_running_loop()
    patience = Patience()
    with patience:
        await asyncio.sleep(SHORT)
    assert not _timers(loop)


async def test_who_is_cancelled_is_cancelled() -> None:
    patience = Patience(within=60)

    async def wait() -> None:
        with patience:
            await asyncio.Event().wait()

    task = asyncio.create_task(wait())  # noqa: TID251
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert task.cancelled()
    patience.close()


async def test_who_is_cancelled_at_the_same_time_is_cancelled() -> None:
    patience = Patience(until=monotonic())
    late = asyncio.Event()

    async def wait() -> None:
        with patience:
            await late.wait()

    task = asyncio.create_task(wait())  # noqa: TID251
    await asyncio.sleep(0)
    # The timer cancels first, and its cancellation has not reached the task yet.
    while not task.cancelling():
        await asyncio.sleep(0)
        if task.cancelling() == 1:
            task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    patience.close()


async def test_a_scope_that_is_cancelled_at_the_same_time_ends() -> None:
    patience = Patience(within=SHORT)
    with anyio.CancelScope() as scope:
        asyncio.get_running_loop().call_later(SHORT, scope.cancel)
        try:
            with patience:
                await asyncio.Event().wait()
        except TimeoutError:
            await asyncio.Event().wait()
    assert scope.cancelled_caught
    patience.close()


async def test_one_within_another() -> None:
    end = monotonic() + SHORT
    outer, inner = Patience(until=end), Patience(until=end)
    with pytest.raises(TimeoutError), outer, inner:
        await asyncio.Event().wait()
    task = asyncio.current_task()
    assert task is not None and task.cancelling() == 0
    outer.close()
    inner.close()


async def test_an_error_of_the_wait_goes_through() -> None:
    patience = Patience(within=SHORT)
    with pytest.raises(ZeroDivisionError), patience:
        raise ZeroDivisionError
    patience.close()


async def test_the_timer_goes_when_it_is_closed() -> None:
    loop = asyncio.get_running_loop()
    patience = Patience(within=300)
    with patience:
        await asyncio.sleep(0)
    assert len(_timers(loop)) == 1
    patience.close()
    patience.close()
    assert not _timers(loop)


async def test_once_it_is_closed_nothing_keeps_what_waited() -> None:
    patience = Patience(within=300)

    async def wait() -> None:
        with patience:
            await asyncio.sleep(0)

    task = asyncio.create_task(wait())  # noqa: TID251
    await task
    patience.close()
    gone = weakref.ref(task)
    del task
    await asyncio.sleep(0)  # the loop forgets it too
    gc.collect()
    assert gone() is None


def _timers(loop: asyncio.AbstractEventLoop) -> list[asyncio.TimerHandle]:
    """The timers that are set."""
    return [one for one in loop._scheduled if not one.cancelled()]  # type: ignore[attr-defined]
