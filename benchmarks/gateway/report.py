"""The results as Markdown: the targets, a table of each row, and a plot of each."""

import subprocess
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from .contestants import CONTESTANTS
from .machine import ROOT, Cores, describe
from .measure import Figures
from .plot import bars
from .rows import Row, Target


class Outcome(NamedTuple):
    """The medians of a row, by contestant, and the highest load average while it was measured."""

    row: Row
    figures: dict[str, Figures]
    load: float


def write_report(
    outcomes: Sequence[Outcome], folder: Path, cores: Cores, runs: int, *, quick: bool
) -> Path:
    """Write `gateway.md` and a plot for each row; returns the path of the page."""
    folder.mkdir(parents=True, exist_ok=True)
    name = "gateway-quick" if quick else "gateway"
    lines = ["# Privet beside its peers", "", *_about(outcomes, cores, runs, quick=quick), ""]
    lines += ["| work | figure | target | measured | reached |", "| --- | --- | --- | --- | --- |"]
    lines += [line for one in outcomes for line in _targets(one)]
    for number, outcome in enumerate(outcomes, 1):
        plot = folder / f"{name}-{number}.svg"
        lines += ["", f"## {outcome.row.title}", "", *_table(outcome), ""]
        if values := _plotted(outcome):
            plot.write_text(bars(f"{outcome.row.title}: {_UNITS[outcome.row.shows]}", values))
            lines.append(f"![{_UNITS[outcome.row.shows]}]({plot.name})")
    path = folder / f"{name}.md"
    path.write_text("\n".join(lines) + "\n")
    return path


_UNITS = {
    "rate": "requests a second",
    "chunks": "chunks a second",
    "first_token": "milliseconds to the first token, p50",
    "delays": "milliseconds that a chunk is under way, p99",
    "memory": "megabytes",
}


def _about(outcomes: Sequence[Outcome], cores: Cores, runs: int, *, quick: bool) -> list[str]:
    busiest = max((one.load for one in outcomes), default=0)
    shared = (
        "the load and the upstream share one"
        if cores.load == cores.upstream
        else "others for the rest"
    )
    said = [
        f"Made by `make bench` on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC of commit `{_commit()}`.",
        f"Machine: {describe()}. Highest load average: {busiest:.1f}.",
        f"One core for each gateway with all its services; {shared}. Medians of {runs} "
        f"run{'s' if runs > 1 else ''}, the contestants in turn.",
        "Versions: " + ", ".join(_versions()) + ".",
        "Every reply is compared with what was sent; the upstream counts requests in which a mail "
        "address came through. One wrong reply or one address voids a contestant's figures.",
    ]
    if quick:
        said.insert(0, "**A quick look: one short run of each. Quote no figure of this page.**")
    return [line + "\n" for line in said]


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty", "--abbrev=10"]
    run = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    return run.stdout.strip() or "unknown"


def _versions() -> Iterable[str]:
    for name in ("litestar", "uvicorn", "httpx", "aiohttp", "spacy"):
        yield f"{name} {version(name)}"
    for lock, name in (("bench-litellm", "litellm"), ("bench-presidio", "presidio-analyzer")):
        text = (ROOT / "locks" / f"{lock}.txt").read_text()
        line = next(line for line in text.splitlines() if line.startswith(f"{name}=="))
        yield line.split()[0].replace("==", " ")


def _targets(outcome: Outcome) -> Iterable[str]:
    for target in outcome.row.targets:
        bound = f"{'<=' if target.at_most else '>='} {_short(target.bound)}"
        value, reached = judged(outcome, target)
        yield f"| {outcome.row.title} | {target.says} | {bound} | {value} | {reached} |"


def judged(outcome: Outcome, target: Target) -> tuple[str, str]:
    """The measured figure, and whether the target is reached: yes, no, or why that is not known."""
    missing = [name for name in target.of if name not in outcome.figures]
    if missing:
        return "-", f"not measured: {', '.join(missing)} missing"
    try:
        value = target.value(outcome.figures)
    except (KeyError, ZeroDivisionError):
        return "-", "not measured: no replies that count"
    void = [name for name in target.of if outcome.figures[name].void]
    said = "yes" if target.reached(value) else "no"
    return _short(value), f"void ({', '.join(void)}), else {said}" if void else said


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def _table(outcome: Outcome) -> Iterable[str]:
    figures = outcome.figures
    if outcome.row.shows == "memory":
        yield "| | MB resident |"
        yield "| --- | --- |"
        yield from (f"| {name} | {one.memory:,.1f} |" for name, one in figures.items())
        return
    yield (
        "| | requests/s | ratio | chunks/s | p50 ms | p99 ms | first token p50 | p99 | "
        "gap p99 | delay p99 | CPU ms/request | MB | load busy | |"
    )
    yield "|" + " --- |" * 14
    for name, one in figures.items():
        first = figures["privet" if "privet" in figures else list(figures)[-1]]
        cells = [
            CONTESTANTS[name].title,
            f"{one.rate:,.1f}",
            f"{one.rate / first.rate:.3g}" if first.rate else "-",
            f"{one.chunks:,.0f}" if one.chunks else "-",
            *(
                f"{spread[key]:,.2f}" if key in spread else "-"
                for spread, key in (
                    (one.latency, "50"),
                    (one.latency, "99"),
                    (one.first_token, "50"),
                    (one.first_token, "99"),
                    (one.gaps, "99"),
                    (one.delays, "99"),
                )
            ),
            f"{one.cpu:,.3f}",
            f"{one.memory:,.0f}",
            f"{one.busy:.0%}",
            f"**void**: {one.void.replace('|', ' ')}" if one.void else one.note,
        ]
        yield "| " + " | ".join(cells) + " |"


def _plotted(outcome: Outcome) -> dict[str, float]:
    def value(one: Figures) -> float:
        shown = getattr(one, outcome.row.shows)
        if isinstance(shown, float | int):
            return shown
        return shown.get("99" if outcome.row.shows == "delays" else "50", 0)

    return {
        CONTESTANTS[name].title if name in CONTESTANTS else name: value(one)
        for name, one in outcome.figures.items()
    }
