"""What the commands share."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from pipeline.setup.config import Config
from pipeline.setup.load import examine
from pipeline.setup.problems import Problem

config_option = click.option(
    "--config",
    "-c",
    "path",
    type=click.Path(path_type=Path),
    default="config.toml",
    show_default=True,
    help="The configuration file.",
)

_COLOURS = {"error": "red", "warning": "yellow"}


def load_or_exit(path: Path) -> Config:
    """The configuration in a file; shows what is wrong with it, and exits with 1 if it cannot be
    used.
    """
    examined = examine(path)
    show(examined.problems)
    if examined.config is None:
        sys.exit(1)
    return examined.config


def show(problems: Iterable[Problem]) -> None:
    """Write problems to standard error, one a line."""
    for one in problems:
        say(f"{style(one.level, fg=_COLOURS[one.level])}: {one}", err=True)


def style(text: str, *, fg: str | None = None, bold: bool = False, dim: bool = False) -> str:
    """Text in a colour, unless the user wants none (https://no-color.org)."""
    if os.environ.get("NO_COLOR"):
        return text
    return click.style(text, fg=fg, bold=bold, dim=dim)


def say(text: str = "", *, err: bool = False) -> None:
    """Write a line; colours go to terminals only."""
    click.echo(text, err=err)
