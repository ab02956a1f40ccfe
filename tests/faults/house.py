"""The real service in front of a server that fails, and what must hold after every failure."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
from backends.server import Handler, Server, serve
from faults.voices import MODEL, Outcome, Voice
from msgspec import Struct

from pipeline import Backend, Channel, Plugin, ReplaceTokens, Request, TextFilter
from pipeline.backends.anthropic import Anthropic
from pipeline.backends.openai import OpenAI
from pipeline.core.backend import Breaker
from pipeline.service.gate import Gate
from pipeline.service.serve import _Server
from pipeline.setup.build import Running, running
from pipeline.setup.config import Config, PipelineConfig, RouteConfig, ServiceConfig, TargetConfig

NAME = "Annabell Canary"
"""What must not leave the house: stands in every request."""

PLACEHOLDER = "PERSON_1"
SAID_UPSTREAM = "trace-canary-8812 /srv/upstream/secret.py"
"""What a server says in its errors, and no client may be told."""

SCALE = 0.25
"""Seconds that stand for a time-out of the service."""

NEVER = Breaker(failures=0)


class Hide(Plugin, frozen=True):
    """Hides the name, and restores it."""

    def on_request(self, request: Request) -> None:
        for text in request.texts():
            text.text = text.text.replace(NAME, PLACEHOLDER)

    def on_text(self, channel: Channel) -> TextFilter:
        return ReplaceTokens({PLACEHOLDER: NAME})


class House(Struct):
    """A running service, and its clients' way in."""

    url: str
    port: int
    gate: Gate
    running: Running
    client: httpx.AsyncClient
    logged: list[str]
    connections: set[Any]
    """Those of its clients."""

    async def ask(self, voice: Voice, *, stream: bool, text: str = NAME, **more: Any) -> Outcome:
        """One exchange, read to its end however that comes."""
        return await ask(self.client, voice, stream=stream, text=text, **more)

    async def receipt(self, outcome: Outcome) -> dict[str, Any]:
        """The receipt of an exchange."""
        name = outcome.headers["x-privet-exchange"]
        return (await self.client.get(f"/privet/receipts/{name}")).json()


async def ask(
    client: httpx.AsyncClient, voice: Voice, *, stream: bool, text: str = NAME, **more: Any
) -> Outcome:
    """One exchange, read to its end however that comes."""
    request = client.build_request(
        "POST", voice.path, json=voice.request(f"I am {text}.", stream=stream, **more)
    )
    reply = await client.send(request, stream=True)
    raw = bytearray()
    try:
        async for piece in reply.aiter_raw():
            raw += piece
    except httpx.RemoteProtocolError:
        raw += b"\n\n"
    finally:
        await reply.aclose()
    return voice.outcome(reply.status_code, dict(reply.headers), bytes(raw))


def backend(voice: Voice, url: str, **options: Any) -> Backend:
    """A backend that speaks to a server of the tests, without a breaker. It is patient: a machine
    that is busy is no fault. Where a time-out is one, the test makes it short.
    """
    usual: dict[str, Any] = {
        "connect": 20.0,
        "first_byte": 20.0,
        "idle": 20.0,
        "retry_wait": 0.01,
        "retry_most": 2 * SCALE,
        "breaker": NEVER,
        "key": "sk-canary-key",
        **options,
    }
    if voice.kind == "anthropic":
        return Anthropic(url=url.removesuffix("/v1"), **usual)
    return OpenAI(url=url, **usual)


