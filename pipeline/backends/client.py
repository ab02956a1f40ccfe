"""HTTP to a backend: httpx's types over a transport that is driven directly.

`benchmarks/transports.py` chose aiohttp's sockets behind httpx's interface. A client makes one
request with one connection: no redirects, proxies, cookies or retries. aiohttp drops a pooled
connection that the server has closed before it sends anything, and nothing is sent twice: once a
request is on its way, nobody can say whether the server has begun to work on it.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Mapping

import aiohttp
import anyio
import httpx
from httpx_aiohttp import AiohttpTransport
from msgspec import Struct

from pipeline import UpstreamFailed, UpstreamTimeout

_READ_AHEAD = 32 * 1024
"""Bytes of a reply after twice of which a connection is not read from until some are taken."""

_RECEIVED = 96 * 1024
"""Bytes that the system may hold of a reply. Without a bound one read brings 256 KiB at once, and a
client that reads slowly would make us keep them.
"""

KEEP_ALIVE = 4.0
"""Seconds that an idle connection is kept: uvicorn's and Node's servers close theirs after 5."""

_Errors = (httpx.HTTPError, aiohttp.ClientError, OSError)
"""What the transport may raise. Their text may quote a URL or what the server sent."""


class Limits(Struct, frozen=True):
    """How long to wait, in seconds.

    `connect` is for a free place in the pool, the name, TCP and TLS. `first_byte` is until the
    reply's headers, `connect` included. `idle` is between any two pieces of the reply's body.
    """

    connect: float
    first_byte: float
    idle: float


class Answer:
    """A reply whose status and headers are here, and whose body is still to be read.

    Names of headers are in lower case; of several by one name the last is kept.
    """

    def __init__(self, response: httpx.Response, idle: float):
        assert isinstance(response.stream, httpx.AsyncByteStream), "the transport is asynchronous"
        self.status = response.status_code
        # Looking one up in httpx's own headers takes 10 microseconds.
        self.headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in response.headers.raw
        }
        self._stream = response.stream
        self._pieces: AsyncIterator[bytes] = aiter(response.stream)
        self._idle = idle

    async def read(self) -> bytes:
        """The next bytes of the body; none at its end. Raises UpstreamFailed if it is cut off."""
        try:
            # 4 microseconds, against 10 of anyio's: this is waited for at every piece.
            async with asyncio.timeout(self._idle):
                return await anext(self._pieces)
        except StopAsyncIteration:
            return b""
        except _Errors as error:
            if isinstance(_cause(error), TimeoutError | httpx.TimeoutException):
                raise UpstreamTimeout(
                    f"the backend sent nothing for {self._idle:g} seconds in the middle of its "
                    "reply; raise `idle` if it needs that long"
                ) from None
            raise UpstreamFailed("the backend broke off in the middle of its reply") from None

    async def read_all(self, limit: int) -> bytes:
        """The rest of the body, of at most `limit` bytes."""
        found = bytearray()
        while piece := await self.read():
            found += piece
            if len(found) > limit:
                raise UpstreamFailed(
                    f"the backend's reply has more than {limit} bytes; raise `max_reply` if it "
                    "is to be trusted with that"
                )
        return bytes(found)

    async def aclose(self) -> None:
        """Let go of the connection: closed at once unless the body was read to its end."""
        with anyio.CancelScope(shield=True):
            # httpx-aiohttp's pieces come from a generator, which does not close what it reads.
            if (close := getattr(self._pieces, "aclose", None)) is not None:
                await close()
            await self._stream.aclose()


class Client:
    """A pool of connections to one backend, and the headers that go with every request.

    `once` is a transport that uses no connection twice.
    """

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport,
        headers: Mapping[str, str],
        limits: Limits,
        once: httpx.AsyncBaseTransport | None = None,
    ):
        self._transport = transport
        self._once = once or transport
        self._headers = httpx.Headers({**headers, "accept-encoding": "identity"})
        self._last = httpx.Headers({**self._headers, "connection": "close"})
        self._limits = limits
        self._extensions = {"timeout": {"connect": limits.connect, "pool": limits.connect}}

    async def send(
        self,
        method: str,
        url: httpx.URL,
        content: bytes = b"",
        *,
        within: float = float("inf"),
        last: bool = False,
    ) -> Answer:
        """Send a request and wait for the headers of its reply, no longer than `within` seconds.

        With `last` it has a connection to itself, if there is a transport for that.
        """
        transport, headers = self._transport, self._headers
        if last and self._once is not transport:
            transport, headers = self._once, self._last
        request = httpx.Request(
            method, url, content=content, headers=headers, extensions=self._extensions
        )
        limit = min(self._limits.first_byte, within)
        try:
            async with asyncio.timeout(limit):
                response = await transport.handle_async_request(request)
        except _Errors as error:
            raise _failure(error, limit, self._limits.connect) from None
        answer = Answer(response, self._limits.idle)
        encoding = answer.headers.get("content-encoding", "identity")
        if encoding.strip().lower() != "identity":
            await answer.aclose()
            raise UpstreamFailed(
                "the backend compressed its reply although it was asked not to; "
                "turn compression off in the server or in the proxy before it"
            )
        return answer


def open_transport(
    connections: int, context: ssl.SSLContext, *, reuse: bool = True
) -> httpx.AsyncBaseTransport:
    """A transport of its own pool; to be made on the event loop that uses it."""
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            limit=connections,
            ssl=context,
            force_close=not reuse,
            socket_factory=_open_socket,
            keepalive_timeout=KEEP_ALIVE if reuse else None,
        ),
        read_bufsize=_READ_AHEAD,
        # A jar would hand one user's cookies to the next.
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=("accept", "user-agent", "content-type"),
        trust_env=False,
    )
    return AiohttpTransport(client=session, verify=context, trust_env=False)


def _open_socket(address: tuple[int, int, int, str, object]) -> socket.socket:
    """A socket from which no read brings more than it is allowed to hold."""
    made = socket.socket(address[0], address[1], address[2])
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVED)
    made.setblocking(False)
    return made


def tls(*, verify: bool, ca: str | None) -> ssl.SSLContext:
    """What to trust: the certificates in the file `ca`, else certifi's; never the environment's."""
    if verify and ca is not None:
        return ssl.create_default_context(cafile=ca)
    return httpx.create_ssl_context(verify=verify, trust_env=False)


def _cause(error: Exception) -> BaseException:
    """What really happened: httpx-aiohttp calls every broken connection a ConnectTimeout."""
    return (isinstance(error, httpx.HTTPError) and error.__cause__) or error


def _failure(error: Exception, limit: float, connect: float) -> UpstreamFailed:
    """What went wrong before the reply's headers, in words of ours.

    Without a connection nothing was sent, so nothing was done either.
    """
    cause = _cause(error)
    if isinstance(cause, aiohttp.ConnectionTimeoutError | httpx.ConnectTimeout):
        return UpstreamTimeout(
            f"no connection to the backend within {connect:g} seconds; see whether it is "
            "overloaded, or raise `connect`",
            unprocessed=True,
        )
    if isinstance(cause, TimeoutError | httpx.TimeoutException):
        return UpstreamTimeout(
            f"the backend did not begin to reply within {limit:g} seconds; raise `first_byte` "
            "if it needs longer"
        )
    if isinstance(cause, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        return UpstreamFailed(
            "the backend could not prove who it is; see whether it speaks TLS, and name the "
            "certificate of its authority with `ca`",
            unprocessed=True,
        )
    if isinstance(cause, aiohttp.ClientConnectorDNSError):
        return UpstreamFailed(
            "the backend's host name cannot be resolved; check `url`", unprocessed=True
        )
    if isinstance(cause, aiohttp.ClientConnectorError | httpx.ConnectError):
        return UpstreamFailed(
            "the backend cannot be reached; see whether it runs, and check `url`",
            unprocessed=True,
        )
    if isinstance(cause, aiohttp.ClientResponseError):
        return UpstreamFailed("the backend answered with something that is not HTTP; check `url`")
    return UpstreamFailed("the backend closed the connection before it replied")
