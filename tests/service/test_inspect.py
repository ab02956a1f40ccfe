"""Dry runs over HTTP."""

import json
from typing import Any

import anyio
import pytest
from msgspec.structs import replace
from serving import MODEL, Asked, Script, request, serving

from pipeline import Rejected, Request
from pipeline.core.record import Seal

pytestmark = pytest.mark.anyio

PATH = "/privet/inspect"
KEY = "a key of sixteen characters"


def shout(asked: Request) -> None:
    for text in asked.texts():
        text.text = text.text.upper()


async def test_it_shows_every_step_and_asks_no_backend() -> None:
    script, plugin = Script(), Asked(shout)
    async with serving(script, {"asked": plugin}, receipt_key=KEY) as house:
        reply = await house.client.post(PATH, json=request(text="hi Anna", stream=True))
        told = reply.json()
        name = reply.headers["x-privet-exchange"]
        assert (await house.client.get(f"/privet/receipts/{name}")).status_code == 404
    assert reply.status_code == 200
    assert reply.headers["cache-control"] == "no-store"
    assert script.seen == []
    change = {"before": "hi Anna", "after": "HI ANNA", "spans": []}
    text = {"path": "messages[0].content", "role": "user", **change}
    assert told["steps"] == [{"plugin": "asked", "texts": [text]}]
    assert told["request"] == request(text="HI ANNA", stream=True)
    assert told["error"] is None
    receipt = told["receipt"]
    assert (receipt["id"], receipt["dry_run"], receipt["outcome"]) == (name, True, "ok")
    assert Seal(KEY).verify(json.dumps(receipt).encode())
    assert "Anna" not in json.dumps(receipt)
    assert plugin.notes == ["ClientGone"], "no step takes it for an exchange that went well"


async def test_a_refusal_is_an_answer() -> None:
    def refuse(asked: Request) -> None:
        raise Rejected("messages[0].content: no", param="messages[0].content")

    async with serving(Script(), {"asked": Asked(refuse)}) as house:
        reply = await house.client.post(PATH, json=request())
    assert reply.status_code == 200
    told = reply.json()
    assert told["request"] is None
    assert told["error"] == {
        "code": "rejected",
        "message": "messages[0].content: no",
        "param": "messages[0].content",
    }
    assert (told["receipt"]["status"], told["receipt"]["outcome"]) == (400, "rejected")


async def test_what_a_plugin_raises_is_told_without_its_message() -> None:
    def fail(asked: Request) -> None:
        raise ValueError([one.text for one in asked.texts()])

    async with serving(Script(), {"asked": Asked(fail)}) as house:
        reply = await house.client.post(PATH, json=request(text="I am Anna"))
    told = reply.json()
    assert told["error"]["code"] == told["receipt"]["outcome"] == "plugin_failed"
    assert "Anna" not in json.dumps([told["error"], told["receipt"]])


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "invalid_request"),
        (b'{"model": "test"}', 400, "invalid_request"),
        (json.dumps(request(model="none")).encode(), 404, "model_not_found"),
        (b" " * 2000, 413, "request_too_large"),
        (json.dumps({**request(), "x": json.loads("[" * 90 + "]" * 90)}).encode(), 400, None),
    ],
)
async def test_what_is_no_request_is_an_error(body: bytes, status: int, code: str | None) -> None:
    async with serving(Script(), {"asked": Asked()}, max_body=1000) as house:
        reply = await house.client.post(PATH, content=body)
    assert reply.status_code == status
    assert reply.json()["error"]["code"] == code or code is None


async def test_the_dialect_may_be_named() -> None:
    async with serving(Script()) as house:
        good = await house.client.post(f"{PATH}?dialect=openai", json=request())
        bad = await house.client.post(f"{PATH}?dialect=Anna", json=request())
    assert good.status_code == 200
    assert bad.status_code == 400
    assert bad.json()["error"]["param"] == "dialect"
    assert "`openai`" in bad.json()["error"]["message"]
    assert "Anna" not in bad.text