@asynccontextmanager
async def house(
    *backends: Backend,
    route: Mapping[str, Any] | None = None,
    pipeline: Mapping[str, Any] | None = None,
    plugins: Mapping[str, Plugin] | None = None,
    service: Mapping[str, Any] | None = None,
) -> AsyncIterator[House]:
    """The service in this loop on a free port; its one model leads to all backends in order."""
    found = {"hide": Hide(), **(plugins or {})}
    made = Config(
        path=Path("test.toml"),
        service=ServiceConfig(port=0, log_level="debug", **(service or {})),
        plugins=found,
        backends={f"b{number}": one for number, one in enumerate(backends)},
        pipelines={
            "default": PipelineConfig(
                pre=list(found), post=[*reversed(found)], **{"deadline": 5.0, **(pipeline or {})}
            )
        },
        models={
            MODEL: RouteConfig(
                targets=tuple(TargetConfig(f"b{number}") for number in range(len(backends))),
                **(route or {}),
            )
        },
    )
    async with living(made) as up:
        yield up


@asynccontextmanager
async def living(made: Config) -> AsyncIterator[House]:
    """The service in this loop on a free port; when it is left all must be as it was."""
    gate = Gate(made.service)
    # asyncio sends small pieces at once only on sockets that call themselves TCP's.
    listener = socket.socket(proto=socket.IPPROTO_TCP)
    # Else the system would take 3 MB for a client that reads nothing, and who does not take part
    # in a test would have to be given as much.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 64 * 1024)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    port = listener.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    server = _Server(gate)
    logged = list[str]()
    handler = _Keep(logged)
    root = logging.getLogger()
    root.addHandler(handler)
    level, _ = root.level, root.setLevel(logging.DEBUG)
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(server.run_on, listener)
            try:
                async with (
                    running(made) as up,
                    httpx.AsyncClient(base_url=url, trust_env=False, timeout=20) as client,
                ):
                    gate.open(up)
                    connections = server.server_state.connections
                    made_house = House(url, port, gate, up, client, logged, connections)
                    before = _tasks()
                    yield made_house
                    await settled(made_house, before)
            finally:
                with anyio.CancelScope(shield=True):
                    await server.close()
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


@asynccontextmanager
async def faulty(
    voice: Voice, handler: Handler, *, options: Mapping[str, Any] | None = None, **more: Any
) -> AsyncIterator[tuple[House, Server]]:
    """A house in front of one server that does what the handler does."""
    async with (
        serve(handler) as server,
        house(backend(voice, server.url, **(options or {})), **more) as made,
    ):
        yield made, server


async def settled(made: House, before: set[asyncio.Task[Any]]) -> None:
    """What must hold after every fault, within two seconds: all is as it was, and nothing said."""

    def back() -> bool:
        turns = made.running.ways.turns.values()
        return (
            made.gate.inside == 0
            and not any(one.taken or one.waiting for one in turns)
            and _tasks() <= before
        )

    with anyio.move_on_after(2.0):
        while not back():  # noqa: ASYNC110 - not every condition tells of itself
            await anyio.sleep(0.005)
    assert made.gate.inside == 0, "an exchange is still open"
    assert not any(one.taken for one in made.running.ways.turns.values()), "a turn is still taken"
    assert not (left := _tasks() - before), f"tasks are left: {left}"
    said = "\n".join(made.logged)
    for secret in (NAME, SAID_UPSTREAM, "sk-canary-key"):
        assert secret not in said, "the log holds what it must not"


def told_nothing(outcome: Outcome) -> None:
    """A client learns nothing of what the server said, of its key, or of where it is."""
    for secret in (SAID_UPSTREAM, "sk-canary-key", PLACEHOLDER):
        assert secret.encode() not in outcome.raw, "the client is told what it must not be"


def _tasks() -> set[asyncio.Task[Any]]:
    """The tasks of this loop, but for those of the server that fails, whose clients may pool."""
    return {task for task in asyncio.all_tasks() if not _is_servers(task)}


def _is_servers(task: asyncio.Task[Any]) -> bool:
    file = getattr(getattr(task.get_coro(), "cr_code", None), "co_filename", "")
    return file.endswith(("backends/server.py", "asyncio/streams.py"))


class _Keep(logging.Handler):
    """Keeps every line that anything logs, as text and with all that was given with it."""

    def __init__(self, lines: list[str]):
        super().__init__(logging.DEBUG)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(f"{record.getMessage()} {record.__dict__}")
