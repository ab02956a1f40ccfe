"""The service as a process of its own: run this file with `[service]` options as JSON."""

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import AsyncGenerator, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

import anyio
from serving import DONE, Script, chunk, whole

from pipeline import Backend, Call, Event, Plugin, Reply, Request
from pipeline.service.serve import serve
from pipeline.setup.config import Config, PipelineConfig, RouteConfig, ServiceConfig
from pipeline.setup.problems import ConfigError

CANARY = "anna.berg@example.org"


async def steady(call: Call) -> AsyncGenerator[Event, None]:
    """A second's worth of words."""
    if not call.stream:
        await anyio.sleep(1)
        yield whole("done")
        return
    for number in range(10):
        yield chunk(f"{number} ")
        await anyio.sleep(0.1)
    yield chunk(finish="stop")
    yield DONE


async def stuck(call: Call) -> AsyncGenerator[Event, None]:
    """A beginning."""
    if call.stream:
        yield chunk("first")
    await anyio.sleep_forever()


async def loud(_call: Call) -> AsyncGenerator[Event, None]:
    """Everything that a careless backend or library might do with a text."""
    logging.getLogger("httpx").error("HTTP Request: POST %s", CANARY)
    logging.getLogger("careless").warning(f"text is {CANARY}", extra={"text": CANARY})
    warnings.warn(CANARY, stacklevel=1)
    loop = asyncio.get_running_loop()
    loop.call_soon(lambda: int(CANARY))
    thread = threading.Thread(target=lambda: int(CANARY))
    thread.start()
    thread.join()
    try:
        int(CANARY)
    except ValueError:
        logging.getLogger("careless").exception("it was %s", CANARY)
    yield chunk(CANARY)
    raise ValueError(CANARY)


class Scene(Backend, frozen=True):
    """A backend that follows one of the scripts above."""

    name: str = ""

    def start(self, stack: AsyncExitStack) -> Script:
        return Script({"steady": steady, "stuck": stuck, "loud": loud}[self.name])


class SlowStart(Backend, frozen=True):
    """A backend that takes its time."""

    async def start(self, stack: AsyncExitStack) -> Script:
        await anyio.sleep_forever()
        return Script()


class BadStart(Backend, frozen=True):
    """A backend that cannot start."""

    def start(self, stack: AsyncExitStack) -> Script:
        raise RuntimeError(CANARY)


class Raises(Plugin, frozen=True):
    """A plugin that fails on what it reads."""

    def on_request(self, request: Request) -> None:
        raise ValueError(CANARY, [one.text for one in request.texts()])


class Blocks(Plugin, frozen=True):
    """A plugin that does long work where it must not."""

    def on_request(self, request: Request) -> None:
        time.sleep(1.6)


def build(options: dict[str, Any]) -> Config:
    """A route for every scene."""
    backends: dict[str, Backend] = {name: Scene(name) for name in ("steady", "stuck", "loud")}
    backends |= {"bad": BadStart()} if options.pop("bad", False) else {}
    backends |= {"slow": SlowStart()} if options.pop("slow", False) else {}
    models = {name: RouteConfig(backend=name) for name in backends}
    models["raises"] = RouteConfig(backend="steady", pipeline="raises")
    models["blocks"] = RouteConfig(backend="steady", pipeline="blocks")
    if options.pop("watched", False):
        models["watched"] = RouteConfig(backend="loud", pipeline="watched")
    return Config(
        path=Path("test.toml"),
        service=ServiceConfig(**{"port": 0, "log_level": "debug", **options}),
        plugins={"raises": Raises(), "blocks": Blocks()},
        backends=backends,
        pipelines={
            "default": PipelineConfig(),
            "raises": PipelineConfig(pre=["raises"]),
            "blocks": PipelineConfig(pre=["blocks"]),
            "watched": PipelineConfig(pre=["raises"], observe=True, i_accept_clear_text=True),
        },
        models=models,
    )


class Process:
    """The service, its log and its end."""

    def __init__(self, log: Path, **options: Any):
        self._log = log
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-W", "default", __file__, json.dumps(options)],
                env=environment,
                stderr=output,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)

    @property
    def text(self) -> str:
        """All that was logged."""
        return self._log.read_text()

    def events(self, name: str) -> list[dict[str, Any]]:
        """The events of a kind, each line of the log being one."""
        lines = self.text.rpartition("\n")[0].splitlines()
        return [one for one in map(json.loads, lines) if one["event"] == name]

    def wait_event(self, name: str, count: int = 1) -> dict[str, Any]:
        """The last of so many events of a kind, once it has come."""
        end = time.monotonic() + 20
        while len(self.events(name)) < count:
            assert time.monotonic() < end, f"no {name} in\n{self.text}"
            time.sleep(0.01)
        return self.events(name)[count - 1]

    @property
    def url(self) -> str:
        """Where it listens."""
        return str(self.wait_event("listening")["url"])

    def signal(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def wait(self, seconds: float = 15) -> int:
        """Its exit code."""
        return self.process.wait(seconds)


@contextmanager
def ready(log: Path, **options: Any) -> Iterator[Process]:
    """A process that is ready."""
    with Process(log, **options) as process:
        process.wait_event("ready")
        yield process


if __name__ == "__main__":
    try:
        sys.exit(serve(build(json.loads(sys.argv[1]))))
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)


__all__ = ["CANARY", "Process", "Reply", "ready"]
