"""Receipts over HTTP: complete, bounded, signed, and without a word of anybody's text."""

import json
from collections.abc import AsyncGenerator
from random import Random
from typing import Any

import anyio
import httpx
import pytest
from msgspec.structs import replace
from serving import (
    DONE,
    MODEL,
    Call,
    Event,
    Exchange,
    House,
    Script,
    chunk,
    request,
    serving,
    until,
    whole,
)

from pipeline import Channel, Plugin, Rejected, Request, Step, TextFilter
from pipeline.core.entry import Entry
from pipeline.core.record import Seal, shown
from pipeline.service import receipts
from pipeline.service.receipts import Receipts

pytestmark = pytest.mark.anyio

CANARY = "Canary-Value"
KEY = "a key of sixteen characters"


class HidesStep(Step):
    """Hides and restores a value, and reports it; a careless step reports the value too."""

    def __init__(self, exchange: Exchange, careless: bool):
        self.receipt = exchange.receipt
        self.labels = exchange.labels
        self.careless = careless
        self.receipt.rules("1.0")

    def on_request(self, request: Request) -> None:
        for text in request.texts():
            if CANARY in text.text:
                self.receipt.found(text, "NAME", "replace", span=(0, 3), score=1.0, recogniser="x")
                text.text = text.text.replace(CANARY, "NAME_1")
            if "refuse" in text.text:
                raise Rejected(f"{text.path}: no", param=text.path)
            if self.careless:
                said = f"{text.text} {CANARY}!"
                self.receipt.found(said, said, said, span=(0, 1), recogniser=said)
                self.receipt.restored(said)
                self.receipt.rules(said)
                self.labels.add(said)

    def on_text(self, channel: Channel) -> TextFilter:
        return Restores(self.receipt)


class Restores:
    def __init__(self, receipt: Any):
        self.receipt = receipt
        self.held = ""

    def feed(self, text: str, /) -> str:
        self.held += text
        return ""

    def flush(self) -> str:
        count = self.held.count("NAME_1")
        if count:
            self.receipt.restored("NAME", count)
        return self.held.replace("NAME_1", CANARY)


class Hides(Plugin, frozen=True):
    step = HidesStep
    careless: bool = False

    def start(self, stack: object) -> Any:
        return lambda exchange: HidesStep(exchange, self.careless)


async def echoes(call: Call) -> AsyncGenerator[Event, None]:
    """Says what it was told, twice."""
    messages: Any = call.body["messages"]
    said = f"{messages[0]['content']} {messages[0]['content']}"
    if not call.stream:
        yield whole(said)
        return
    for char in said:
        yield chunk(char)
    yield chunk(finish="stop")
    yield DONE


async def receipt_of(house: House, reply: httpx.Response) -> dict[str, Any]:
    """The complete receipt of a reply's exchange."""
    name = reply.headers["x-privet-exchange"]
    await until(lambda: house.gate.inside == 0)
    told = await house.client.get(f"/privet/receipts/{name}")
    assert told.status_code == 200
    assert told.headers["cache-control"] == "no-store"
    assert told.headers["content-type"] == "application/json"
    found = told.json()
    assert found["id"] == name
    assert found["complete"] is True
    return found


@pytest.mark.parametrize("stream", [False, True])
async def test_a_receipt_says_what_was_done(stream: bool) -> None:
    script = Script(echoes)
    async with serving(script, {"hides": Hides()}, receipt_key=KEY) as house:
        reply = await house.chat(stream=stream, text=f"I am {CANARY}")
        assert CANARY in reply.text
        found = await receipt_of(house, reply)
    assert (found["status"], found["outcome"], found["stream"]) == (200, "ok", stream)
    assert (found["route"], found["model"]) == (MODEL, MODEL)
    assert (found["pipeline"], found["backend"]) == ("default", "scripted")
    assert found["clear_text"] is False
    [work] = found["plugins"]
    assert (work["plugin"], work["rules"]) == ("hides", "1.0")
    line = {"path": "messages[0].content", "entity": "NAME", "action": "replace", "count": 1}
    assert work["findings"] == [line]
    assert work["restored"] == [{"entity": "NAME", "count": 2}]
    assert 0 < work["microseconds"] <= found["microseconds"]
    assert found["key"] == "configured"
    assert Seal(KEY).verify(json.dumps(found).encode())


