"""While long texts are recognised, a stream that has nothing to do with them keeps its pace."""

import asyncio
import random
import re
import time
from asyncio import StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import anyio.to_thread
import httpx
import msgspec
import pytest

from tests.backends.server import Received, begin, chunk, reply, serve
from tests.service_process import Running, privet

EVENTS = 250
PAUSE = 0.01
LONGEST_GAP = 0.05

CONFIG = """
log_level = "warning"
[backends.upstream]
type = "openai"
url = "{url}"
[plugins.pii]
workers = 1
[pipelines.default]
pre = ["normalize", "pii"]
post = ["pii", "sanitize"]
[models]
"*" = {{ pipeline = "default", backend = "upstream" }}
"""

WORDS = """the a patient doctor was seen on Tuesday with Anna Berg and Robert Fischer in Berlin
about results from Maria Gonzalez who wrote to the office in London that payment is late""".split()


def long_text(seed: int, length: int) -> str:
    draw = random.Random(seed)
    text = " ".join(draw.choice(WORDS) for _ in range(length))
    return text[:length]


def body(text: str, *, stream: bool) -> bytes:
    messages = [{"role": "user", "content": text}]
    return msgspec.json.encode({"model": "m", "messages": messages, "stream": stream})


class Upstream:
    """Streams to the one who asks for a stream, and remembers when it sent what."""

    def __init__(self) -> None:
        self.sent: list[float] = []
        self.begun = asyncio.Event()

    async def __call__(self, request: Received, writer: StreamWriter) -> None:
        if request.method == "GET":
            await reply(writer, 200, b"{}")
            return
        if not request.json.get("stream"):
            message = {"role": "assistant", "content": "ok"}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            await reply(writer, 200, msgspec.json.encode({"id": "1", "choices": [choice]}))
            return
        await begin(writer)
        for number in range(EVENTS):
            delta = {"index": 0, "delta": {"content": f"w{number} "}, "finish_reason": None}
            self.sent.append(time.monotonic())
            self.begun.set()
            data = msgspec.json.encode({"id": "1", "choices": [delta]})
            await chunk(writer, b"data: " + data + b"\n\n")
            await asyncio.sleep(PAUSE)
        end = {"index": 0, "delta": {}, "finish_reason": "stop"}
        await chunk(
            writer, b"data: " + msgspec.json.encode({"id": "1", "choices": [end]}) + b"\n\n"
        )
        await chunk(writer, b"data: [DONE]\n\n")
        await chunk(writer, b"")


async def arrivals(client: httpx.AsyncClient, url: str, text: str) -> list[float]:
    found: list[float] = []
    async with client.stream("POST", url, content=body(text, stream=True)) as response:
        async for line in response.aiter_lines():
            # Events that came together may be said in one.
            found += [time.monotonic()] * len(re.findall(r"\bw[0-9]+ ", line))
    return found


@asynccontextmanager
async def running(config: str, folder: Path) -> AsyncIterator[Running]:
    """The service, started and stopped in a thread: its probe wants an answer meanwhile."""
    manager = privet(config, folder)
    service = await anyio.to_thread.run_sync(manager.__enter__)
    try:
        yield service
    finally:
        await anyio.to_thread.run_sync(manager.__exit__, None, None, None)


@pytest.mark.anyio
async def test_a_stream_beside_recognition_has_no_gaps(tmp_path: Path) -> None:
    upstream = Upstream()
    async with (
        serve(upstream) as server,
        running(CONFIG.format(url=server.url), tmp_path) as service,
        httpx.AsyncClient(timeout=60, trust_env=False) as client,
    ):
        url = service.url + "/v1/chat/completions"
        # A machine that others work on may pause all of us: once without is proof enough.
        longest = [await gap(upstream, client, url, seed) for seed in range(3)]
    assert min(longest) <= LONGEST_GAP


async def gap(upstream: Upstream, client: httpx.AsyncClient, url: str, seed: int) -> float:
    """The longest gap in a stream that its upstream did not make, while texts are recognised."""
    upstream.sent, upstream.begun = [], asyncio.Event()
    streaming = asyncio.ensure_future(arrivals(client, url, "Hello."))
    await upstream.begun.wait()
    begun = time.monotonic()
    texts = [long_text(2 * seed + number, 20_000) for number in (0, 1)]
    others = [client.post(url, content=body(text, stream=False)) for text in texts]
    replies = await asyncio.gather(*others)
    recognised = time.monotonic()
    received = await streaming
    assert [one.status_code for one in replies] == [200, 200]
    assert len(received) == EVENTS
    during = [number for number in range(1, EVENTS) if begun < received[number] < recognised]
    assert len(during) > 20, "the recogniser was done too soon to disturb anybody"
    sent = upstream.sent
    return max(
        (received[number] - received[number - 1]) - (sent[number] - sent[number - 1])
        for number in during
    )
