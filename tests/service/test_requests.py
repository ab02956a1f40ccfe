"""Requests that are refused before anything is recognised in them, always in the dialect."""

import json
from typing import Any

import anyio
import httpx
import pytest
from serving import Asked, House, Script, raw_request, request, serving, until

pytestmark = pytest.mark.anyio

CHAT = "/v1/chat/completions"
GOOD = json.dumps(request()).encode()


def error(reply: httpx.Response) -> dict[str, Any]:
    """The error of a reply, which must be OpenAI's."""
    assert reply.headers["content-type"] == "application/json"
    found = reply.json()["error"]
    assert set(found) == {"message", "type", "param", "code"}
    return found


async def exchange(house: House, data: bytes) -> bytes:
    """Send bytes, read until the service closes or has answered."""
    connection = await anyio.connect_tcp("127.0.0.1", house.port)
    seen = b""
    async with connection:
        await connection.send(data)
        with anyio.move_on_after(2):
            try:
                while b"\r\n\r\n" not in seen or not seen.endswith(b"}"):
                    seen += await connection.receive()
            except anyio.EndOfStream:
                pass
    return seen


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[1]",
        b'"text"',
        b"null",
        b"{'a': 1}",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": 01}',
        b'{"a": 1,}',
        b'{"a": "\\ud800"}',
        b'{"a": "\xff"}',
        b'{"a": "\x01"}',
        b'\xef\xbb\xbf{"a": 1}',
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        json.dumps({**request(), "x": json.loads("[" * 90 + "]" * 90)}).encode(),
        b'{"messages": []}',
        b'{"model": "test", "messages": "hi"}',
        GOOD[:-1] + b', "user": "a", "user": "b"}',
        b'{"model": "test", "messages": [], "stream": "yes"}',
    ],
    ids=lambda body: body[:24].decode("latin-1"),
)
async def test_what_is_not_a_request_is_400(body: bytes) -> None:
    script, plugin = Script(), Asked()
    async with serving(script, {"asked": plugin}) as house:
        reply = await house.client.post(CHAT, content=body)
        assert reply.status_code == 400
        assert error(reply)["code"] == "invalid_request"
        assert len(reply.headers["x-privet-exchange"]) == 32
        # The service is still there.
        assert (await house.chat()).status_code == 200
    assert len(script.seen) == 1


async def test_a_large_body_with_its_length_is_413_before_it_is_read() -> None:
    script, plugin = Script(), Asked()
    async with serving(script, {"asked": plugin}, max_body=1000) as house:
        answer = await exchange(house, raw_request(b"", "content-length: 1001\r\n"))
        assert answer.startswith(b"HTTP/1.1 413 ")
        reply = await house.client.post(CHAT, content=b" " * 5_000_000)
        assert reply.status_code == 413
        assert error(reply)["code"] == "request_too_large"
        exact = GOOD[:-1] + b" " * (1000 - len(GOOD)) + b"}"
        assert (await house.client.post(CHAT, content=exact)).status_code == 200
    assert len(script.seen) == 1
    assert plugin.notes == ["none"]


async def test_a_large_body_in_chunks_is_413() -> None:
    async def parts() -> Any:
        for _ in range(100):
            yield b" " * 100

    script = Script()
    async with serving(script, max_body=1000) as house:
        reply = await house.client.post(CHAT, content=parts())
        assert reply.status_code == 413
        assert error(reply)["code"] == "request_too_large"
    assert script.seen == []


async def test_a_body_in_chunks_is_fine() -> None:
    async def parts() -> Any:
        for at in range(0, len(GOOD), 7):
            yield GOOD[at : at + 7]

    async with serving(Script()) as house:
        assert (await house.client.post(CHAT, content=parts())).status_code == 200


async def test_a_compressed_body_is_415() -> None:
    async with serving(Script()) as house:
        for coding in ("gzip", "br", "zstd", "identity, gzip"):
            reply = await house.client.post(
                CHAT, content=GOOD, headers={"content-encoding": coding}
            )
            assert reply.status_code == 415
            error(reply)
        reply = await house.client.post(
            CHAT, content=GOOD, headers={"content-encoding": "identity"}
        )
        assert reply.status_code == 200


async def test_unknown_paths_and_methods() -> None:
    async with serving(Script()) as house:
        for path in ("/v1/nothing", "/v1/chat", "/nothing", "/v1/chat/completions/canary"):
            reply = await house.client.post(path, content=GOOD)
            assert reply.status_code == 404
            assert error(reply)["code"] == "not_found"
            assert "canary" not in reply.text
        reply = await house.client.get(CHAT)
        assert reply.status_code == 405
        assert "POST" in reply.headers["allow"]
        assert error(reply)["code"] == "method_not_allowed"