async def test_an_open_exchange_can_be_read_and_is_not_complete() -> None:
    go_on = anyio.Event()

    async def slow(call: Call) -> AsyncGenerator[Event, None]:
        yield chunk("NAME_1 ")
        await go_on.wait()
        yield chunk(finish="stop")
        yield DONE

    async with serving(Script(slow), {"hides": Hides()}, keepalive=0.05) as house:
        ask = house.client.stream(
            "POST", "/v1/chat/completions", json=request(stream=True, text=CANARY)
        )
        async with ask as reply:
            path = f"/privet/receipts/{reply.headers['x-privet-exchange']}"
            found = (await house.client.get(path)).json()
            assert found["complete"] is False
            assert found["outcome"] == ""
            assert found["plugins"][0]["findings"][0]["count"] == 1
            assert found["plugins"][0]["restored"] == []
            assert found["signature"]
            go_on.set()
            async for _ in reply.aiter_raw():
                pass
        found = await receipt_of(house, reply)
    assert found["plugins"][0]["restored"] == [{"entity": "NAME", "count": 1}]


async def test_a_refusal_has_a_receipt_too() -> None:
    async with serving(Script(echoes), {"hides": Hides()}) as house:
        found = await receipt_of(house, await house.chat(text="refuse"))
        assert (found["status"], found["outcome"]) == (400, "rejected")
        image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
        messages = [{"role": "user", "content": [image]}]
        found = await receipt_of(house, await house.chat(messages=messages))
    assert found["outcome"] == "rejected"
    assert [one["action"] for one in found["uninspected"]] == ["block"]


async def test_what_was_dropped_or_passed_is_said() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
    audio = {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}}
    messages = [{"role": "user", "content": [image, {"type": "text", "text": "hi"}, audio]}]
    policy = {"uninspected": {"images": "drop", "audio": "pass"}}
    script = Script()
    async with serving(script, {"hides": Hides()}, pipeline=policy) as house:
        found = await receipt_of(house, await house.chat(messages=messages))
    assert found["uninspected"] == [
        {
            "path": f"messages[0].content[{at}].{what}",
            "name": name,
            "action": action,
            "count": 1,
        }
        for at, what, name, action in [
            (0, "image_url.url", "images", "drop"),
            (2, "input_audio.data", "audio", "pass"),
        ]
    ]
    assert script.seen[0].body["messages"][0]["content"] == messages[0]["content"][1:]  # type: ignore[index,call-overload]


@pytest.mark.parametrize(
    "name", ["0" * 32, "x", f"{CANARY}%00", "..%2f..%2fhealth", "%F0%9F%98%80"]
)
async def test_an_unknown_receipt_is_404_in_the_usual_shape(name: str) -> None:
    async with serving(Script(), {"hides": Hides()}) as house:
        reply = await house.client.get(f"/privet/receipts/{name}")
        assert reply.status_code == 404
        assert set(reply.json()["error"]) == {"message", "type", "param", "code"}
        assert CANARY not in reply.text
        # What was never routed has none.
        unknown = await house.chat(model="none")
        path = f"/privet/receipts/{unknown.headers['x-privet-exchange']}"
        assert (await house.client.get(path)).status_code == 404


async def test_concurrent_exchanges_have_receipts_of_their_own() -> None:
    async with serving(Script(echoes), {"hides": Hides()}) as house:
        replies: dict[int, httpx.Response] = {}

        async def ask(number: int) -> None:
            messages = [{"role": "user", "content": CANARY}] * number
            replies[number] = await house.chat(stream=bool(number % 2), messages=messages)

        async with anyio.create_task_group() as group:
            for number in range(1, 20):
                group.start_soon(ask, number)
        for number, reply in replies.items():
            found = await receipt_of(house, reply)
            assert len(found["plugins"][0]["findings"]) == number
            assert found["plugins"][0]["restored"] == [{"entity": "NAME", "count": 2}]


async def test_receipts_are_bounded_in_number_and_time() -> None:
    async with serving(Script(), {"hides": Hides()}, receipt_count=3) as house:
        names = [(await house.chat()).headers["x-privet-exchange"] for _ in range(5)]
        await until(lambda: house.gate.inside == 0)
        known = [
            (await house.client.get(f"/privet/receipts/{one}")).status_code == 200 for one in names
        ]
    assert known == [False, False, True, True, True]
    async with serving(Script(), {"hides": Hides()}, receipt_keep=0.0) as house:
        name = (await house.chat()).headers["x-privet-exchange"]
        await until(lambda: house.gate.inside == 0)
        assert (await house.client.get(f"/privet/receipts/{name}")).status_code == 404


MADE = Entry(
    **dict.fromkeys(("began", "status", "microseconds", "upstream_microseconds"), 1),
    **dict.fromkeys(("complete", "dry_run", "clear_text", "stream"), True),
    **dict.fromkeys(("would_be", "dialect", "route", "pipeline", "backend", "backend_model"), "x"),
    **{key: [] for key in ("attempts", "labels", "plugins", "uninspected")},
    **{"usage": (1, 1, True), "outcome": "ok", "key": "start"},
)


def ids(count: int) -> list[str]:
    return [Random(number).randbytes(16).hex() for number in range(count)]


