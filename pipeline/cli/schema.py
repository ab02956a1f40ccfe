"""`privet schema`."""

import click
from msgspec import json

from pipeline.cli.common import say
from pipeline.setup.discover import installed
from pipeline.setup.schema import json_schema, markdown


@click.command()
@click.option("--markdown", "as_markdown", is_flag=True, help="Print the reference for people.")
def schema(as_markdown: bool) -> None:
    """Print the JSON Schema of the configuration, for editors.

    It covers the options of all plugins and backends that are installed.
    """
    found = installed()
    if as_markdown:
        say(markdown(found).rstrip("\n"))
    else:
        say(json.format(json.encode(json_schema(found)), indent=2).decode())
