"""`privet receipt`."""

import sys
from pathlib import Path

import click

from pipeline.cli.common import config_option, load_or_exit, say
from pipeline.core.record import Seal


@click.group()
def receipt() -> None:
    """Check the receipts of exchanges."""


@receipt.command()
@config_option
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def verify(path: Path, file: Path) -> None:
    """Say whether a receipt is as the service has signed it.

    FILE holds the receipt as `GET /privet/receipts/ID` gave it. The key is `receipt_key` of the
    configuration. Exits with 1 if the signature does not hold.
    """
    key = load_or_exit(path).service.receipt_key
    if not key:
        raise click.UsageError(
            "the configuration has no `receipt_key`: its receipts are signed with a key that ends "
            "with the service"
        )
    try:
        holds = Seal(key).verify(file.read_bytes())
    except ValueError as error:
        say(f"{file}: {error}", err=True)
        sys.exit(1)
    if not holds:
        say(f"{file}: the signature does not hold: changed, or signed with another key", err=True)
        sys.exit(1)
    say(f"{file}: the signature holds")
