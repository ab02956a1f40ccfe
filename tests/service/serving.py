"""The real service on a real socket, in front of a backend that does what a test tells it."""

import json
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
from anyio.lowlevel import checkpoint
from msgspec import Struct, field

from pipeline import (
    Backend,
    Call,
    Channel,
    Event,
    Exchange,
    Plugin,
    Reply,
    Request,
    Step,
    UpstreamFailed,
)
from pipeline.service.gate import Gate
from pipeline.service.serve import _Server
from pipeline.setup.build import Running, running
from pipeline.setup.config import Config, PipelineConfig, RouteConfig, ServiceConfig

Say = Callable[[Call], AsyncGenerator[Event, None]]
MODEL = "test"


def chunk(text: str = "", finish: str | None = None) -> Event:
    """One event of OpenAI's stream."""
    delta = {"content": text} if text else {}
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    data = {"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [choice]}
    return Event(json.dumps(data).encode())


def whole(text: str) -> Event:
    """A whole reply."""
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    data = {"id": "c", "object": "chat.completion", "model": "m", "choices": [choice]}
    return Event(json.dumps(data).encode(), whole=True)


DONE = Event(b"[DONE]")


async def hello(call: Call) -> AsyncGenerator[Event, None]:
    """A short reply."""
    if not call.stream:
        yield whole("hello there")
        return
    for text in ("hello", " there"):
        yield chunk(text)
    yield chunk(finish="stop")
    yield DONE


class Script:
    """A backend's state: what it was sent, and how many of its replies are still open."""

    def __init__(self, say: Say = hello):
        self.say = say
        self.seen: list[Call] = []
        self.open = 0
        self.probes = 0
        self.there = True
        self.send_first: Callable[[Call], Awaitable[None]] | None = None
        self.dialects = frozenset({"openai"})

    async def send(self, call: Call) -> Reply:
        self.seen.append(call)
        self.open += 1
        if self.send_first is not None:
            try:
                await self.send_first(call)
            except BaseException:
                self.open -= 1
                raise
        return Reply(200, self._events(call))

    async def _events(self, call: Call) -> AsyncGenerator[Event, None]:
        try:
            async for event in self.say(call):
                yield event
        finally:
            # Closing a connection takes an await, which a cancelled task does not finish by itself.
            with anyio.CancelScope(shield=True):
                await checkpoint()
            self.open -= 1

    async def probe(self) -> None:
        self.probes += 1
        if not self.there:
            raise UpstreamFailed("not there")


class Scripted(Backend, frozen=True):
    """A backend that follows a script."""

    script: Any = field(default_factory=Script)

    @property
    def dialects(self) -> frozenset[str]:
        return self.script.dialects

    def start(self, stack: AsyncExitStack) -> Script:
        return self.script


class Asked(Plugin, frozen=True):
    """A plugin whose hooks a test supplies."""

    on_ask: Any = None
    notes: Any = field(default_factory=list)

    def on_request(self, request: Request) -> Any:
        return self.on_ask(request) if self.on_ask else None

    def on_text(self, channel: Channel) -> None:
        return None

    def on_done(self, error: BaseException | None) -> Any:
        return self._done(error)

    async def _done(self, error: BaseException | None) -> None:
        # A real await: it would raise again in a cancelled task that is not shielded.
        await anyio.sleep(0.01)
        self.notes.append("none" if error is None else type(error).__name__)


class House(Struct):
    """A running service, and what a test needs of it."""

    url: str
    port: int
    gate: Gate
    running: Running
    client: httpx.AsyncClient

    async def chat(self, *, stream: bool = False, text: str = "hi", **more: Any) -> httpx.Response:
        return await self.client.post(
            "/v1/chat/completions", json=request(stream=stream, text=text, **more)
        )


def request(*, stream: bool = False, text: str = "hi", **more: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": text}]
    return {"model": MODEL, "messages": messages, "stream": stream, **more}


def config(
    script: Script | Backend,
    service: Mapping[str, Any],
    plugins: Mapping[str, Plugin],
    **pipeline: Any,
) -> Config:
    return Config(
        path=Path("test.toml"),
        service=ServiceConfig(port=0, **service),
        plugins=plugins,
        backends={"scripted": script if isinstance(script, Backend) else Scripted(script)},
        pipelines={
            "default": PipelineConfig(pre=list(plugins), post=list(plugins), **pipeline),
        },
        models={name: RouteConfig(backend="scripted") for name in (MODEL, "gpt-*")},
    )


@asynccontextmanager
async def serving(
    script: Script | Backend,
    plugins: Mapping[str, Plugin] | None = None,
    *,
    pipeline: Mapping[str, Any] | None = None,
    **service: Any,
) -> AsyncIterator[House]:
    """The service in this process and loop, on a free port, until the block ends."""
    made = config(script, service, plugins or {}, **(pipeline or {}))
    gate = Gate(made.service)
    # asyncio sends small pieces at once only on sockets that call themselves TCP's.
    listener = socket.socket(proto=socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    port = listener.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    server = _Server(gate)
    async with anyio.create_task_group() as group:
        group.start_soon(server.run_on, listener)
        try:
            async with (
                running(made) as up,
                httpx.AsyncClient(base_url=url, trust_env=False, timeout=10) as client,
            ):
                gate.open(up)
                yield House(url, port, gate, up, client)
        finally:
            with anyio.CancelScope(shield=True):
                await server.close()


async def until(condition: Callable[[], bool], seconds: float = 5.0) -> float:
    """Wait for a condition; returns the seconds that it took."""
    begun = anyio.current_time()
    with anyio.fail_after(seconds):
        while not condition():  # noqa: ASYNC110 - not every condition tells of itself
            await anyio.sleep(0.002)
    return anyio.current_time() - begun


def raw_request(body: bytes, headers: str = "") -> bytes:
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n{headers}"
    if "transfer-encoding" not in headers and "content-length" not in headers:
        head += f"content-length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


__all__ = [
    "DONE",
    "MODEL",
    "Asked",
    "Call",
    "Event",
    "Exchange",
    "House",
    "Script",
    "Scripted",
    "Step",
    "chunk",
    "config",
    "hello",
    "raw_request",
    "request",
    "serving",
    "until",
    "whole",
]
