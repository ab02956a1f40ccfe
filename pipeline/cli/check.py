"""`privet check`."""

import sys
from pathlib import Path

import click

from pipeline.cli.common import config_option, say, show
from pipeline.setup.load import examine


@click.command()
@config_option
@click.option("--strict", is_flag=True, help="Take warnings for errors.")
def check(path: Path, strict: bool) -> None:
    """Say all that is wrong with a configuration.

    Exits with 0 if it can be used, with 1 if it cannot.
    """
    examined = examine(path)
    show(examined.problems)
    errors = sum(one.level == "error" for one in examined.problems)
    warnings = len(examined.problems) - errors
    if errors or (strict and warnings):
        sys.exit(1)
    say(f"{path} is fine" + (f", but for {_count(warnings, 'warning')}" if warnings else ""))


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
