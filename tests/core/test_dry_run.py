"""Dry runs: what they show, and that nothing comes of them."""

from typing import Any

import pytest
from msgspec import json

from pipeline import Channel, Exchange, Rejected, Request, Step, TextFilter
from pipeline.core.chain import Chain, Link
from pipeline.core.errors import ClientGone
from pipeline.core.inspection import inspect, told
from pipeline.core.record import Seal
from pipeline.core.target import Target
from pipeline.core.trace import Trace
from pipeline.core.watch import Watch
from pipeline.dialects.openai import OpenAIChat

pytestmark = pytest.mark.anyio


class Nobody:
    async def send(self, call: object) -> Any:
        raise AssertionError("nothing is sent")

    async def probe(self) -> None:
        raise AssertionError("nobody is asked")


class Hides(Step):
    """Hides a name and says where; refuses it in a place that must stay."""

    def __init__(self, exchange: Exchange, ended: list[object]):
        self.exchange, self.ended = exchange, ended

    def on_request(self, request: Request) -> None:
        found = self.exchange.receipt.found
        for text in request.texts():
            if (at := text.text.find("Anna")) >= 0:
                span = (at, at + 4)
                found(text, "PERSON", "replace", span=span, score=0.5, recogniser="list")
                text.text = text.text.replace("Anna", "PERSON_1")
        for one in request.fixed():
            if "Anna" in one.text:
                found(one, "PERSON", "block", span=(0, 4))
                raise Rejected(f"{one.path}: holds PERSON", param=one.path)

    def on_text(self, channel: Channel) -> TextFilter | None:
        raise AssertionError("there is no reply")

    def on_done(self, error: BaseException | None) -> None:
        self.ended.append(error)


async def shown(ended: list[object], *, observe: bool = False, **more: Any) -> tuple[Trace, Any]:
    link = Link("hides", lambda one: Hides(one, ended), True, True)
    target = Target(
        route="m",
        pipeline="p",
        chain=Chain([link], [link], Watch(), observe=observe),
        deadline=5.0,
        backend="b",
        upstream=Nobody(),
        streams="both",
        model="theirs",
    )
    texts = {"a": "Anna", "b": "and Anna", "c": "nobody"}
    body: Any = {"model": "m", "messages": [], "metadata": texts, **more}
    trace, made = await inspect(OpenAIChat(), target, Exchange(), body, Seal("k"))
    assert body["metadata"] == texts, "the caller's own object is left alone"
    return trace, json.decode(told(made))


@pytest.mark.parametrize("observe", [False, True])
async def test_spans_are_told_with_their_own_texts(observe: bool):
    ended: list[object] = []
    _, made = await shown(ended, observe=observe)
    span = {"entity": "PERSON", "action": "replace", "score": 0.5, "recogniser": "list"}
    assert made["steps"][0]["texts"] == [
        {
            "path": "metadata.*",
            "role": "",
            "before": before,
            "after": after,
            "spans": [{"start": start, "end": start + 4, **span}],
        }
        for before, after, start in [("Anna", "PERSON_1", 0), ("and Anna", "and PERSON_1", 4)]
    ]
    assert made["request"]["metadata"] == {"a": "PERSON_1", "b": "and PERSON_1", "c": "nobody"}
    assert made["receipt"]["plugins"][0]["findings"] == [
        {"path": "metadata.*", "entity": "PERSON", "action": "replace", "count": 2}
    ]
    assert "Anna" not in json.encode(made["receipt"]).decode()
    assert made["receipt"]["clear_text"] is False, "nothing was sent"


async def test_no_step_takes_it_for_an_exchange_that_went_well():
    ended: list[object] = []
    trace, _ = await shown(ended)
    assert trace.error is None
    assert [type(one) for one in ended] == [ClientGone]


async def test_what_refused_a_request_is_shown():
    ended: list[object] = []
    tool = {"type": "function", "function": {"name": "Anna"}}
    _, made = await shown(ended, tools=[tool])
    assert made["request"] is None
    assert made["error"] == {
        "code": "rejected",
        "message": "tools[0].function.name: holds PERSON",
        "param": "tools[0].function.name",
    }
    [fixed] = [one for one in made["steps"][0]["texts"] if one["path"].startswith("tools")]
    assert fixed["before"] == fixed["after"] == "Anna"
    assert fixed["spans"][0]["action"] == "block"
    assert [type(one) for one in ended] == [Rejected]
