"""HTTP to a backend: httpx's types over a transport that is driven directly.

A client makes one request with one connection: no redirects, proxies, cookies or retries. A pooled
connection that the server has closed is dropped before anything is sent, and no request that could
do anything is sent twice: once it is on its way, nobody can say whether the server has begun to
work on it.
"""

import ssl
from collections.abc import Callable, Mapping
from typing import TypeVar

import anyio
import httpx
from msgspec import Struct

from pipeline import UpstreamFailed, UpstreamTimeout
from pipeline.backends.sockets import Nameless, Unproven
from pipeline.core.patience import Patience

B = TypeVar("B", bytes, bytearray)


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

    `reusable` is whether its connection can be used again once the body was read to its end. A
    method `rest` of the transport's stream gives what has not been read, if all of it is here.
    """

    def __init__(self, response: httpx.Response, idle: float, *, reusable: bool = True):
        assert isinstance(response.stream, httpx.AsyncByteStream), "the transport is asynchronous"
        self.status = response.status_code
        self.reusable = reusable
        self.headers = _headers(response)
        self._stream = response.stream
        self._pieces = aiter(response.stream)
        self._rest: Callable[[], bytes | None] = getattr(response.stream, "rest", lambda: None)
        self._idle = idle
        self._patience = Patience(idle)

    async def read(self) -> bytes:
        """The next bytes of the body; none at its end. Raises UpstreamFailed if it is cut off."""
        try:
            with self._patience:
                return await anext(self._pieces)
        except StopAsyncIteration:
            self._patience.close()
            return b""
        except TimeoutError:
            raise UpstreamTimeout(
                f"the backend sent nothing for {self._idle:g} seconds in the middle of its "
                "reply; raise `idle` if it needs that long"
            ) from None
        except httpx.HTTPError:
            raise UpstreamFailed("the backend broke off in the middle of its reply") from None

    async def read_all(self, limit: int) -> bytes:
        """The rest of the body, of at most `limit` bytes."""
        # Mostly it came with its head: nothing is to be waited for, which takes 10 microseconds.
        if (rest := self._rest()) is not None:
            return _bounded(rest, limit)
        found = bytearray()
        while piece := await self.read():
            found += piece
            _bounded(found, limit)
        return bytes(found)

    async def aclose(self) -> None:
        """Let go of the connection: closed at once unless the body was read to its end."""
        self._patience.close()
        with anyio.CancelScope(shield=True):
            await self._stream.aclose()


class Client:
    """A transport to one backend, and the headers that go with every request.

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
        self._once = once
        self._headers = httpx.Headers({**headers, "accept-encoding": "identity"})
        self._last = httpx.Headers({**self._headers, "connection": "close"})
        self._limits = limits

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
        if last and self._once is not None:
            transport, headers = self._once, self._last
        # Of bytes given as a stream httpx asks nothing, which spares 20 microseconds.
        body = httpx.ByteStream(content)
        request = httpx.Request(method, url, headers=headers, stream=body)
        limit = min(self._limits.first_byte, within)
        patience = Patience(limit)
        try:
            with patience:
                response = await transport.handle_async_request(request)
        except (TimeoutError, httpx.HTTPError) as error:
            raise _failure(error, limit, self._limits.connect) from None
        finally:
            patience.close()
        answer = Answer(response, self._limits.idle, reusable=transport is self._transport)
        if answer.headers.get("content-encoding", "identity").strip().lower() != "identity":
            await answer.aclose()
            raise UpstreamFailed(
                "the backend compressed its reply although it was asked not to; "
                "turn compression off in the server or in the proxy before it"
            )
        return answer


def tls(*, verify: bool, ca: str | None) -> ssl.SSLContext:
    """What to trust: the certificates in the file `ca`, else certifi's; never the environment's."""
    if verify and ca is not None:
        return ssl.create_default_context(cafile=ca)
    return httpx.create_ssl_context(verify=verify, trust_env=False)


def _headers(response: httpx.Response) -> Mapping[str, str]:
    """By name in lower case; what is there twice is one list, as RFC 9110 has it.

    Looking one up in httpx's own takes 10 microseconds.
    """
    found: dict[str, str] = {}
    for raw, value in response.headers.raw:
        name, said = raw.decode("latin-1").lower(), value.decode("latin-1")
        found[name] = f"{found[name]}, {said}" if name in found else said
    return found


def _bounded(found: B, limit: int) -> B:
    """What was read, unless it is too much."""
    if len(found) > limit:
        raise UpstreamFailed(
            f"the backend's reply has more than {limit} bytes; raise `max_reply` if it is to be "
            "trusted with that"
        )
    return found


def _failure(error: Exception, limit: float, connect: float) -> UpstreamFailed:
    """What went wrong before the reply's headers, in words of ours.

    Without a connection nothing was sent, so nothing was done either.
    """
    if isinstance(error, httpx.ConnectTimeout):
        return UpstreamTimeout(
            f"no connection to the backend within {connect:g} seconds; see whether it is "
            "overloaded, or raise `connect`",
            unprocessed=True,
        )
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        return UpstreamTimeout(
            f"the backend did not begin to reply within {limit:g} seconds; raise `first_byte` "
            "if it needs longer"
        )
    if isinstance(error, Unproven):
        return UpstreamFailed(
            "the backend could not prove who it is; see whether it speaks TLS, and name the "
            "certificate of its authority with `ca`",
            unprocessed=True,
        )
    if isinstance(error, Nameless):
        return UpstreamFailed(
            "the backend's host name cannot be resolved; check `url`", unprocessed=True
        )
    if isinstance(error, httpx.ConnectError):
        return UpstreamFailed(
            "the backend cannot be reached; see whether it runs, and check `url`",
            unprocessed=True,
        )
    if isinstance(error, httpx.RemoteProtocolError):
        return UpstreamFailed("the backend answered with something that is not HTTP; check `url`")
    return UpstreamFailed("the backend closed the connection before it replied")
