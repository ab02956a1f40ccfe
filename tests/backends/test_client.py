"""What a client does with a transport other than aiohttp's: any of httpx's will do."""

from collections.abc import AsyncIterator

import anyio
import anyio.lowlevel
import httpx
import pytest

from pipeline import UpstreamFailed, UpstreamTimeout
from pipeline.backends.client import Answer, Client, Limits

pytestmark = pytest.mark.anyio

LIMITS = Limits(connect=1, first_byte=1, idle=1)
URL = httpx.URL("http://x/v1")


class SlowToClose(httpx.AsyncByteStream):
    """A body whose closing has to be waited for."""

    closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"a"

    async def aclose(self) -> None:
        await anyio.lowlevel.checkpoint()
        self.closed = True


async def test_closing_is_shielded_from_cancellation():
    body = SlowToClose()
    with anyio.CancelScope() as scope:
        scope.cancel()
        await Answer(httpx.Response(200, stream=body), 1).aclose()
    assert body.closed


async def test_reads_to_the_end():
    transport = httpx.MockTransport(lambda _request: httpx.Response(200, stream=SlowToClose()))
    answer = await Client(transport, {"a": "b"}, LIMITS).send("GET", URL)
    assert await answer.read() == b"a"
    assert await answer.read() == b""
    assert await answer.read() == b""


class Whole(SlowToClose):
    """A body of which all is here, or nothing yet."""

    def __init__(self, rest: bytes | None):
        self._rest = rest

    def rest(self) -> bytes | None:
        return self._rest


@pytest.mark.parametrize(("rest", "said"), [(b"whole", b"whole"), (b"", b""), (None, b"a")])
async def test_what_is_here_is_not_waited_for(rest: bytes | None, said: bytes):
    answer = Answer(httpx.Response(200, stream=Whole(rest)), 1)
    assert await answer.read_all(len(said)) == said


@pytest.mark.parametrize("rest", [b"whole", None])
async def test_a_reply_has_a_bound_however_it_comes(rest: bytes | None):
    with pytest.raises(UpstreamFailed, match="raise `max_reply`"):
        await Answer(httpx.Response(200, stream=Whole(rest)), 1).read_all(0)


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ([("A", "b")], {"a": "b"}),
        ([("A", "b"), ("c", "d"), ("a", "e")], {"a": "b, e", "c": "d"}),
    ],
)
async def test_headers_of_one_name_are_a_list(headers: list[tuple[str, str]], said: dict[str, str]):
    assert Answer(httpx.Response(200, headers=headers, stream=SlowToClose()), 1).headers == said


@pytest.mark.parametrize("codings", [["gzip"], ["gzip", "identity"], ["identity", "gzip"]])
async def test_a_compressed_reply_is_refused(codings: list[str]):
    headers = [("Content-Encoding", one) for one in codings]
    transport = httpx.MockTransport(
        lambda _request: httpx.Response(200, headers=headers, stream=SlowToClose())
    )
    with pytest.raises(UpstreamFailed, match="compressed"):
        await Client(transport, {}, LIMITS).send("GET", URL)


async def test_sends_its_headers_and_the_body():
    seen: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, stream=SlowToClose())

    await Client(httpx.MockTransport(respond), {"a": "b"}, LIMITS).send("POST", URL, b"said")
    assert await seen[0].aread() == b"said"
    assert (seen[0].headers["a"], seen[0].headers["accept-encoding"]) == ("b", "identity")


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (httpx.ConnectTimeout, UpstreamTimeout),
        (httpx.ReadTimeout, UpstreamTimeout),
        (httpx.ConnectError, UpstreamFailed),
        (httpx.ReadError, UpstreamFailed),
        (httpx.RemoteProtocolError, UpstreamFailed),
    ],
)
async def test_errors_of_httpx(raised: type[httpx.TransportError], told: type[UpstreamFailed]):
    def respond(request: httpx.Request) -> httpx.Response:
        raise raised("canary")

    with pytest.raises(UpstreamFailed) as caught:
        await Client(httpx.MockTransport(respond), {}, LIMITS).send("GET", URL)
    assert type(caught.value) is told
    assert "canary" not in str(caught.value)
