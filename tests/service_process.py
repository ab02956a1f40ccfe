"""Programs that tests talk to: each runs as a process of its own on a free loopback port."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
import psutil

ROOT = Path(__file__).resolve().parent.parent
START_TIME = 60.0
"""Seconds that a program may take until it answers; the machine may be busy."""
STOP_TIME = 15.0


class Running(NamedTuple):
    """A program that answers at `url` and writes what it has to say to `log`."""

    url: str
    log: Path
    pid: int


def outlasting(processes: Sequence[psutil.Process], seconds: float = 2.0) -> list[psutil.Process]:
    """Those that run on after so many seconds; one that nobody has buried yet has ended, too."""
    _, left = psutil.wait_procs(processes, seconds)
    return [one for one in left if not _is_dead(one)]


def _is_dead(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@contextmanager
def privet(
    config: str, folder: Path, variables: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """The service. `config` starts inside the table `[service]`, after its host and port."""
    port = free_port()
    path = folder / "config.toml"
    path.write_text(f'[service]\nhost = "127.0.0.1"\nport = {port}\n{config}')
    command = [sys.executable, "-m", "pipeline", "serve", "--config", str(path)]
    with program(command, port, "/health/ready", folder / "privet.log", variables) as running:
        yield running


@contextmanager
def llmock(folder: Path, *, pause: int = 0) -> Iterator[Running]:
    """An OpenAI-compatible server by other people, which tells what it received. Between two
    chunks of a stream it waits `pause` milliseconds.
    """
    port = free_port()
    command = [venv("llmock", "llmock"), "serve", "--port", str(port), "--response-style", "echo"]
    command += ["--stream-chunk-delay-ms", str(pause)]
    with program(command, port, "/health", folder / "llmock.log") as running:
        yield running


def venv(name: str, command: str) -> str:
    """A command of one of the environments that `make test` sets up beside the main one."""
    path = ROOT / ".venvs" / name / "bin" / command
    assert path.exists(), f"{path} is missing; `make test` or `make test-llama` installs it"
    return str(path)


@contextmanager
def program(
    command: Sequence[str],
    port: int,
    ready: str,
    log: Path,
    variables: Mapping[str, str] | None = None,
) -> Iterator[Running]:
    """Run a server until the block ends; the block starts when `GET ready` is answered with 200."""
    url = f"http://127.0.0.1:{port}"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command,
            cwd=log.parent,
            env={**os.environ, **(variables or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            _wait(process, url + ready, log)
            yield Running(url, log, process.pid)
        finally:
            process.terminate()
            try:
                process.wait(STOP_TIME)
            except subprocess.TimeoutExpired:
                process.kill()


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def _wait(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    end = time.monotonic() + START_TIME
    with httpx.Client(trust_env=False) as client:
        while True:
            assert process.poll() is None, f"it ended with {process.returncode}:\n{tail(log)}"
            assert time.monotonic() < end, f"it is not ready:\n{tail(log)}"
            try:
                if client.get(url).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)


def tail(log: Path) -> str:
    """The end of a program's output."""
    return log.read_text(errors="replace")[-3000:]
