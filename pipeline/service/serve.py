"""The server: one process and one event loop, from the first `listening` to a drained exit."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from errno import errorcode

import anyio
import uvicorn

from pipeline.core.errors import PrivetError
from pipeline.core.jsonvalue import Json
from pipeline.dialects.anthropic import AnthropicMessages
from pipeline.dialects.openai import OpenAIChat
from pipeline.service import logs
from pipeline.service.app import create_app
from pipeline.service.errors import told
from pipeline.service.gate import Gate
from pipeline.service.logs import event
from pipeline.service.protocol import protocol
from pipeline.service.signals import signals
from pipeline.service.watchdog import Watchdog
from pipeline.setup.build import Running, running
from pipeline.setup.config import Config
from pipeline.setup.problems import ConfigError, Problem

_BACKLOG = 2048
_IDLE_TIME = 75
"""Seconds that an unused connection stays open: longer than clients' pools keep theirs."""

OnReady = Callable[[Running, str], Awaitable[None]]


def serve(config: Config, on_ready: OnReady | None = None) -> int:
    """Serve until a signal comes; returns the process's exit code.

    `on_ready` is called with the service's URL once everything has started, while it serves. Raises
    ConfigError if the address is taken, or a plugin or backend does not start. Needs the main
    thread, whose signals it handles.
    """
    listener = _listen(config)
    with logs.configured(config.service.log_level, config.service.log_format):
        try:
            with asyncio.Runner(loop_factory=_new_loop) as runner:
                runner.run(_serve(config, listener, on_ready))
        except ConfigError:
            raise
        except Exception as error:
            logs.failure("crashed", error)
            return 1
    return 0


async def _serve(config: Config, listener: socket.socket, on_ready: OnReady | None) -> None:
    gate = Gate(config.service)
    server = _Server(gate)
    url = _url(listener)
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(logs.loop_failed)
    stopping = anyio.Event()
    starting = anyio.CancelScope()
    problem: Exception | None = None

    def stop() -> None:
        stopping.set()
        if gate.phase == "starting":
            starting.cancel()

    with signals(loop, stop), Watchdog(loop) as watchdog:
        async with anyio.create_task_group() as group:
            group.start_soon(server.run_on, listener)
            event("listening", url=url)
            try:
                with starting:
                    async with running(config) as up:
                        watchdog.watch = up.watch
                        up.watch.failed = logs.plugin_failed
                        gate.open(up)
                        event("ready")
                        if observing := up.observing():
                            event("clear_text", logging.WARNING, pipelines=list[Json](observing))
                        if on_ready is not None:
                            group.start_soon(_guarded, on_ready, up, url)
                        await stopping.wait()
                        event("draining", open=gate.inside)
                        cut = await gate.drain()
                        await server.close()
                        event("stopped", cut=cut)
            except Exception as error:
                # Raised below: a task group would put it into a group of exceptions.
                problem = error
            await server.close()
            group.cancel_scope.cancel()
    if problem is not None:
        raise problem


async def _guarded(on_ready: OnReady, up: Running, url: str) -> None:
    try:
        await on_ready(up, url)
    except Exception as error:
        logs.failure("unexpected", error)


class _Server(uvicorn.Server):
    """uvicorn, without its signals, its logging and its idea of a life cycle."""

    def __init__(self, gate: Gate):
        super().__init__(
            uvicorn.Config(
                create_app(gate),
                http=protocol(gate.config, _refusal),
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
        self._asked = anyio.Event()
        self._closed = anyio.Event()

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

    async def run_on(self, listener: socket.socket) -> None:
        """Serve until `close` is called."""
        try:
            await self.serve(sockets=[listener])
        finally:
            self._closed.set()

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
