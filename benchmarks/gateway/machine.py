"""Processes on cores of their own, and what they used: time, memory."""

import os
import platform
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil

ROOT = Path(__file__).resolve().parents[2]
READY_TIME = 180.0
STOP_TIME = 10.0


class Cores(NamedTuple):
    """Which cores the gateway, the load and the upstream run on."""

    gateway: frozenset[int]
    load: frozenset[int]
    upstream: frozenset[int]
    all: frozenset[int]

    @classmethod
    def share(cls) -> "Cores":
        """The gateway gets a core to itself where there are two, the upstream where there are 3."""
        cores = sorted(os.sched_getaffinity(0))
        gateway, load = cores[0], cores[min(1, len(cores) - 1)]
        upstream = cores[2] if len(cores) > 2 else load
        both = frozenset((gateway, cores[3] if len(cores) > 3 else load))
        return cls(*(frozenset((core,)) for core in (gateway, load, upstream)), both)


class Server(NamedTuple):
    """A program that listens on `port`."""

    port: int
    pid: int

    def tree(self) -> list[psutil.Process]:
        """The program and all that it started."""
        try:
            process = psutil.Process(self.pid)
            return [process, *process.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []


def seconds(servers: Iterable[Server]) -> float:
    """The time that the programs and their children have computed."""
    total = 0.0
    for server in servers:
        for process in server.tree():
            try:
                times = process.cpu_times()
                total += times.user + times.system
            except psutil.NoSuchProcess:
                pass
    return total


def settle(servers: Iterable[Server]) -> None:
    """Wait until the programs have nothing to do any more, but not for long."""
    servers = list(servers)
    end, used = time.monotonic() + 30, seconds(servers)
    while servers and time.monotonic() < end:
        time.sleep(0.25)
        before, used = used, seconds(servers)
        if used - before < 0.03:
            return


def megabytes(servers: Iterable[Server]) -> float:
    """The memory of the programs and their children; what they share counts once (PSS)."""
    return sum(one.memory_full_info().pss for server in servers for one in server.tree()) / 1e6


def resident(server: Server) -> float:
    """Megabytes that the program itself holds (RSS)."""
    return psutil.Process(server.pid).memory_info().rss / 1e6


@contextmanager
def server(
    command: Sequence[str | Path],
    port: int,
    cores: frozenset[int],
    log: Path,
    ready: str = "",
    variables: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """Run a program on some cores until the block ends.

    The block starts when `GET ready` is answered with 200; without one, when the port is open.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(word) for word in command],
            cwd=ROOT,
            env={**os.environ, **(variables or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
        )
        try:
            _wait(process, port, ready, log)
            yield Server(port, process.pid)
        finally:
            family = Server(port, process.pid).tree()
            process.terminate()
            try:
                process.wait(STOP_TIME)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            for left in family:
                if left.is_running() and left.pid != process.pid:
                    left.kill()


def _wait(process: "subprocess.Popen[bytes]", port: int, ready: str, log: Path) -> None:
    end = time.monotonic() + READY_TIME
    while not _answers(port, ready):
        if process.poll() is not None or time.monotonic() > end:
            tail = log.read_text(errors="replace")[-2000:]
            raise SystemExit(f"{log.stem} does not start:\n{tail}")
        time.sleep(0.05)


def _answers(port: int, path: str) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            if not path:
                return True
            connection.sendall(f"GET {path} HTTP/1.0\r\nhost: localhost\r\n\r\n".encode())
            return b" 200 " in connection.recv(64)
    except OSError:
        return False


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def describe() -> str:
    """The machine in a line."""
    cpu = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = re.search(r"model name\s*: (.+)", cpu)
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{model[1] if model else platform.processor()}, {os.cpu_count()} cores, "
        f"{memory:.0f} GiB, Linux {platform.release()}, Python {platform.python_version()}"
    )


def load_average() -> float:
    """How many processes want to run: of the last minute."""
    return os.getloadavg()[0]


def compile_c(name: str) -> Path:
    """The program made of `native/NAME.c`, compiled if it is older than its sources."""
    folder = Path(__file__).parent / "native"
    source, program = folder / f"{name}.c", ROOT / ".cache" / "bench" / name
    newest = max(path.stat().st_mtime for path in (source, *folder.glob("*.h")))
    if program.exists() and program.stat().st_mtime > newest:
        return program
    compiler = next(filter(shutil.which, (os.environ.get("CC", "cc"), "gcc", "clang")), None)
    if compiler is None:
        raise SystemExit("the load and the upstream are C programs: install a C compiler (cc)")
    program.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([compiler, "-O2", "-Wall", "-o", program, source], check=True)
    return program