def keep(kept: Receipts, name: str, made: Entry = MADE) -> None:
    stands = replace(made, complete=False)
    kept.open(name, lambda: stands)
    assert kept.find(name) == shown(name, stands)
    kept.close(name, lambda: made)


def test_the_oldest_go_first_by_number_time_and_size(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    kept = Receipts(10.0, 3, lambda: now)
    a, b, c, d, e = ids(5)
    for name in (a, b, c, d):
        keep(kept, name)
        now += 1
    assert [kept.find(one) for one in (a, b, c, d)] == [None, *(shown(x, MADE) for x in (b, c, d))]
    now = 11.0
    assert [kept.find(one) is None for one in (b, c, d)] == [True, False, False]
    monkeypatch.setattr(receipts, "MOST_BYTES", 2200)
    keep(kept, e, replace(MADE, route=Random(1).randbytes(1800).hex()))
    assert [kept.find(one) is None for one in (c, d, e)] == [True, True, False]
    now = 100.0
    assert kept.find(e) is None
    assert kept._size == kept._kept == 0
    kept.close("never opened", lambda: MADE)
    assert kept.find("never opened") is None
    none = Receipts(10.0, 0)
    none.open(a, lambda: MADE)
    none.close(a, lambda: MADE)
    assert none.find(a) is None


def test_each_is_found_by_its_name_alone_until_its_own_time() -> None:
    now = 0.0
    kept = Receipts(10.0, 1000, lambda: now)
    made = {name: replace(MADE, status=number) for number, name in enumerate(ids(1030))}
    for name, one in made.items():
        keep(kept, name, one)
        now += 0.005
    found = [kept.find(name) for name in made]
    assert found[40:] == [shown(name, one) for name, one in list(made.items())[40:]]
    assert not any(found[:20])
    first, second = [*made][500:502]
    # Neither a part of an id, nor one over a border of two, nor one in another spelling.
    across = first[16:] + second[:16]
    for name in ("", "00", first[:-2], first.upper(), f"{first[:16]} {first[16:]}", across, "x"):
        assert kept.find(name) is None
    now = 10.0 + 500 * 0.005
    assert [kept.find(one) is None for one in [*made][499:503]] == [True, True, False, False]
    now = 20.0
    assert not any(map(kept.find, made))
    assert kept._size == kept._kept == len(kept._latest) == 0


def test_one_takes_little_of_memory() -> None:
    kept = Receipts(3600.0, 2000)
    for number, name in enumerate(ids(2000)):
        keep(kept, name, replace(MADE, began=1_800_000_000_000 + number, microseconds=number))
    assert not kept._latest
    assert kept._size / kept._kept < 32


@pytest.mark.parametrize("stream", [False, True])
async def test_no_receipt_holds_anything_of_a_text(stream: bool) -> None:
    """Whatever the client writes wherever, and however careless the plugin is."""
    script = Script(echoes)
    text = f"I am {CANARY}"
    messages: list[Any] = [
        {"role": "user", "content": text, "name": CANARY, CANARY: CANARY},
        {
            "role": "assistant",
            "content": [{"type": "text", "text": text, CANARY: {CANARY: [CANARY]}}],
            "tool_calls": [
                {
                    "id": CANARY,
                    "type": CANARY,
                    "function": {"name": CANARY, "arguments": json.dumps({CANARY: CANARY})},
                }
            ],
        },
        {"role": CANARY, "content": CANARY, "tool_call_id": CANARY},
    ]
    body = {
        "messages": messages,
        "user": CANARY,
        "metadata": {CANARY: CANARY},
        CANARY: CANARY,
        "tools": [{"type": "function", "function": {"name": CANARY, "parameters": {CANARY: 1}}}],
    }
    async with serving(script, {"hides": Hides(careless=True)}) as house:
        headers = {"x-privet-session": CANARY, "x-other": CANARY}
        reply = await house.client.post(
            f"/v1/chat/completions?{CANARY}",
            json={"model": MODEL, "stream": stream, **body},
            headers=headers,
        )
        assert reply.status_code == 200
        assert CANARY in reply.text, "the control: it was there to be seen"
        assert CANARY not in str(reply.headers)
        found = await receipt_of(house, reply)
    told = json.dumps(found)
    assert "messages[1].tool_calls[0].function.arguments.*" in told
    assert found["labels"] == ["*"]
    assert found["plugins"][0]["rules"] == "*"
    assert CANARY.lower() not in told.lower()


async def test_a_model_that_the_client_made_up_is_not_in_its_receipt() -> None:
    async with serving(Script(), {"hides": Hides()}) as house:
        found = await receipt_of(house, await house.chat(model=f"gpt-{CANARY}"))
    assert (found["route"], found["model"], found["backend_model"]) == ("gpt-*", "*", "*")
    assert CANARY not in json.dumps(found)
