"""aiohttp's sockets as a transport of httpx.

`benchmarks/transports.py` chose them. httpx-aiohttp joins the two as well, for httpx's own client:
of what a request costs it spends a third on what nobody here needs, such as a time-out for each
request, and headers by name.
"""

import asyncio
import socket
import ssl
import sys
from typing import Any, Self

import aiohttp
import httpx
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.tracing import Trace
from yarl import URL

from pipeline.backends.pace import Pace
from pipeline.core.patience import Patience

_READ_AHEAD = 16 * 1024
"""Bytes of a reply after twice of which a connection is not read from until some are taken."""

_RECEIVED = 32 * 1024
"""Bytes that the system may hold of a reply. Without a bound one read brings 256 KiB at once, and a
client that reads slowly would make us keep them.
"""

KEEP_ALIVE = 4.0
"""Seconds that an idle connection is kept: uvicorn's and Node's servers close theirs after 5."""


_AT_ONCE = 5
"""Pieces of a reply that are read without a pause: its first word may hang on some."""

_ERRORS = (aiohttp.ClientError, HttpProcessingError, OSError)
"""What aiohttp may raise. Their text may quote a URL or what the server sent."""


class Unproven(httpx.ConnectError):
    """The server could not prove who it is."""


class Nameless(httpx.ConnectError):
    """The server's name cannot be resolved."""


class Sockets(httpx.AsyncBaseTransport):
    """A pool of `connections`, to be made on the event loop that uses it.

    `connect` bounds the wait for a free place, the name, TCP and TLS, in seconds. What follows the
    caller bounds himself. Without `reuse` no connection is used twice.
    """

    def __init__(
        self, connections: int, connect: float, context: ssl.SSLContext, *, reuse: bool = True
    ):
        self._pace = Pace()
        self._session = aiohttp.ClientSession(
            connector=_Connector(connections, connect, context, reuse=reuse),
            timeout=aiohttp.ClientTimeout(),
            auto_decompress=False,
            read_bufsize=_READ_AHEAD,
            # A jar would hand one user's cookies to the next.
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("accept", "accept-encoding", "user-agent", "content-type"),
            trust_env=False,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request whose body is at hand; the reply's body is still to be read."""
        body = request.stream
        assert isinstance(body, httpx.SyncByteStream), "bodies are whole"
        try:
            response = await self._session.request(
                request.method,
                URL(str(request.url), encoded=True),
                data=b"".join(body) or None,
                headers=[(name.decode(), value.decode()) for name, value in request.headers.raw],
                allow_redirects=False,
            )
        except _ERRORS as error:
            raise _httpx_error(error) from None
        return httpx.Response(
            response.status, headers=response.raw_headers, stream=_Body(response, self._pace)
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._session.close()


class _Connector(aiohttp.TCPConnector):
    """Connects `within` so many seconds, or after them if the loop was too busy to see that it had.

    By aiohttp's own bound the others fail where many streams begin at once.
    """

    def __init__(self, connections: int, within: float, context: ssl.SSLContext, *, reuse: bool):
        super().__init__(  # pyright: ignore[reportUnknownMemberType]
            limit=connections,
            ssl=context,
            force_close=not reuse,
            socket_factory=_open_socket,
            keepalive_timeout=KEEP_ALIVE if reuse else None,
        )
        self._within = within

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109
    ) -> aiohttp.connector.Connection:
        """A connection from the pool, or a new one; raises TimeoutError."""
        patience = Patience(self._within)
        try:
            with patience:
                return await super().connect(req, traces, timeout)
        finally:
            patience.close()


class _Body(httpx.AsyncByteStream):
    """A reply's body, in the pieces that it comes in, at the pace of all that come so."""

    def __init__(self, response: aiohttp.ClientResponse, pace: Pace):
        self._response = response
        self._pace = pace
        self._pieces = 0

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if not self._pieces:
            self._pace.come(self)
        elif self._pace.pause and self._pieces > _AT_ONCE:
            await self._wait()
        self._pieces += 1
        try:
            piece = await self._response.content.readany()
        except _ERRORS as error:
            raise _httpx_error(error) from None
        if not piece:
            self._pace.leave(self)
            raise StopAsyncIteration
        return piece

    async def _wait(self) -> None:
        """Leave what comes meanwhile to the system, where it costs nothing."""
        connection = self._response.connection
        transport = connection.transport if connection is not None else None
        if transport is None:
            return
        transport.pause_reading()
        try:
            await asyncio.sleep(self._pace.pause)
        finally:
            transport.resume_reading()

    def rest(self) -> bytes | None:
        """What has not been read, if all of it is here."""
        content = self._response.content
        if not content.is_eof() or content.exception() is not None:
            return None
        return content.read_nowait()

    async def aclose(self) -> None:
        """Let go of the connection: closed at once unless the body was read to its end."""
        self._pace.leave(self)
        if not self._response.closed:
            self._response.release()
            await self._response.wait_for_close()


def _open_socket(address: tuple[int, int, int, str, tuple[Any, ...]]) -> socket.socket:
    """A socket from which no read brings more than it is allowed to hold, on its way already."""
    made = socket.socket(address[0], address[1], address[2])
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVED)
    made.setblocking(False)
    if sys.platform == "linux":
        # A server on this machine is there when aiohttp connects, and the loop need not come round
        # twice before: a tenth of a new connection. What fails here fails there again.
        made.connect_ex(address[4])
    return made


def _httpx_error(error: Exception) -> Exception:
    """httpx's error for one of aiohttp's, without its text."""
    what = type(error).__name__
    match error:
        case aiohttp.ConnectionTimeoutError():
            return httpx.ConnectTimeout(what)
        case TimeoutError():
            return error
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
            return Unproven(what)
        case aiohttp.ClientConnectorDNSError():
            return Nameless(what)
        case aiohttp.ClientConnectorError():
            return httpx.ConnectError(what)
        case aiohttp.ClientResponseError() | HttpProcessingError():
            return httpx.RemoteProtocolError(what)
        case _:
            return httpx.ReadError(what)
