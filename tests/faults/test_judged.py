"""llmock, a server by other people, as the judge: it fails on command, and says how Privet took it.

It judges by what it has seen of the client, which is Privet, and of Privet's own client behind it:
that one asks again exactly if it was not told of a complete reply, so that a cut stream that Privet
passed off as complete would be one that was accepted.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx
import pytest
from faults.house import NAME, SCALE, House, backend, house
from faults.voices import ANTHROPIC, OPENAI, Outcome, Voice
from service_process import Running, llmock

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.parametrize("voice", [OPENAI, ANTHROPIC], ids=lambda one: one.name),
]

both = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "stream"])


PAUSE = 5
"""Milliseconds between two chunks of the judge."""

LONG = " ".join(["word"] * 120)
"""What takes the judge more than half a second to say."""


@pytest.fixture(scope="module")
def mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The judge."""
    with llmock(tmp_path_factory.mktemp("judge"), pause=PAUSE) as running:
        yield running


class Judge:
    """Tells the mock what to do, and hears what it says."""

    def __init__(self, url: str, client: httpx.AsyncClient):
        self.url = url
        self.client = client

    async def script(self, *behaviours: dict[str, object]) -> None:
        """What it does with the next requests."""
        told = {"behaviors": list(behaviours)}
        (await self.client.post("/_llmock/scenario", json=told)).raise_for_status()

    async def verdict(self) -> dict[str, Any]:
        """How its client behaved."""
        return (await self.client.get("/_llmock/verdict")).json()

    async def found(self) -> set[str]:
        """What it finds fault with."""
        return {one["code"] for one in (await self.verdict())["findings"]}

    async def attempts(self) -> int:
        """How often it was asked for something."""
        found = (await self.client.get("/_llmock/requests")).json()["requests"]
        return sum(one["method"] == "POST" for one in found)


def base(voice: Voice, url: str) -> str:
    """Where the mock speaks a protocol."""
    return f"{url}/anthropic/v1" if voice is ANTHROPIC else f"{url}/v1"


@asynccontextmanager
async def judged(mock: Running, voice: Voice, **options: Any) -> AsyncIterator[tuple[House, Judge]]:
    """Privet before the judge, who has forgotten everything."""
    usual = {"idle": SCALE, "retry_most": 2.0, "key": None, **options}
    async with (
        httpx.AsyncClient(base_url=mock.url, trust_env=False) as client,
        house(backend(voice, base(voice, mock.url), **usual), route={"replay": True}) as made,
    ):
        (await client.post("/_llmock/reset")).raise_for_status()
        yield made, Judge(mock.url, client)


async def insist(
    made: House, voice: Voice, *, stream: bool, text: str = NAME, judge: Judge | None = None
) -> list[Outcome]:
    """Ask, and ask again until a complete reply has come, as long as that is worth it; but not
    before the judge has noticed that he was hung up on, who takes that for another question.
    """
    outcomes = list[Outcome]()
    while not outcomes or outcomes[-1].ended != "complete":
        assert len(outcomes) < 3
        outcomes.append(await made.ask(voice, stream=stream, text=text))
        if outcomes[-1].status in (400, 404, 422, 429):
            break
        with anyio.fail_after(5):
            while judge and await judge.attempts() < len(outcomes):  # noqa: ASYNC110
                await anyio.sleep(0.005)
    return outcomes


@both
@pytest.mark.parametrize("status", [429, 503, 529])
async def test_it_waits_as_long_as_it_is_asked_to(
    mock: Running, voice: Voice, streamed: bool, status: int
):
    async with judged(mock, voice) as (made, judge):
        await judge.script({"type": "fail", "status": status, "retry_after": 1})
        (outcome,) = await insist(made, voice, stream=streamed)
        assert outcome.ended == "complete"
        assert NAME in outcome.text
        assert (await judge.found(), await judge.attempts()) == (set(), 2)


@both
async def test_what_is_too_long_to_wait_for_is_passed_on(
    mock: Running, voice: Voice, streamed: bool
):
    async with judged(mock, voice) as (made, judge):
        await judge.script({"type": "fail", "status": 429, "retry_after": 60})
        (outcome,) = await insist(made, voice, stream=streamed)
        assert (outcome.status, outcome.headers["retry-after"]) == (429, "60")
        assert (await judge.found(), await judge.attempts()) == ({"gave_up"}, 1)


