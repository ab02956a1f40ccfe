"""A chat over HTTP: the replies, and who is told what when one side ends it early."""

import json
from collections.abc import AsyncGenerator

import anyio
import pytest
from serving import (
    DONE,
    Asked,
    Call,
    Event,
    Script,
    Scripted,
    chunk,
    raw_request,
    request,
    serving,
    until,
    whole,
)

from pipeline import Reply, UpstreamFailed

pytestmark = pytest.mark.anyio


async def forever(call: Call) -> AsyncGenerator[Event, None]:
    """A reply that begins and never ends."""
    if call.stream:
        yield chunk("first")
    await anyio.sleep_forever()


async def never(call: Call) -> AsyncGenerator[Event, None]:
    """A reply that does not even begin."""
    await anyio.sleep_forever()
    yield DONE


async def test_a_whole_reply() -> None:
    async with serving(Script()) as house:
        reply = await house.chat(store=True)
        assert reply.status_code == 200
        assert reply.headers["content-type"] == "application/json"
        assert len(reply.headers["x-privet-exchange"]) == 32
        assert reply.json()["choices"][0]["message"]["content"] == "hello there"


async def test_a_stream() -> None:
    async with serving(Script()) as house:
        reply = await house.chat(stream=True)
        assert reply.status_code == 200
        assert reply.headers["content-type"].startswith("text/event-stream")
        assert reply.headers["cache-control"] == "no-store"
        assert reply.headers["x-accel-buffering"] == "no"
        events = [line for line in reply.text.split("\n\n") if line]
        texts = [json.loads(one[6:])["choices"][0]["delta"] for one in events[:-1]]
        assert "".join(one.get("content", "") for one in texts) == "hello there"
        assert events[-1] == "data: [DONE]"


async def test_headers_and_fields_become_facts_of_the_exchange() -> None:
    script = Script()
    async with serving(script, pipeline={"deadline": 7.0}) as house:
        await house.client.post(
            "/v1/chat/completions", json=request(user="u"), headers={"x-privet-session": "s-1"}
        )
        exchange = script.seen[0].exchange
        assert (exchange.session, exchange.user, exchange.pipeline) == ("s-1", "u", "default")
        assert 5 < exchange.remaining <= 7


async def test_a_session_that_is_no_token_is_refused() -> None:
    script = Script()
    async with serving(script) as house:
        for session in ("", "x" * 129, "a\tb"):
            reply = await house.client.post(
                "/v1/chat/completions", json=request(), headers={"x-privet-session": session}
            )
            assert reply.status_code == 400
            assert reply.json()["error"]["code"] == "invalid_request"
    assert script.seen == []


async def test_on_done_hears_of_success_only_after_delivery() -> None:
    plugin = Asked()
    async with serving(Script(), {"asked": plugin}) as house:
        await house.chat(stream=True)
        await house.chat()
        await until(lambda: len(plugin.notes) == 2)
    assert plugin.notes == ["none", "none"]


@pytest.mark.parametrize("stream", [True, False])
async def test_a_plugin_that_raises_ends_the_exchange_and_nothing_is_sent(stream: bool) -> None:
    def fail(_request: object) -> None:
        raise ValueError("canary")

    script = Script()
    async with serving(script, {"asked": Asked(fail)}) as house:
        reply = await house.chat(stream=stream)
    assert reply.status_code == 500
    assert reply.json()["error"]["code"] == "plugin_failed"
    assert "canary" not in reply.text
    assert script.seen == []


async def test_an_error_that_nobody_thought_of_says_nothing() -> None:
    async def fail(_call: Call) -> None:
        raise KeyError("canary")

    script = Script()
    script.send_first = fail
    async with serving(script) as house:
        reply = await house.chat()
    assert reply.status_code == 500
    assert reply.json()["error"]["code"] == "internal_error"
    assert "canary" not in reply.text


async def test_retry_after_is_passed_on() -> None:
    class Busy(UpstreamFailed):
        status = 503

    async def fail(_call: Call) -> None:
        raise Busy("busy", retry_after=7)

    script = Script()
    script.send_first = fail
    async with serving(script) as house:
        reply = await house.chat()
    assert (reply.status_code, reply.headers["retry-after"]) == (503, "7")


async def test_a_stream_that_fails_ends_with_an_error_and_without_done() -> None:
    async def broken(_call: Call) -> AsyncGenerator[Event, None]:
        yield chunk("first")
        raise UpstreamFailed("gone")

    plugin = Asked()
    async with serving(Script(broken), {"asked": plugin}) as house:
        reply = await house.chat(stream=True)
        await until(lambda: len(plugin.notes) == 1)
    events = [line for line in reply.text.split("\n\n") if line]
    assert json.loads(events[-1][6:])["error"]["code"] == "upstream_failed"
    assert "[DONE]" not in reply.text
    assert plugin.notes == ["UpstreamFailed"]


@pytest.mark.parametrize("say", [never, forever])
@pytest.mark.parametrize("stream", [True, False])
async def test_a_client_that_goes_takes_the_upstream_call_with_it(
    stream: bool, say: "type[object]"
) -> None:
    script = Script(say)
    plugin = Asked()
    async with serving(script, {"asked": plugin}) as house:
        for _ in range(20):
            connection = await anyio.connect_tcp("127.0.0.1", house.port)
            await connection.send(raw_request(json.dumps(request(stream=stream)).encode()))
            await until(lambda: script.open == 1)
            if stream and say is forever:
                await connection.receive()
            await connection.aclose()
            assert await until(lambda: script.open == 0) < 1
        await until(lambda: house.gate.inside == 0)
    # Clean-up ran, its awaits included.
    assert len(plugin.notes) == 20
    assert "none" not in plugin.notes


