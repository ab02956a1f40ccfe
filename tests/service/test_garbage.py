"""What an exchange and its connection leave behind: nothing that waits for a collector of garbage.

It would be kept for many thousand requests: the service looks for garbage seldom.
"""

import gc
from collections import Counter
from collections.abc import Iterator

import pytest
from serving import Script, request, serving, until

from plugins.pii import Pii

pytestmark = pytest.mark.anyio


def left() -> Counter[str]:
    """What only a collector of garbage would free, of the classes of this project."""
    gc.set_debug(gc.DEBUG_SAVEALL)
    gc.collect()
    gc.set_debug(0)
    classes = [type(one) for one in gc.garbage]
    gc.garbage.clear()
    gc.collect()
    ours = [one for one in classes if one.__module__.startswith(("pipeline.", "plugins."))]
    return Counter(one.__qualname__ for one in ours)


@pytest.fixture
def uncollected() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("redacting", [False, True])
async def test_an_exchange_and_its_connection_leave_no_garbage(stream: bool, redacting: bool):
    plugins = {"pii": Pii(tiers=("patterns",), workers=1)} if redacting else {}
    async with serving(Script(), plugins) as house:
        for _ in range(3):
            reply = await house.client.post(
                "/v1/chat/completions",
                json=request(stream=stream, text="Write to anna@example.org"),
                headers={"connection": "close"},
            )
            assert reply.status_code == 200
        await until(lambda: house.gate.inside == 0)
        found = left()
    assert not found