async def test_it_is_off_where_others_could_ask() -> None:
    called: list[Request] = []
    for options in ({"host": "0.0.0.0"}, {"inspect": False}):
        async with serving(Script(), {"asked": Asked(called.append)}, **options) as house:
            reply = await house.client.post(PATH, json=request())
            assert reply.status_code == 404
            assert reply.json()["error"]["code"] == "not_found"
            assert "`inspect = true`" in reply.json()["error"]["message"]
    assert called == []
    async with serving(Script(), host="0.0.0.0", inspect=True) as house:
        assert (await house.client.post(PATH, json=request())).status_code == 200


async def test_it_is_not_served_while_draining() -> None:
    async with serving(Script()) as house:
        await house.gate.drain()
        assert (await house.client.post(PATH, json=request())).status_code == 503


async def test_draining_waits_for_it_and_then_ends_it() -> None:
    inside = anyio.Event()

    async def hang(asked: Request) -> None:
        inside.set()
        await anyio.sleep_forever()

    async with (
        serving(Script(), {"asked": Asked(hang)}, grace=0.05) as house,
        anyio.create_task_group() as group,
    ):
        replies: list[Any] = []

        async def ask() -> None:
            replies.append(await house.client.post(PATH, json=request()))

        group.start_soon(ask)
        await inside.wait()
        assert await house.gate.drain() == 1
    assert replies[0].status_code == 503


async def test_a_plugin_that_hangs_is_told_in_time() -> None:
    async with serving(
        Script(),
        {"asked": Asked(lambda _: anyio.sleep_forever())},
        pipeline={"plugin_timeout": 0.05},
    ) as house:
        told = (await house.client.post(PATH, json=request())).json()
    assert told["error"]["code"] == "plugin_failed"


async def test_many_at_once_do_not_mix() -> None:
    async with serving(Script(), {"asked": Asked(shout)}) as house:
        told: dict[int, Any] = {}

        async def ask(number: int) -> None:
            reply = await house.client.post(PATH, json=request(text=f"anna {number}"))
            told[number] = reply.json()

        async with anyio.create_task_group() as group:
            for number in range(20):
                group.start_soon(ask, number)
    for number, one in told.items():
        [text] = one["steps"][0]["texts"]
        assert (text["before"], text["after"]) == (f"anna {number}", f"ANNA {number}")


async def test_it_shows_what_a_pipeline_that_observes_would_do() -> None:
    observe = {"observe": True, "i_accept_clear_text": True}
    async with serving(Script(), {"asked": Asked(shout)}, pipeline=observe) as house:
        told = (await house.client.post(PATH, json=request())).json()
    assert told["request"]["messages"][0]["content"] == "HI"
    assert told["receipt"]["clear_text"] is False


async def test_a_pipeline_that_observes_says_so_everywhere() -> None:
    script, plugin = Script(), Asked(shout)
    observe = {"observe": True, "i_accept_clear_text": True}
    async with serving(script, {"asked": plugin}, pipeline=observe) as house:
        ready = (await house.client.get("/health/ready")).json()
        assert (ready["status"], ready["clear_text"]) == ("ready", True)
        for stream in (False, True):
            reply = await house.chat(stream=stream, text="hi Anna", metadata={"Anna": "x"})
            name = reply.headers["x-privet-exchange"]
            receipt = (await house.client.get(f"/privet/receipts/{name}")).json()
            assert (receipt["clear_text"], receipt["would_be"]) == (True, "ok")
            assert "Anna" not in json.dumps(receipt)
        plain = request(text="hi Anna", metadata={"Anna": "x"})
        assert script.seen[0].body == plain
        assert script.seen[1].body == {**plain, "stream": True}
        assert script.seen[0].body["model"] == MODEL
        assert house.running.observing() == ["default"]
        # The positive control: without `observe` the plugin does change requests.
        [way] = house.running.ways.of[MODEL]
        changes = replace(way.target.chain, observe=False)
        house.running.ways.of[MODEL] = [replace(way, target=replace(way.target, chain=changes))]
        await house.chat(text="hi Anna")
        assert "HI ANNA" in str(script.seen[2].body)
