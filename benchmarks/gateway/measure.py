"""One measurement: a load against one contestant, and what came of it."""

import json
import os
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

from .contestants import HIDING, Contestant, Place, Running
from .machine import compile_c, megabytes, seconds, settle
from .texts import Pair, chunks_in, mail_in, messages, write


class Load(NamedTuple):
    """How requests are sent: over so many connections, which start over `spread` milliseconds."""

    connections: int
    warm: float
    seconds: float
    spread: int = 0
    once: bool = False

    def shortened(self) -> "Load":
        """For a quick look."""
        return self._replace(warm=self.warm / 2, seconds=self.seconds * 0.6)


class Figures(NamedTuple):
    """What one run, or the median of some, came to; times are milliseconds."""

    rate: float
    """Requests a second."""
    chunks: float
    """Of streams: the upstream's chunks whose text came, a second."""
    cpu: float
    """Computing time of the gateway and all its services, for a request."""
    busy: float
    """Share of the load's core that the load took."""
    memory: float
    """Megabytes of the gateway and all its services (PSS)."""
    latency: Mapping[str, float]
    first_token: Mapping[str, float]
    gaps: Mapping[str, float]
    delays: Mapping[str, float]
    """From when the upstream made a chunk until it came, where the gateway keeps the time stamp."""
    void: str = ""
    """Why the figures do not count."""
    note: str = ""
    """What else is to be known of them."""
    beside: float = 0.0
    """Cores that the load and the upstream took of those that two workers run on."""


def start_load(
    place: Place, port: int, load: Load, check: str, path: Path
) -> subprocess.Popen[bytes]:
    """The program that sends the requests in the file at `path`."""
    words = (port, load.connections, load.warm, load.seconds, load.spread, check, path)
    command = [compile_c("load"), *map(str, words)] + ["once"] * load.once
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        preexec_fn=lambda: os.sched_setaffinity(0, place.cores.load),
    )


def warm_up(place: Place, contestant: Contestant, running: Running) -> None:
    """Have a contestant load what it loads with its first requests, however long it takes."""
    path = place.folder / "requests"
    for stream in (False, True):
        write(messages(0, 32, "mock-0-300", stream=stream), path)
        start_load(place, running.port, Load(4, 0, 120, once=True), "any", path).communicate()
    settle(running.servers)


def measure(
    place: Place,
    contestant: Contestant,
    running: Running,
    load: Load,
    pairs: Sequence[Pair],
    before: Sequence[Pair] = (),
) -> Figures:
    """Send `before` once, not counted, then the load."""
    path = place.folder / "requests"
    if before:
        write(before, path)
        start_load(place, running.port, Load(4, 0, 120, once=True), "any", path).communicate()
    if contestant.check == "holds":
        pairs = [(body, mail_in(text)) for body, text in pairs]
    write(pairs, path)
    mock = [place.mock] if place.mock else []
    leaks, used, begun = _leaks(place), seconds(running.servers), time.monotonic()
    mocked = seconds(mock)
    output, _ = start_load(place, running.port, load, contestant.check, path).communicate()
    used, took = seconds(running.servers) - used, time.monotonic() - begun
    told = json.loads(output or b"{}")
    memory = megabytes(running.servers)
    beside = (told.get("cpu", 0) + seconds(mock) - mocked) / took
    if not place.cores.all & (place.cores.load | place.cores.upstream):
        beside = 0.0
    settle(running.servers)  # what it was still at must not slow down the next one
    leaks = _leaks(place) - leaks if contestant.hides else 0
    return figures(told, pairs, used, took, memory, leaks)._replace(beside=beside)


def figures(
    told: dict, pairs: Sequence[Pair], used: float, took: float, memory: float, leaks: int
) -> Figures:
    """What the load tells, with what was seen beside it."""
    reasons = [f"{told.get(key, 0)} {key}" for key in ("wrong", "failed") if told.get(key)]
    silent = not told.get("good") and not told.get("events")
    reasons += [f"{leaks} leaks"] * bool(leaks) + ["no replies"] * silent
    if reasons and told.get("complaint"):
        reasons.append(told["complaint"][:160])
    length, asked = max(told.get("seconds", 0), 1e-9), max(1, told.get("good", 0))
    # Time and requests outside of the window were as those in it.
    rate = told.get("good", 0) / length
    chunks = chunks_in(pairs[0][0]) / 2 / statistics.mean(len(text) + 1 for _, text in pairs)
    return Figures(
        rate,
        told.get("characters", 0) * chunks / length if told.get("events") else 0,
        used / max(rate * took, asked) * 1000,
        told.get("cpu", 0) / took,
        memory,
        *(
            _milliseconds(told.get(name, {}))
            for name in ("latency", "first_token", "gaps", "delays")
        ),
        "; ".join(reasons),
        f"{told['unanswered']} unanswered after 8 s" if told.get("unanswered") else "",
    )


_SPREADS = ("latency", "first_token", "gaps", "delays")


def median(runs: Sequence[Figures]) -> Figures:
    """The median of each figure; void if one of the runs is."""
    numbers = [statistics.median(one[i] for one in runs) for i in range(5)]
    spreads = [
        {key: statistics.median(one[i][key] for one in runs if key in one[i]) for key in runs[0][i]}
        for i in range(5, 9)
    ]
    said = [next((one[i] for one in runs if one[i]), "") for i in (9, 10)]
    return Figures(*numbers, *spreads, *said, statistics.median(one.beside for one in runs))


def _milliseconds(of: Mapping[str, int]) -> dict[str, float]:
    return {key: value / 1000 for key, value in of.items()}


def _leaks(place: Place) -> int:
    """Requests with a mail address that contestants which hide them have let through so far."""
    with urlopen(f"http://127.0.0.1:{place.upstream}/stats") as answer:
        counts: dict[str, list[int]] = json.load(answer)
    return sum(leaks for name, (_, leaks) in counts.items() if name in HIDING)
