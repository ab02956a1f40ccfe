"""`privet plugins`."""

import sys
from textwrap import indent

import click

from pipeline.cli.common import say, style
from pipeline.core.backend import Backend
from pipeline.core.plugin import Plugin
from pipeline.setup.describe import Option, options, summary
from pipeline.setup.discover import BadEntryPoint, Group, installed, kind, origin


@click.command()
@click.argument("names", nargs=-1)
def plugins(names: tuple[str, ...]) -> None:
    """List the plugins and backends that are installed.

    Each with its options and where it comes from, and what else distributions bring along for
    plugins, such as recognisers. NAMES limits the list to these. Exits with 1 if
    any of them cannot be used.
    """
    found = installed()
    groups = (found.plugins, found.backends)
    known = {name for group in groups for name in group.names()}
    known |= {one.name for one in found.others}
    for name in names:
        if name not in known:
            raise click.BadParameter(f"`{name}` is not installed", param_hint="NAMES")
    broken = 0
    for group in groups:
        for name in group.names():
            if not names or name in names:
                broken += not _show(group, name)
    for one in found.others:
        if not names or one.name in names:
            say(f"{kind(one)} {style(one.name, bold=True)}  {style(origin(one), dim=True)}")
    sys.exit(1 if broken else 0)


def _show(group: "Group[Plugin] | Group[Backend]", name: str) -> bool:
    """Show one plugin or backend; whether it can be used."""
    heading = f"{group.kind} {style(name, bold=True)}"
    try:
        cls = group.load(name)
    except BadEntryPoint as error:
        say(f"{heading}  {style('cannot be used', fg='red')}")
        say(indent(str(error), "  "))
        say()
        return False
    if issubclass(cls, Plugin):
        heading += f"  {' and '.join(sorted(cls.sides(), reverse=True))}"
    say(f"{heading}  {style(group.origins(name)[0], dim=True)}")
    if summary(cls):
        say(indent(summary(cls), "  "))
    found = options(cls)
    if found:
        say()
    for one in found:
        _show_option(one)
    say()
    return True


def _show_option(one: Option) -> None:
    default = "required" if one.required else f"default {one.default}" if one.default else ""
    kind = one.type.replace("`", "")
    say(f"    {style(one.name, bold=True)}  {kind}{'; ' if default else ''}{default}")
    if one.doc:
        say(indent(one.doc, "        "))
