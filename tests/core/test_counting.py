"""Counting tokens: who is asked, and with what."""

from typing import Any

import pytest

from pipeline import Call, Exchange, Reply, Request, Step
from pipeline.core.catalog import Tokens
from pipeline.core.chain import Chain, Link
from pipeline.core.counting import count
from pipeline.core.target import Target, Terms
from pipeline.core.watch import Watch
from pipeline.dialects.openai import OpenAIChat

pytestmark = pytest.mark.anyio


class Counting:
    """Says 42, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Call] = []

    async def send(self, call: Call) -> Reply:
        raise AssertionError("nothing but a count is asked for")

    async def probe(self) -> None:
        pass

    async def count(self, call: Call) -> Tokens:
        self.asked.append(call)
        return Tokens(42, "provider")


class Label(Step):
    """Labels an exchange."""

    def __init__(self, exchange: Exchange):
        self._exchange = exchange

    def on_request(self, request: Request) -> None:
        self._exchange.labels.add("sensitive")


@pytest.mark.parametrize(
    ("terms", "tokens"),
    [
        (Terms(), 42),
        (Terms(labels=frozenset({"sensitive"})), 42),
        (Terms(without=frozenset({"sensitive"})), 10),
        (Terms(labels=frozenset({"public"})), 10),
        (Terms(most=9), 10),
    ],
)
async def test_who_would_not_get_the_request_is_not_asked(terms: Terms, tokens: int) -> None:
    body: Any = {"model": "m", "messages": [{"role": "user", "content": "x" * 40}]}
    upstream = Counting()
    target = Target(
        route="r",
        pipeline="p",
        chain=Chain([Link("label", Label, True, False)], [], Watch()),
        deadline=5.0,
        backend="b",
        upstream=upstream,
        streams="both",
        model="m",
        terms=terms,
    )
    found = await count(OpenAIChat(), target, Exchange(deadline=float("inf")), body)
    assert found.count == tokens
    assert bool(upstream.asked) == (tokens == 42)
