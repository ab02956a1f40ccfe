"""A connection that is there counts, even if the loop was too busy to see it in time."""

import select
import socket
import ssl
import sys
import time
from asyncio import StreamWriter

import anyio
import httpx
import pytest

from pipeline.backends.sockets import Sockets, _open_socket
from tests.backends.server import Received, reply, serve

pytestmark = pytest.mark.anyio

CONNECT = 0.2


async def _ok(_request: Received, writer: StreamWriter) -> None:
    await reply(writer, 200, b"{}")


async def test_many_that_begin_at_once_all_connect() -> None:
    statuses: list[int] = []
    async with serve(_ok) as server:
        sockets = Sockets(64, CONNECT, ssl.create_default_context(), reuse=False)

        async def ask() -> None:
            time.sleep(CONNECT / 10)  # noqa: ASYNC251
            response = await sockets.handle_async_request(httpx.Request("GET", server.url))
            statuses.append(response.status_code)
            assert isinstance(response.stream, httpx.AsyncByteStream)
            await response.stream.aclose()

        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(ask)
        await sockets.aclose()
    assert statuses == [200] * 20


@pytest.mark.skipif(sys.platform != "linux", reason="others tell of a connection in another way")
def test_a_socket_sets_out_before_the_loop_comes_round() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        here = (socket.AF_INET, socket.SOCK_STREAM, 0, "", listener.getsockname())
        with _open_socket(here) as made:
            assert select.select([], [made], [], 5)[1]
            assert made.getpeername() == listener.getsockname()
            made.connect(listener.getsockname())  # as the loop does, which is told that it is there
    with _open_socket(here) as made, pytest.raises(ConnectionRefusedError):
        made.setblocking(True)
        made.connect(here[4])
