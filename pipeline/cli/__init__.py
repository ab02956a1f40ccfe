"""The command line, one module per command."""

import click

from pipeline.cli.audit import audit
from pipeline.cli.check import check
from pipeline.cli.plugins import plugins
from pipeline.cli.receipt import receipt
from pipeline.cli.run import run
from pipeline.cli.schema import schema
from pipeline.cli.serve import serve


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="privet")
def privet() -> None:
    """A hedge in front of your models.

    What leaves the house is redacted, what comes back is made whole again.
    """


for command in (serve, check, run, audit, plugins, schema, receipt):
    privet.add_command(command)
