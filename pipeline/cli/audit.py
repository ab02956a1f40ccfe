"""`privet audit`."""

import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec import json as msgjson

from pipeline.cli.common import config_option, say, show, style
from pipeline.setup.load import examine
from pipeline.setup.problems import ConfigError

if TYPE_CHECKING:
    from pipeline.audit.report import Outcome, Pipeline, Report, Spot

_WORDS: Mapping[str, str] = {"passed": "passed uninspected", "leaked": "LEAKED"}
_COLOURS = {"leaked": "red", "failed": "red", "passed": "yellow", "refused": "green"}
_MOST = 12
"""Leaks that are listed one by one; `--json` has them all."""


@click.command()
@config_option
@click.option(
    "--entity",
    "entities",
    multiple=True,
    help="A canary to use, by what it is, such as EMAIL_ADDRESS; may be given several times. "
    "By default e-mail, IBAN, card, phone and name, and what the configuration looks for.",
)
@click.option(
    "--strict", is_flag=True, help="Fail for other encodings and uninspected content too."
)
@click.option("--verbose", "-v", is_flag=True, help="Show every kind of position.")
@click.option("--json", "as_json", is_flag=True, help="Print all of it as one JSON object.")
def audit(
    path: Path, entities: tuple[str, ...], strict: bool, verbose: bool, as_json: bool
) -> None:
    """Try whether personal data leaks through a configuration.

    Runs the service as configured, on a free port of this machine and with a recorder in place of
    its backends. Sends invented data in every position of a request, in many encodings, streaming
    and not, and looks for it in what the backend receives, in errors, headers, receipts, logs and
    files. First it does the same without the plugins, to show that it would see a leak. Nothing
    leaves this machine, and no text is printed.

    Exits with 0 if nothing leaked, with 1 if something did, with 2 if it cannot tell.
    """
    examined = examine(path)
    show(examined.problems)
    if examined.config is None:
        sys.exit(2)
    # Imported late: the web framework takes longer to import than `check` takes to answer.
    from pipeline.audit.canaries import ENTITIES
    from pipeline.audit.run import CannotRun
    from pipeline.audit.run import audit as run

    if unknown := set(entities) - set(ENTITIES):
        raise click.BadParameter(
            f"there is no canary of {', '.join(sorted(unknown))}; there is {', '.join(ENTITIES)}",
            param_hint="--entity",
        )
    try:
        report = run(examined.config, entities)
    except ConfigError as error:
        show(error.problems)
        sys.exit(2)
    except CannotRun as error:
        say(f"{style('error', fg='red')}: {error}", err=True)
        sys.exit(2)
    code = report.code(strict=strict)
    if as_json:
        say(msgjson.encode({"code": code, "report": report}).decode())
    else:
        _show(report, code, verbose=verbose)
    sys.exit(code)


def _show(report: "Report", code: int, *, verbose: bool) -> None:
    for pipeline in report.pipelines:
        _show_pipeline(pipeline, verbose=verbose)
    say(style("\nother places", bold=True))
    for spot in report.spots:
        _show_spot(spot)
    for one in report.blind[:_MOST]:
        say(f"{style('error', fg='red')}: the audit is blind at {one}", err=True)
    if len(report.blind) > _MOST:
        say(f"… and at {len(report.blind) - _MOST} more", err=True)
    say(f"\n{_summary(report, code)}")


def _show_pipeline(pipeline: "Pipeline", *, verbose: bool) -> None:
    say(style(f"\npipeline {pipeline.name}, asked in {pipeline.dialect}", bold=True))
    if pipeline.observes:
        say("  it only observes, and sends clear text")
    if pipeline.unasked:
        say(f"  not looked for by its plugins: {', '.join(pipeline.unasked)}")
    if pipeline.singly:
        say("  it refuses the request with all texts in it; so each was tried by itself")
    groups: dict[str, list[tuple[str, Outcome]]] = {}
    for row in pipeline.rows:
        key = row.label if verbose else row.area
        groups.setdefault(key, []).append((row.canary, row.outcome))
    _table("position", groups)
    if any(row.outcome == "passed" for row in pipeline.rows):
        say(
            "  passed uninspected: where only patterns look, not a model; numbers that the protocol"
        )
        say("  sets; and content that `uninspected` names")
    leaks = [row for row in pipeline.rows if row.outcome == "leaked"]
    for row in leaks[:_MOST]:
        say(f"    {style('LEAKED', fg='red')} {row.canary} at {row.position}")
    if len(leaks) > _MOST:
        say(f"    … and {len(leaks) - _MOST} more")
    if not pipeline.spellings:
        return
    say()
    spellings: dict[str, list[tuple[str, Outcome]]] = {}
    for one in pipeline.spellings:
        spellings.setdefault(one.encoding, []).append((one.canary, one.outcome))
    _table("encoding", spellings, leaked="readable")


def _table(
    title: str, groups: Mapping[str, list[tuple[str, "Outcome"]]], leaked: str = "LEAKED"
) -> None:
    width = max([len(title), *map(len, groups)], default=0)
    say(style(f"  {title:{width}}  tried  outcome", bold=True))
    for name, found in groups.items():
        say(f"  {name:{width}}  {len(found):5}  {_outcomes(found, leaked)}")


def _outcomes(found: Iterable[tuple[str, "Outcome"]], leaked: str) -> str:
    """What became of most, and by name whatever else became of some."""
    found = list(found)
    counts = Counter(outcome for _, outcome in found)
    parts: list[str] = []
    for outcome, _ in counts.most_common():
        word = {**_WORDS, "leaked": leaked}.get(outcome, outcome)
        is_usual = not parts and outcome in ("hidden", "refused")
        if len(counts) > 1 and not is_usual:
            names = dict.fromkeys(canary for canary, one in found if one == outcome)
            word = f"{word}: {', '.join(names)}"
        parts.append(style(word, fg=_COLOURS.get(outcome)))
    return "; ".join(parts)


def _show_spot(spot: "Spot") -> None:
    looked = "nothing there" if not spot.seen else f"{spot.seen} looked at"
    state = style("clean", fg="green")
    if spot.leaks:
        state = style(f"LEAKED: {'; '.join(dict.fromkeys(spot.leaks[:_MOST]))}", fg="red")
    partial = ", not all" if spot.partial else ""
    say(f"  {spot.name:24}  {looked}{partial}: {state}")


def _summary(report: "Report", code: int) -> str:
    counts = {one: report.count(one) for one in ("hidden", "refused", "passed", "leaked")}
    told = ", ".join(f"{number} {_WORDS.get(one, one)}" for one, number in counts.items() if number)
    spellings = sum(len(one.spellings) for one in report.pipelines)
    told += f"; {report.visible()} of {spellings} readable in another encoding"
    told += f"; {report.seconds:g} s"
    if code == 2:
        return style("The audit cannot tell: ", fg="red") + told
    if report.leaks():
        return style("Personal data leaks: ", fg="red") + told
    word = "No leak, but --strict: " if code else "No leak: "
    return style(word, fg="red" if code else "green") + told
