"""`privet serve` as a process of its own, seen from the loop that its backends run in."""

import json
import sys
from asyncio import StreamWriter
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import anyio
import httpx
import psutil
from anyio.abc import Process
from backends.server import Handler, Received, reply
from faults.voices import ANTHROPIC, OPENAI, Voice
from msgspec import Struct

LONGEST = 30.0
"""Seconds that anything may take that is waited for."""


class Served(Struct):
    """The process, its log, and a client of it."""

    process: Process
    log: Path
    client: httpx.AsyncClient

    async def event(self, name: str) -> dict[str, Any]:
        """The first event of a kind in the log, once it is there."""
        with anyio.fail_after(LONGEST):
            while True:
                ended = self.process.returncode is not None
                for line in self.log.read_text().rpartition("\n")[0].splitlines():
                    if line.startswith("{") and (found := json.loads(line))["event"] == name:
                        return found
                assert not ended, f"it ended without `{name}`:\n{self.log.read_text()}"
                await anyio.sleep(0.01)

    async def wait(self, seconds: float = LONGEST) -> int:
        """Its exit code."""
        with anyio.fail_after(seconds):
            return await self.process.wait()

    async def active(self, count: int) -> None:
        """Wait until so many requests are under way at all backends."""
        with anyio.fail_after(LONGEST):
            while True:
                told = (await self.client.get("/health")).json()["backends"]
                if sum(one["active"] for one in told.values()) == count:
                    return
                await anyio.sleep(0.01)

    def workers(self) -> list[psutil.Process]:
        """The processes that it has started."""
        return psutil.Process(self.process.pid).children(recursive=True)


@asynccontextmanager
async def served(config: str, folder: Path) -> AsyncIterator[Served]:
    """The service, ready; `config` begins within the table `[service]`."""
    path, log = folder / "config.toml", folder / "privet.log"
    path.write_text(f"[service]\nport = 0\n{config}")
    command = [sys.executable, "-m", "pipeline", "serve", "--config", str(path)]
    with log.open("wb") as output:
        process = await anyio.open_process(command, stdin=None, stdout=output, stderr=output)
    async with process, httpx.AsyncClient(trust_env=False, timeout=LONGEST) as client:
        one = Served(process, log, client)
        try:
            client.base_url = (await one.event("listening"))["url"]
            await one.event("ready")
            yield one
        finally:
            if process.returncode is None:
                process.kill()


def two_voices(url: str, pipeline: str = "") -> str:
    """Routes to a server of the tests, in each of the protocols; a model goes by its voice."""
    return f"""
[backends.openai]
type = "openai"
url = "{url}"
[backends.anthropic]
type = "anthropic"
url = "{url.removesuffix("/v1")}"
[pipelines.default]
{pipeline}
[models]
openai = {{ backend = "openai" }}
anthropic = {{ backend = "anthropic" }}
"""


class Speaks(Protocol):
    """What a server of both protocols does with a request in one of them."""

    def __call__(self, voice: Voice, request: Received, writer: StreamWriter) -> Awaitable[None]:
        """Answer it, or not."""
        ...


def spoken(handle: Speaks) -> Handler:
    """A server of both protocols, which is asked in one of them."""

    async def handler(request: Received, writer: StreamWriter) -> None:
        if request.method == "GET":
            await reply(writer, 200, b'{"data": []}')
            return
        await handle(ANTHROPIC if "/messages" in request.path else OPENAI, request, writer)

    return handler
