"""A bare Litestar application that passes requests on, with the transport that Privet uses.

python -m benchmarks.gateway.passthrough PORT UPSTREAM-URL

What Litestar, uvicorn and the transport cost, without any of Privet: JSON is not even decoded.
"""

import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import httpx
import uvicorn
from litestar import Litestar, Request, Response, post
from litestar.response import Stream

from pipeline.backends.client import tls
from pipeline.backends.sockets import Sockets

_HEADERS = httpx.Headers({"content-type": "application/json", "accept-encoding": "identity"})


def create_app(upstream: str) -> Litestar:
    """The application; `upstream` is the whole URL that requests go to."""
    url = httpx.URL(upstream)

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncGenerator[None]:
        async with Sockets(1024, 5.0, tls(verify=True, ca=None)) as transport:
            app.state.transport = transport
            yield

    @post("/v1/chat/completions", status_code=200)
    async def chat(request: Request) -> Response:
        body = httpx.ByteStream(await request.body())
        outgoing = httpx.Request("POST", url, headers=_HEADERS, stream=body)
        response = await request.app.state.transport.handle_async_request(outgoing)
        media_type = response.headers["content-type"]
        if media_type == "text/event-stream":
            return Stream(_pieces(response), media_type=media_type)
        body = b"".join([piece async for piece in response.stream])
        await response.stream.aclose()
        return Response(body, media_type=media_type, status_code=response.status_code)

    return Litestar([chat], lifespan=[lifespan], openapi_config=None)


async def _pieces(response: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for piece in response.stream:
            yield piece
    finally:
        await response.stream.aclose()


if __name__ == "__main__":
    app = create_app(sys.argv[2])
    uvicorn.run(app, port=int(sys.argv[1]), log_config=None, access_log=False)