async def test_a_host_that_is_none() -> None:
    async with serving(Script()) as house:
        answer = await exchange(house, b"GET /v1/models HTTP/1.1\r\nhost: a b<canary>\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'"error"' in answer
    assert b"canary" not in answer


@pytest.mark.parametrize(
    "data",
    [
        b"canary\r\n\r\n",
        raw_request(GOOD, f"content-length: {len(GOOD)}\r\ntransfer-encoding: chunked\r\n"),
        raw_request(GOOD, f"content-length: {len(GOOD)}\r\ncontent-length: 5\r\n"),
        raw_request(GOOD, "content-length: -1\r\n"),
    ],
    ids=["no http", "length and chunked", "two lengths", "negative"],
)
async def test_what_is_not_http_is_400_and_closed(data: bytes) -> None:
    script = Script()
    async with serving(script) as house:
        answer = await exchange(house, data)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert b'"error"' in answer
        assert b"canary" not in answer
        assert (await house.chat()).status_code == 200
    assert len(script.seen) == 1


async def test_a_client_that_goes_while_it_sends_makes_no_noise(
    capfd: pytest.CaptureFixture[str],
) -> None:
    script = Script()
    async with serving(script) as house:
        connection = await anyio.connect_tcp("127.0.0.1", house.port)
        await connection.send(raw_request(GOOD[:10], f"content-length: {len(GOOD)}\r\n"))
        await until(lambda: house.gate.inside == 1)
        await connection.aclose()
        await until(lambda: house.gate.inside == 0)
    assert script.seen == []
    assert capfd.readouterr().err == ""


async def test_a_slow_head_closes_the_connection() -> None:
    async with serving(Script(), header_timeout=0.2) as house:
        for start in (b"", b"POST /v1/chat/completions HTTP/1.1\r\nhost:"):
            connection = await anyio.connect_tcp("127.0.0.1", house.port)
            async with connection:
                if start:
                    await connection.send(start)
                with anyio.fail_after(2), pytest.raises(anyio.EndOfStream):
                    await connection.receive()


async def test_a_slow_body_is_408() -> None:
    script = Script()
    async with serving(script, header_timeout=0.2) as house:
        answer = await exchange(house, raw_request(GOOD[:10], f"content-length: {len(GOOD)}\r\n"))
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert script.seen == []


async def test_a_slow_head_does_not_count_against_slow_replies() -> None:
    script = Script()
    async with serving(script, header_timeout=0.1) as house:

        async def late(_call: object) -> None:
            await anyio.sleep(0.3)

        script.send_first = late
        assert (await house.chat()).status_code == 200
        await anyio.sleep(0.2)
        # Nor do idle connections end by it.
        assert (await house.chat()).status_code == 200


async def test_an_early_answer_does_not_wait_for_the_rest_for_ever() -> None:
    async with serving(Script(), max_body=1000, header_timeout=0.2) as house:
        connection = await anyio.connect_tcp("127.0.0.1", house.port)
        async with connection:
            await connection.send(raw_request(b" ", "content-length: 100000\r\n"))
            assert (await connection.receive()).startswith(b"HTTP/1.1 413 ")
            with anyio.fail_after(2), pytest.raises(anyio.EndOfStream):
                while True:
                    await connection.receive()


async def test_pipelined_requests_are_answered_in_order() -> None:
    async with serving(Script()) as house:
        connection = await anyio.connect_tcp("127.0.0.1", house.port)
        async with connection:
            models = b"GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n"
            await connection.send(raw_request(GOOD) + models + raw_request(GOOD))
            seen = b""
            with anyio.fail_after(5):
                while seen.count(b"HTTP/1.1 200") < 3 or seen.count(b"hello there") < 2:
                    seen += await connection.receive()
    assert seen.index(b"hello there") < seen.index(b'"list"') < seen.rindex(b"hello there")


async def test_models() -> None:
    async with serving(Script()) as house:
        reply = (await house.client.get("/v1/models")).json()
    assert reply["object"] == "list"
    assert [(one["id"], one["object"]) for one in reply["data"]] == [("test", "model")]


async def test_the_description_asks_no_foreign_host() -> None:
    async with serving(Script()) as house:
        page = await house.client.get("/schema")
        document = (await house.client.get("/schema/openapi.json")).json()
        assert (await house.client.get("/schema/swagger")).status_code == 404
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "//" not in page.text
    assert "POST /v1/chat/completions" in page.text
    chat = document["paths"][CHAT]["post"]
    assert "200" in chat["responses"]
    assert "201" not in chat["responses"]
    assert "text/event-stream" in chat["responses"]["200"]["content"]
    assert chat["requestBody"]["required"]
    assert set(document["paths"]) == {
        CHAT,
        "/v1/embeddings",
        "/v1/messages",
        "/v1/messages/count_tokens",
        "/v1/models",
        "/privet/inspect",
        "/privet/receipts/{id}",
        "/health",
        "/health/live",
        "/health/ready",
    }
    inspect = document["paths"]["/privet/inspect"]["post"]
    assert [one["name"] for one in inspect["parameters"]] == ["dialect"]
    assert "201" not in inspect["responses"]