@both
@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
async def test_what_can_never_succeed_is_not_tried_again(
    mock: Running, voice: Voice, streamed: bool, status: int
):
    async with judged(mock, voice) as (made, judge):
        await judge.script({"type": "fail", "status": status, "times": None})
        outcome = await made.ask(voice, stream=streamed)
        assert outcome.ended == "error"
        assert (await judge.found(), await judge.attempts()) == (set(), 1)


@both
async def test_no_retry_storm(mock: Running, voice: Voice, streamed: bool):
    async def one(number: int) -> None:
        outcome = await made.ask(voice, stream=streamed, text=f"client {number}")
        assert outcome.ended == "error"

    async with judged(mock, voice, retries=50) as (made, judge):
        await judge.script({"type": "fail", "status": 500, "retry_after": 0, "times": None})
        for turn in range(3):
            async with anyio.create_task_group() as clients:
                for number in range(20):
                    clients.start_soon(one, 20 * turn + number)
        assert "retry_storm" not in await judge.found()
        assert 60 < await judge.attempts() <= 72


@pytest.mark.parametrize("after", [0, 2])
@pytest.mark.parametrize("kind", ["truncate", "disconnect", "malformed", "stall"])
async def test_no_cut_stream_is_accepted(mock: Running, voice: Voice, kind: str, after: int):
    fault = {"type": "stream_fault", "kind": kind, "after_chunks": after, "stall_seconds": 30}
    async with judged(mock, voice) as (made, judge):
        await judge.script(fault)
        # What it says must be long enough for Privet to hang up in the middle of it: it takes a
        # client that has been sent the rest too for one that has read it.
        outcomes = await insist(made, voice, stream=True, text=LONG, judge=judge)
        assert outcomes[-1].ended == "complete"
        assert {one.ended for one in outcomes[:-1]} <= {"error"}
        assert (await judge.found(), await judge.attempts()) == (set(), 2)


@pytest.mark.parametrize("seconds", [0.1, 4 * SCALE])
async def test_a_slow_first_token(mock: Running, voice: Voice, seconds: float):
    async with judged(mock, voice) as (made, judge):
        await judge.script({"type": "slow_first_token", "seconds": seconds})
        outcomes = await insist(made, voice, stream=True)
        assert outcomes[-1].ended == "complete"
        assert await judge.found() == set()
        assert await judge.attempts() == (1 if seconds < SCALE else 2)


@pytest.mark.parametrize("careless", ["storm", "hasty", "truncated", "malformed", "stubborn"])
async def test_the_judge_sees_what_is_wrong(mock: Running, voice: Voice, careless: str):
    """The positive control: a client that is not Privet, and behaves badly."""
    scripts: dict[str, tuple[dict[str, object], int, str]] = {
        "storm": ({"type": "fail", "status": 500, "retry_after": 0}, 12, "retry_storm"),
        "hasty": ({"type": "fail", "status": 429, "retry_after": 9}, 2, "retry_after_ignored"),
        "truncated": (
            {"type": "stream_fault", "kind": "truncate", "after_chunks": 1},
            1,
            "truncated_stream_accepted",
        ),
        "malformed": (
            {"type": "stream_fault", "kind": "malformed", "after_chunks": 1},
            1,
            "malformed_chunk_ignored",
        ),
        "stubborn": ({"type": "fail", "status": 401}, 2, "retried_non_retryable"),
    }
    behaviour, times, finding = scripts[careless]
    async with httpx.AsyncClient(base_url=mock.url, trust_env=False) as client:
        await client.post("/_llmock/reset")
        judge = Judge(mock.url, client)
        await judge.script({**behaviour, "times": None})
        url = base(voice, mock.url).removesuffix("/v1") + "/v1" + voice.counts.removeprefix("/v1")
        for _ in range(times):
            await client.post(url, json=voice.request("hello", stream=True))
        assert finding in await judge.found()
