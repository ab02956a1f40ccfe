"""Computing time of the paths that must stay fast, as ratios: prints a JSON array for each round.

    python -m tests.speed.measured FOLDER

Both servers that are compared run in this process, on one event loop, before the benchmark's
upstream and under its load, which are programs of their own. What else the machine does disturbs
both alike, and rounds take turns.
"""

import asyncio
import gc
import json
import os
import socket
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from pathlib import Path

import msgspec
import uvicorn

from benchmarks.gateway import passthrough, texts
from benchmarks.gateway.machine import compile_c, free_port, server
from pipeline.service import logs
from pipeline.service.gate import Gate
from pipeline.service.serve import _new_loop, _Server
from pipeline.setup.build import running
from pipeline.setup.load import load

ROUNDS = 5
CHUNKS = 300
MODEL = f"mock-0-{CHUNKS}"

CONFIG = """
[backends.model]
type = "openai"
url = "http://127.0.0.1:{port}/{name}/v1"
key = "none"
[plugins.pii]
tiers = ["patterns"]
workers = 1
[pipelines.default]
pre = {steps}
post = {steps}
[models]
"*" = {{ backend = "model" }}
"""


async def measure(folder: Path, upstream: int) -> list[tuple[float, float, float]]:
    """All rounds, after one that does not count: it is there to have texts recognised."""
    plain = texts.messages(1, 150, MODEL)
    streams = texts.messages(2, 12, MODEL, stream=True)
    talks = texts.Conversations(3, 3, 20, MODEL).now() * 5
    async with AsyncExitStack() as stack:
        bare = await stack.enter_async_context(passing(upstream))
        # Litestar has put handlers of its own in place.
        log = stack.enter_context((folder / "log").open("w"))
        stack.enter_context(logs.configured("info", "json", log))
        privet = await stack.enter_async_context(serving(folder, upstream, "plain", "[]"))
        redacting = await stack.enter_async_context(serving(folder, upstream, "pii", '["pii"]'))

        async def sent(port: int, pairs: list[texts.Pair]) -> float:
            return await computed(lambda: send(folder / "requests", port, pairs)) / len(pairs)

        rounds: list[tuple[float, float, float]] = []
        for _ in range(ROUNDS + 1):
            rounds.append(
                (
                    await sent(privet, plain) / await sent(bare, plain),
                    await sent(redacting, streams) / CHUNKS / await decoded(a_chunk(), 8000),
                    await sent(redacting, talks) / await decoded(talks[0][0].encode(), 400),
                )
            )
        return rounds[1:]


@asynccontextmanager
async def passing(upstream: int) -> AsyncGenerator[int]:
    """The bare pass-through; yields its port."""
    app = passthrough.create_app(f"http://127.0.0.1:{upstream}/bare/v1/chat/completions")
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="on")
    made = uvicorn.Server(config)
    made.capture_signals = nullcontext  # pyright: ignore[reportAttributeAccessIssue]
    listener = listening()
    async with asyncio.TaskGroup() as group:
        group.create_task(made.serve(sockets=[listener]))
        yield listener.getsockname()[1]
        made.should_exit = True


@asynccontextmanager
async def serving(folder: Path, upstream: int, name: str, steps: str) -> AsyncGenerator[int]:
    """The service with some plugins; yields its port."""
    path = folder / f"{name}.toml"
    path.write_text(CONFIG.format(port=upstream, name=name, steps=steps))
    config = load(path)
    gate = Gate(config.service)
    made = _Server(gate)
    listener = listening()
    async with asyncio.TaskGroup() as group:
        group.create_task(made.run_on(listener))
        async with running(config) as up:
            gate.open(up)
            yield listener.getsockname()[1]
        await made.close()


def listening() -> socket.socket:
    made = socket.create_server(("127.0.0.1", 0))
    # asyncio sends small pieces at once only on sockets that call themselves TCP's.
    return socket.socket(made.family, made.type, socket.IPPROTO_TCP, made.detach())


def a_chunk() -> bytes:
    """A chunk as the upstream makes them."""
    delta = {"index": 0, "delta": {"content": "and so on"}, "finish_reason": None}
    return json.dumps(
        {
            "id": "chatcmpl-0",
            "object": "chat.completion.chunk",
            "created": 1700000000,
            "model": MODEL,
            "system_fingerprint": "1234567890123",
            "choices": [delta],
        }
    ).encode()


async def send(path: Path, port: int, pairs: list[texts.Pair]) -> None:
    """Have the load send requests, and look whether the replies are right."""
    texts.write(pairs, path)
    words = (port, 8, 0, 60, 0, "equal", path, "once")
    load = await asyncio.create_subprocess_exec(
        compile_c("load"), *map(str, words), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await load.communicate()
    told = json.loads(output)
    assert (told["good"], told["wrong"], told["failed"]) == (len(pairs), 0, 0), told


async def decoded(data: bytes, times: int) -> float:
    """The seconds that it takes to decode and encode some JSON."""
    decode, encode = msgspec.json.Decoder().decode, msgspec.json.Encoder().encode

    async def work() -> None:
        for _ in range(times):
            encode(decode(data))

    return await computed(work) / times


async def computed(work: Callable[[], Awaitable[None]]) -> float:
    """The seconds that this process computes meanwhile."""
    gc.collect()
    gc.disable()
    begun = time.process_time()
    await work()
    used = time.process_time() - begun
    gc.enable()
    return used


def main(folder: Path) -> None:
    """Measure, print."""
    port, every = free_port(), frozenset(os.sched_getaffinity(0))
    with (
        server([compile_c("upstream"), str(port)], port, every, folder / "upstream.log"),
        asyncio.Runner(loop_factory=_new_loop) as runner,
    ):
        print(json.dumps(runner.run(measure(folder, port))))  # noqa: T201 - it is what it is for


if __name__ == "__main__":
    main(Path(sys.argv[1]))
