"""HTTP to a backend, over aiohttp.

`benchmarks/transports.py` chose it; httpx's types in between would take a third of its time. A
client makes one request with one connection: no redirects, proxies, cookies or retries. aiohttp
drops a pooled connection that the server has closed before it sends anything, and no request that
could do anything is sent twice: once it is on its way, nobody can say whether the server has begun
to work on it.
"""

import asyncio
import socket
import ssl
from collections.abc import Mapping

import aiohttp
import anyio
import httpx
from aiohttp.http_exceptions import HttpProcessingError
from msgspec import Struct
from yarl import URL

from pipeline import UpstreamFailed, UpstreamTimeout
from pipeline.core.patience import Patience

_READ_AHEAD = 32 * 1024
"""Bytes of a reply after twice of which a connection is not read from until some are taken."""

_RECEIVED = 96 * 1024
"""Bytes that the system may hold of a reply. Without a bound one read brings 256 KiB at once, and a
client that reads slowly would make us keep them.
"""

KEEP_ALIVE = 4.0
"""Seconds that an idle connection is kept: uvicorn's and Node's servers close theirs after 5."""

_Errors = (aiohttp.ClientError, HttpProcessingError, OSError)
"""What aiohttp may raise. Their text may quote a URL or what the server sent."""


class Limits(Struct, frozen=True):
    """How long to wait, in seconds.

    `connect` is for a free place in the pool, the name, TCP and TLS. `first_byte` is until the
    reply's headers, `connect` included. `idle` is between any two pieces of the reply's body.
    """

    connect: float
    first_byte: float
    idle: float


class Answer:
    """A reply whose status and headers are here, and whose body is still to be read."""

    def __init__(self, response: aiohttp.ClientResponse, idle: float):
        self.status = response.status
        self.headers: Mapping[str, str] = response.headers
        self._response = response
        self._idle = idle

    async def read(self) -> bytes:
        """The next bytes of the body; none at its end. Raises UpstreamFailed if it is cut off."""
        try:
            # 4 microseconds, against 10 of anyio's: this is waited for at every piece.
            async with asyncio.timeout(self._idle):
                return await self._response.content.readany()
        except _Errors as error:
            if isinstance(error, TimeoutError):
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
        if not self._response.closed:
            self._response.release()
            with anyio.CancelScope(shield=True):
                await self._response.wait_for_close()


class Client:
    """Connections to one backend; `once` is a session that uses none of them twice."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        limits: Limits,
        once: aiohttp.ClientSession | None = None,
    ):
        self._session = session
        self._once = once or session
        self._limits = limits

    async def send(
        self,
        method: str,
        url: URL,
        content: bytes = b"",
        *,
        within: float = float("inf"),
        last: bool = False,
    ) -> Answer:
        """Send a request and wait for the headers of its reply, no longer than `within` seconds.

        With `last` it has a connection to itself, if there is a session for that.
        """
        session = self._once if last else self._session
        limit = min(self._limits.first_byte, within)
        patience = Patience(limit)
        try:
            with patience:
                response = await session.request(
                    method, url, data=content or None, allow_redirects=False
                )
        except _Errors as error:
            raise _failure(error, limit, self._limits.connect) from None
        finally:
            patience.close()
        answer = Answer(response, self._limits.idle)
        encodings = response.headers.getall("content-encoding", ())
        if any(one.strip().lower() != "identity" for one in encodings):
            await answer.aclose()
            raise UpstreamFailed(
                "the backend compressed its reply although it was asked not to; "
                "turn compression off in the server or in the proxy before it"
            )
        return answer


def open_session(
    connections: int,
    headers: Mapping[str, str],
    limits: Limits,
    context: ssl.SSLContext,
    *,
    reuse: bool = True,
) -> aiohttp.ClientSession:
    """A pool of its own, and the headers that go with every request; to be made on the event loop
    that uses it.
    """
    fixed = {"accept-encoding": "identity"} | ({} if reuse else {"connection": "close"})
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            limit=connections,
            ssl=context,
            force_close=not reuse,
            socket_factory=_open_socket,
            keepalive_timeout=KEEP_ALIVE if reuse else None,
        ),
        headers={**headers, **fixed},
        timeout=aiohttp.ClientTimeout(connect=limits.connect, sock_connect=limits.connect),
        auto_decompress=False,
        read_bufsize=_READ_AHEAD,
        # A jar would hand one user's cookies to the next.
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=("accept", "user-agent", "content-type"),
        trust_env=False,
    )


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


def _failure(error: Exception, limit: float, connect: float) -> UpstreamFailed:
    """What went wrong before the reply's headers, in words of ours.

    Without a connection nothing was sent, so nothing was done either.
    """
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return UpstreamTimeout(
            f"no connection to the backend within {connect:g} seconds; see whether it is "
            "overloaded, or raise `connect`",
            unprocessed=True,
        )
    if isinstance(error, TimeoutError):
        return UpstreamTimeout(
            f"the backend did not begin to reply within {limit:g} seconds; raise `first_byte` "
            "if it needs longer"
        )
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        return UpstreamFailed(
            "the backend could not prove who it is; see whether it speaks TLS, and name the "
            "certificate of its authority with `ca`",
            unprocessed=True,
        )
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return UpstreamFailed(
            "the backend's host name cannot be resolved; check `url`", unprocessed=True
        )
    if isinstance(error, aiohttp.ClientConnectorError):
        return UpstreamFailed(
            "the backend cannot be reached; see whether it runs, and check `url`",
            unprocessed=True,
        )
    if isinstance(error, aiohttp.ClientResponseError | HttpProcessingError):
        return UpstreamFailed("the backend answered with something that is not HTTP; check `url`")
    return UpstreamFailed("the backend closed the connection before it replied")
