"""The server: a process and its event loop, from the first `listening` to a drained exit."""

import asyncio
import gc
import os
import socket
from collections.abc import Callable, Generator
from contextlib import contextmanager
from errno import errorcode
from functools import partial

import anyio
import uvicorn

from pipeline.core.errors import PrivetError
from pipeline.dialects.anthropic import AnthropicMessages
from pipeline.dialects.openai import OpenAIChat
from pipeline.service import logs
from pipeline.service.app import create_app
from pipeline.service.errors import told
from pipeline.service.gate import Gate
from pipeline.service.post import Alone, OnReady, Post
from pipeline.service.protocol import protocol
from pipeline.service.watchdog import Watchdog
from pipeline.setup.build import running
from pipeline.setup.config import Config
from pipeline.setup.problems import ConfigError, Problem

_BACKLOG = 2048
_IDLE_TIME = 75
"""Seconds that an unused connection stays open: longer than clients' pools keep theirs."""
_GARBAGE = 5_000
"""New objects after which garbage is looked for among them."""


def serve(config: Config, on_ready: OnReady | None = None) -> int:
    """Serve until a signal comes; returns the process's exit code.

    `on_ready` is called with the service's URL once everything has started, while it serves; of
    several workers, in the first. Raises ConfigError if the address is taken, or a plugin or
    backend does not start. Needs the main thread, whose signals it handles.
    """
    if config.service.workers > 1 and not hasattr(os, "fork"):
        where, what = f"{config.path}: service.workers", "this system cannot fork processes"
        raise ConfigError([Problem(where, what, "set it to 1")])
    listener = _listen(config)
    url = _url(listener)
    with logs.configured(config.service.log_level, config.service.log_format):
        try:
            if config.service.workers == 1:
                return _run(config, Alone(listener, url, on_ready))
            # Imported here: where processes cannot fork, it cannot be.
            from pipeline.service.workers import Supervisor

            return Supervisor(config, listener, url, partial(_run, config), on_ready).run()
        except ConfigError:
            raise
        except Exception as error:
            logs.failure("crashed", error)
            return 1


def _run(config: Config, post: Post) -> int:
    """Be one process of the service, until it is told to stop; returns its exit code."""
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        runner.run(_serve(config, post))
    return 0


async def _serve(config: Config, post: Post) -> None:
    post.start.begin()
    gate = Gate(config.service, post.peers)
    server = _Server(gate, post.lost_connection)
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(logs.loop_failed)
    stopping = anyio.Event()
    starting = anyio.CancelScope()
    problem: Exception | None = None

    def stop() -> None:
        stopping.set()
        if gate.phase == "starting":
            starting.cancel()

    with post.told(loop, stop), Watchdog(loop) as watchdog:
        async with anyio.create_task_group() as group:
            group.start_soon(server.run_on, *post.listeners)
            await server.up.wait()
            group.start_soon(post.attend, server, gate.answer)
            try:
                with starting:
                    async with running(config, post.turns()) as up:
                        watchdog.watch = up.watch
                        up.watch.failed = logs.plugin_failed
                        await post.started()
                        _spare_garbage()
                        gate.open(up)
                        post.ready(up, group)
                        await stopping.wait()
                        post.draining(gate.inside)
                        cut = await gate.drain()
                        await post.drained(cut)
                        await server.close()
                        post.stopped(cut)
            except Exception as error:
                # Raised below: a task group would put it into a group of exceptions.
                problem = error
            await server.close()
            group.cancel_scope.cancel()
    if problem is not None:
        raise problem


def _spare_garbage() -> None:
    """Look for garbage seldom, and not at all in what has started: it took an eighth of the time,
    and blocked the loop.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GARBAGE)


class _Server(uvicorn.Server):
    """uvicorn, without its signals, its logging and its idea of a life cycle."""

    def __init__(self, gate: Gate, lost: Callable[[], None] = lambda: None):
        self._made = protocol(gate.config, _refusal, lost)
        super().__init__(
            uvicorn.Config(
                create_app(gate),
                http=self._made,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                backlog=_BACKLOG,
                timeout_keep_alive=_IDLE_TIME,
                # What has not ended when this is reached was given its time before.
                timeout_graceful_shutdown=1,
            )
        )
        self.up = anyio.Event()
        self._asked = anyio.Event()
        self._closed = anyio.Event()
        self._lost = lost

    async def main_loop(self) -> None:
        """Write the date into replies each second, until `close` is called."""
        while not self.should_exit:
            await self.on_tick(0)
            with anyio.move_on_after(1.0):
                await self._asked.wait()

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave them alone."""
        yield

    async def run_on(self, *listeners: socket.socket) -> None:
        """Serve what comes there until `close` is called."""
        try:
            await self.serve(sockets=[*listeners])
        finally:
            self._closed.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve."""
        await super().startup(sockets)
        self.up.set()

    async def take(self, connection: socket.socket) -> None:
        """Serve a connection that somebody else has accepted."""
        try:
            await asyncio.get_running_loop().connect_accepted_socket(self._protocol, connection)
        except OSError:
            connection.close()
            self._lost()

    def _protocol(self) -> asyncio.Protocol:
        """As uvicorn makes one for each connection that it accepts."""
        return self._made(
            config=self.config,
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )

    async def close(self) -> None:
        """Stop listening, close idle connections, wait until all is closed."""
        self.should_exit = True
        self._asked.set()
        await self._closed.wait()


def _refusal(path: str, error: PrivetError) -> bytes:
    """What a client is told of a request that no handler sees."""
    body, _ = told(AnthropicMessages() if path.startswith("/v1/messages") else OpenAIChat(), error)
    return body


def _listen(config: Config) -> socket.socket:
    host, port = config.service.host, config.service.port
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        made = socket.create_server(address, family=family, backlog=_BACKLOG)
        # asyncio spares a connection the wait for more to send only if it knows that it is TCP.
        return socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, made.detach())
    except OSError as error:
        reason = errorcode.get(error.errno or 0, type(error).__name__)
        problem = Problem(
            f"{config.path}: service",
            f"cannot listen on {host}, port {port} ({reason})",
            "choose another `host` or `port`, or stop what listens there",
        )
        raise ConfigError([problem]) from None


def _url(listener: socket.socket) -> str:
    """Where a client on this machine finds the service."""
    name: tuple[str, int] = listener.getsockname()[:2]
    host, port = name
    if host in ("0.0.0.0", "::"):  # noqa: S104
        host = "127.0.0.1" if host == "0.0.0.0" else "::1"  # noqa: S104
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:  # there is none for Windows
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
