"""How a client words what aiohttp raises, and that nothing of what that says gets through."""

import aiohttp
import pytest
from aiohttp.http_exceptions import BadStatusLine
from yarl import URL

from pipeline import UpstreamFailed, UpstreamTimeout
from pipeline.backends.client import Client, Limits

pytestmark = pytest.mark.anyio

LIMITS = Limits(connect=1, first_byte=1, idle=1)


@pytest.mark.parametrize(
    ("raised", "told", "unprocessed"),
    [
        (aiohttp.ConnectionTimeoutError("canary"), UpstreamTimeout, True),
        (aiohttp.SocketTimeoutError("canary"), UpstreamTimeout, False),
        (aiohttp.ClientOSError(104, "canary"), UpstreamFailed, False),
        (aiohttp.ServerDisconnectedError("canary"), UpstreamFailed, False),
        (aiohttp.ClientPayloadError("canary"), UpstreamFailed, False),
        (BadStatusLine("canary"), UpstreamFailed, False),
        (BrokenPipeError(32, "canary"), UpstreamFailed, False),
    ],
)
async def test_errors_of_aiohttp(raised: Exception, told: type[UpstreamFailed], unprocessed: bool):
    async def fails(*_: object) -> aiohttp.ClientResponse:
        raise raised

    async with aiohttp.ClientSession(middlewares=[fails]) as session:
        with pytest.raises(UpstreamFailed) as caught:
            await Client(session, LIMITS).send("GET", URL("http://x/v1"))
    assert type(caught.value) is told
    assert caught.value.unprocessed is unprocessed
    assert "canary" not in str(caught.value)
    assert caught.value.__cause__ is None
