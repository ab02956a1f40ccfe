"""Measure Privet beside its peers and write it down: `make bench`, or `make bench ARGS=--quick`."""

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from . import special
from .contestants import CONTESTANTS, Place, Running
from .machine import ROOT, Cores, compile_c, free_port, load_average, server
from .measure import Figures, Load, measure, median, warm_up
from .report import Outcome, write_report
from .rows import GUARDS, PROXIES, WORKERS, Row


def main() -> None:
    """Read the command line, measure, write."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="one short run of all: no figures to quote"
    )
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default="", help="only rows whose title holds this")
    parser.add_argument("--results", type=Path, default=ROOT / "benchmarks" / "results")
    parser.add_argument("--keep", type=Path, help="a folder for configurations and logs, kept")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # and with it what was started
    runs = 1 if options.quick else options.runs
    begun = time.monotonic()
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory() as folder, _place(options.keep or Path(folder)) as place:
        for rows in (PROXIES, GUARDS, WORKERS):
            wanted = [row for row in rows if options.only in row.title]
            outcomes += _group(place, wanted, runs, quick=options.quick)
        if not options.only:
            outcomes += special.idle_stream(place, quick=options.quick)
            outcomes += special.many_requests(place, quick=options.quick)
    path = write_report(outcomes, options.results, place.cores, runs, quick=options.quick)
    print(f"{path} ({time.monotonic() - begun:.0f} s)")


@contextmanager
def _place(folder: Path) -> Iterator[Place]:
    folder.mkdir(parents=True, exist_ok=True)
    cores, port = Cores.share(), free_port()
    command = [compile_c("upstream"), str(port)]
    with server(command, port, cores.upstream, folder / "upstream.log") as mock:
        yield Place(folder, cores, port, mock)


def _group(place: Place, rows: Sequence[Row], runs: int, *, quick: bool) -> list[Outcome]:
    """Start all that the rows need, and measure the rows."""
    found: list[Outcome] = []
    names = [name for name in CONTESTANTS if any(name in row.contestants for row in rows)]
    with ExitStack() as stack:
        running: dict[str, Running] = {}
        for name in names:
            contestant = CONTESTANTS[name]
            if contestant.present():
                print(f"starting {contestant.title}", flush=True)
                running[name] = stack.enter_context(contestant.start(place))
                warm_up(place, contestant, running[name])
        for row in rows:
            found.append(_row(place, row, running, runs, quick=quick))
    return found


def _row(place: Place, row: Row, running: dict[str, Running], runs: int, *, quick: bool) -> Outcome:
    """All runs of a row, the contestants in turn."""
    print(f"\n{row.title}", flush=True)
    load: Load = row.load.shortened() if quick and not row.load.spread else row.load
    taken: dict[str, list[Figures]] = {name: [] for name in row.contestants if name in running}
    busiest = 0.0
    for run in range(runs):
        order = list(taken)
        for name in order[run % len(order) :] + order[: run % len(order)]:
            # A number of its own for each: what one has seen, no other may know.
            pairs, before = row.pairs(time.time_ns())
            contestant = CONTESTANTS[name]
            figures = measure(place, contestant, running[name], load, pairs, before)
            taken[name].append(figures)
            busiest = max(busiest, load_average())
            said = f"{figures.rate:10,.1f} requests/s {figures.chunks:10,.0f} chunks/s"
            said += f" {figures.cpu:8.2f} ms CPU/request"
            print(f"  {name:<12}{said} {figures.void and 'VOID: ' + figures.void}", flush=True)
    return Outcome(row, {name: median(all) for name, all in taken.items() if all}, busiest)


if __name__ == "__main__":
    main()
