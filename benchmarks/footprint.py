"""How long the service takes to be ready, and how much memory it holds.

Starts the service on `config.toml` with one recogniser process, several times; sends it texts of
2,000 characters that it has not seen, and reads the memory of all its processes from the system.
RSS counts what processes share once for each of them, PSS once in all.
"""

import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import psutil

RUNS = 5
REQUESTS = 100
LENGTH = 2000
ROOT = Path(__file__).resolve().parent.parent
WORDS = """the a patient doctor was seen on Tuesday with Anna Berg and Robert Fischer in Berlin
about results from Maria Gonzalez who wrote to the office in London that payment is late"""


def main() -> None:
    """Print a table of medians."""
    ready: list[float] = []
    memory: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        for run in range(RUNS):
            seconds, sizes = measure(Path(folder), run)
            ready.append(seconds)
            memory.append(sizes)
    print(f"start to ready    {statistics.median(ready):6.2f} s   (of {RUNS}, {spread(ready)})")
    for name in memory[0]:
        sizes = [one[name] for one in memory]
        print(f"{name:<17} {statistics.median(sizes):6.0f} MB  (of {RUNS}, {spread(sizes)})")


def measure(folder: Path, seed: int) -> tuple[float, dict[str, float]]:
    """Seconds from start to ready, and megabytes after some work."""
    port = free_port()
    text = (ROOT / "config.toml").read_text()
    text = text.replace("port = 8080", f"port = {port}").replace(
        "[plugins.pii]", "[plugins.pii]\nworkers = 1"
    )
    config = folder / "config.toml"
    config.write_text(text)
    url = f"http://127.0.0.1:{port}"
    begun = time.perf_counter()
    command = [sys.executable, "-m", "pipeline", "serve", "--config", str(config)]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT
    )
    try:
        with httpx.Client(trust_env=False, timeout=60) as client:
            wait(client, url + "/health/ready")
            seconds = time.perf_counter() - begun
            draw = random.Random(seed)
            for _ in range(REQUESTS):
                words = " ".join(draw.choice(WORDS.split()) for _ in range(LENGTH))[:LENGTH]
                message = {"role": "user", "content": words}
                body = {"model": "m", "messages": [message]}
                client.post(url + "/v1/chat/completions", json=body).raise_for_status()
        return seconds, sizes(psutil.Process(process.pid))
    finally:
        process.terminate()
        process.wait(30)


def sizes(service: psutil.Process) -> dict[str, float]:
    """Megabytes of the service and of the processes that it started."""
    children = service.children(recursive=True)
    own = service.memory_full_info()
    theirs = [child.memory_full_info() for child in children]
    return {
        "worker RSS": own.rss / 1e6,
        "recogniser RSS": sum(one.rss for one in theirs) / 1e6,
        "together RSS": (own.rss + sum(one.rss for one in theirs)) / 1e6,
        "together PSS": (own.pss + sum(one.pss for one in theirs)) / 1e6,
    }


def wait(client: httpx.Client, url: str) -> None:
    """Until the service says that it is ready."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            if client.get(url).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.01)
    raise SystemExit("the service was not ready within a minute")


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def spread(values: list[float]) -> str:
    """The smallest and the largest."""
    return f"{min(values):.2f} to {max(values):.2f}"


if __name__ == "__main__":
    main()