async def test_a_client_that_goes_before_the_backend_answers_is_noticed() -> None:
    async def wait(_call: Call) -> None:
        await anyio.sleep_forever()

    script = Script()
    script.send_first = wait
    async with serving(script) as house:
        for stream in (True, False):
            connection = await anyio.connect_tcp("127.0.0.1", house.port)
            await connection.send(raw_request(json.dumps(request(stream=stream)).encode()))
            await until(lambda: script.open == 1)
            await connection.aclose()
            assert await until(lambda: script.open == 0) < 1


async def test_a_client_that_shuts_its_side_is_gone() -> None:
    """A half-closed connection counts as an abort; there are clients that never close the rest."""
    script = Script(forever)
    async with serving(script) as house:
        connection = await anyio.connect_tcp("127.0.0.1", house.port)
        await connection.send(raw_request(json.dumps(request()).encode()))
        await until(lambda: script.open == 1)
        await connection.send_eof()
        assert await until(lambda: script.open == 0) < 1
        await connection.aclose()


@pytest.mark.parametrize("begun", [True, False])
async def test_a_waiting_stream_is_kept_alive(begun: bool) -> None:
    release = anyio.Event()

    async def slow(_call: Call) -> AsyncGenerator[Event, None]:
        if begun:
            yield chunk("first")
        await release.wait()
        yield chunk("second")
        yield chunk(finish="stop")
        yield DONE

    async with serving(Script(slow), keepalive=0.05) as house:
        seen = ""
        async with house.client.stream(
            "POST", "/v1/chat/completions", json=request(stream=True)
        ) as reply:
            assert reply.status_code == 200
            async for text in reply.aiter_text():
                seen += text
                if seen.count(": ping\n\n") >= 2:
                    release.set()
    assert seen.count(": ping\n\n") >= 2
    assert seen.endswith("data: [DONE]\n\n")
    assert "second" in seen


async def test_an_error_after_a_ping_is_an_event() -> None:
    async def fail(_call: Call) -> None:
        await anyio.sleep(0.15)
        raise UpstreamFailed("gone")

    script = Script()
    script.send_first = fail
    async with serving(script, keepalive=0.05) as house:
        reply = await house.chat(stream=True)
    assert reply.status_code == 200
    assert json.loads(reply.text.split("data: ")[1])["error"]["code"] == "upstream_failed"
    assert "[DONE]" not in reply.text


async def test_a_reply_that_is_not_streamed_gets_no_pings() -> None:
    async def slow(_call: Call) -> AsyncGenerator[Event, None]:
        await anyio.sleep(0.2)
        yield whole("done")

    async with serving(Script(slow), keepalive=0.02) as house:
        reply = await house.chat()
    assert reply.json()["choices"][0]["message"]["content"] == "done"


async def test_a_slow_client_slows_the_backend_down() -> None:
    sent = 0

    async def flood(_call: Call) -> AsyncGenerator[Event, None]:
        nonlocal sent
        for _ in range(2000):
            yield chunk("x" * 10_000)
            sent += 10_000

    async with serving(Script(flood)) as house:
        connection = await anyio.connect_tcp("127.0.0.1", house.port)
        await connection.send(raw_request(json.dumps(request(stream=True)).encode()))
        await until(lambda: sent > 0)
        before = -1
        while before != sent:
            before = sent
            await anyio.sleep(0.1)
        # What the kernel's buffers hold on both sides is all that got away; the rest waits.
        assert sent < 10_000_000
        # A second exchange is not held up by the first.
        reply = await house.client.get("/v1/models")
        assert reply.status_code == 200
        await connection.aclose()
        await until(lambda: house.gate.inside == 0)


async def test_a_reply_that_never_waits_lets_others_have_their_turn() -> None:
    async def endless(_call: Call) -> AsyncGenerator[Event, None]:
        end = anyio.current_time() + 3
        while anyio.current_time() < end:
            yield chunk("x")

    script = Script(endless)
    async with serving(script) as house:

        async def read_on() -> None:
            async with house.client.stream(
                "POST", "/v1/chat/completions", json=request(stream=True)
            ) as reply:
                async for _ in reply.aiter_raw():
                    pass

        async with anyio.create_task_group() as group:
            group.start_soon(read_on)
            await until(lambda: script.open == 1)
            assert (await house.client.get("/health/live")).status_code == 200
            assert script.open == 1, "it would have ended by now"
            group.cancel_scope.cancel()
        assert await until(lambda: script.open == 0) < 1


async def test_an_unknown_model() -> None:
    async with serving(Script()) as house:
        reply = await house.client.post("/v1/chat/completions", json={**request(), "model": "no"})
    assert reply.status_code == 404
    assert reply.json()["error"]["code"] == "model_not_found"


async def test_upstream_refusals_keep_their_status() -> None:
    class Refusing(Script):
        async def send(self, call: Call) -> Reply:
            async def events() -> AsyncGenerator[Event, None]:
                yield Event(b'{"error": {"message": "too many"}}', whole=True)

            return Reply(429, events(), {"retry-after": "3"})

    async with serving(Scripted(Refusing(), retries=0)) as house:
        for stream in (True, False):
            reply = await house.chat(stream=stream)
            assert (reply.status_code, reply.headers["retry-after"]) == (429, "3")
            assert reply.json()["error"]["message"] == "too many"
