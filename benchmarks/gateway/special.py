"""Two measurements that are not a load and its figures: a stream beside full load, and memory."""

import json
import os
import time

from .contestants import CONTESTANTS, Place
from .machine import load_average, resident
from .measure import Figures, Load, figures, start_load
from .report import Outcome
from .rows import Row, Target
from .texts import messages, write

_REQUESTS = 10_000
_NONE = Figures(0, 0, 0, 0, 0, {}, {}, {}, {})


def idle_stream(place: Place, *, quick: bool) -> list[Outcome]:
    """One stream at 10 ms while the recogniser, on the other core, has all that it can do."""
    length = 4.0 if quick else 10.0
    contestant = CONTESTANTS["apart"]
    print(f"\n{contestant.title}: a stream beside load", flush=True)
    stream, others = place.folder / "stream", place.folder / "others"
    write(messages(2, 4, "mock-10-300", stream=True), stream)
    write(messages(time.time_ns(), 4000, "mock-0-300"), others)
    found: dict[str, Figures] = {}
    with contestant.start(place) as running:
        # The recogniser gets all other cores; the gateway keeps the first one for itself.
        gateway, *recognisers = running.servers[0].tree()
        os.sched_setaffinity(gateway.pid, place.cores.gateway)
        for one in recognisers:
            os.sched_setaffinity(one.pid, place.cores.all - place.cores.gateway or place.cores.all)
        for name, port in (("direct", place.upstream), ("apart", running.port)):
            beside = start_load(place, running.port, Load(8, 0, length + 2), "equal", others)
            alone = start_load(place, port, Load(1, 1, length), "equal", stream)
            told, _ = alone.communicate()
            beside.communicate()
            pairs = messages(2, 4, "mock-10-300")
            found[name] = figures(json.loads(told), pairs, 0, length, 0, 0)
    target = Target(
        "ms from when a chunk was made to when it came, p99, above that of the upstream alone",
        lambda of: of["apart"].delays["99"] - of["direct"].delays["99"],
        20,
        True,
        ("apart",),
    )
    title = "an idle stream at 10 ms beside full recognition load"
    row = Row(title, tuple(found), Load(1, 1, length), lambda seed: ([], []), (target,), "delays")
    return [Outcome(row, found, load_average())]


def many_requests(place: Place, *, quick: bool) -> list[Outcome]:
    """The memory of a gateway that redacts after each thousand of many requests."""
    contestant = CONTESTANTS["redacting"]
    print(f"\n{contestant.title}: memory over {_REQUESTS:,} requests", flush=True)
    path = place.folder / "requests"
    found: dict[str, Figures] = {}
    with contestant.start(place) as running:
        for thousand in range(1, (2 if quick else _REQUESTS // 1000) + 1):
            # One text in twenty is new: recognising all of them would take minutes.
            pairs = messages(1, 950, "mock-0-300") + messages(time.time_ns(), 50, "mock-0-300")
            write(pairs, path)
            start_load(
                place, running.port, Load(16, 0, 120, once=True), "equal", path
            ).communicate()
            held = resident(running.servers[0])
            print(f"  after {thousand * 1000:6,}: {held:.1f} MB", flush=True)
            found[f"after {thousand * 1000:,}"] = _NONE._replace(memory=held)
    first, last = next(iter(found)), list(found)[-1]
    target = Target(
        "the worker's resident memory at the end, as a multiple of that after 1,000",
        lambda of: of[last].memory / of[first].memory,
        1.02,
        True,
        (first, last),
    )
    title = f"{int(last.split()[1].replace(',', '')):,} requests"
    row = Row(title, (first, last), Load(16, 0, 0), lambda seed: ([], []), (target,), "memory")
    return [Outcome(row, found, load_average())]
