"""A client that offers to go on in HTTP/2, as Java's own does with every request."""

import json
import socket

import anyio.to_thread
import pytest
from serving import Script, request, serving

from pipeline.service.framing import without_offer

pytestmark = pytest.mark.anyio

OFFER = (
    b"POST /v1/chat/completions HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\n"
    b"Content-Length: %d\r\nHost: 127.0.0.1\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\n"
    b"Upgrade: h2c\r\nContent-Type: application/json\r\n\r\n%b"
)


async def test_the_offer_is_not_taken_up_and_the_request_is_served():
    async with serving(Script()) as house:
        body = json.dumps(request(text="upgrade: h2c\r\n")).encode()

        def asked() -> bytes:
            with socket.create_connection(("127.0.0.1", house.port)) as line:
                line.settimeout(5)
                for _ in range(2):
                    line.sendall(OFFER % (len(body), body))
                    seen = b""
                    while b"hello there" not in seen:
                        seen += line.recv(65_536)
                return seen

        assert (await anyio.to_thread.run_sync(asked)).startswith(b"HTTP/1.1 200")


def test_nothing_else_is_taken_out():
    for data in (
        b"",
        b"upgrade: h2c\r\n",
        b"a\r\nupgrade: h2c\r\n",
        b"a: b\r\n\r\nx\r\nupgrade: h2c\r\n",
    ):
        assert without_offer(data) == data
    assert without_offer(b"a\r\nUPGRADE:h2c\r\n\r\n") == b"a\r\n\r\n"
    assert without_offer(b"a\r\nupgrade: h2c2\r\n\r\n") == b"a\r\nupgrade: h2c2\r\n\r\n"
