"""A bare Litestar application that passes requests on, with the transport that Privet uses.

python -m benchmarks.gateway.passthrough PORT UPSTREAM-URL

What Litestar, uvicorn and the transport cost, without any of Privet: JSON is not even decoded.
"""

import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import uvicorn
from litestar import Litestar, Request, Response, post
from litestar.response import Stream
from yarl import URL

_HEADERS = {"content-type": "application/json", "accept-encoding": "identity"}


def create_app(upstream: str) -> Litestar:
    """The application; `upstream` is the whole URL that requests go to."""
    url = URL(upstream)

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncGenerator[None]:
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            headers=_HEADERS,
            timeout=aiohttp.ClientTimeout(connect=5.0, sock_connect=5.0),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("accept", "user-agent"),
        ) as session:
            app.state.session = session
            yield

    @post("/v1/chat/completions", status_code=200)
    async def chat(request: Request) -> Response:
        session = request.app.state.session
        body = await request.body()
        response = await session.request("POST", url, data=body, allow_redirects=False)
        media_type = response.headers["content-type"]
        if media_type == "text/event-stream":
            return Stream(_pieces(response), media_type=media_type)
        return Response(await response.read(), media_type=media_type, status_code=response.status)

    return Litestar([chat], lifespan=[lifespan], openapi_config=None)


async def _pieces(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    async with response:
        while piece := await response.content.readany():
            yield piece


if __name__ == "__main__":
    app = create_app(sys.argv[2])
    uvicorn.run(app, port=int(sys.argv[1]), log_config=None, access_log=False)
