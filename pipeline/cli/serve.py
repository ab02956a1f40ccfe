"""`privet serve`."""

import sys
from pathlib import Path

import click
from msgspec.structs import replace

from pipeline.cli.common import config_option, load_or_exit, say, show, style
from pipeline.cli.request import first_model, request_of
from pipeline.cli.show import show_columns
from pipeline.core.trace import trace
from pipeline.dialects.openai import OpenAIChat
from pipeline.setup.build import Running
from pipeline.setup.problems import ConfigError


@click.command()
@config_option
@click.option("--host", help="Address to listen on, in place of the configured one.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Port to listen on, in place of the configured one; 0 for any free one.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    help="How many processes serve, in place of the configured number.",
)
def serve(path: Path, host: str | None, port: int | None, workers: int | None) -> None:
    """Run the service until it is told to stop."""
    config = load_or_exit(path)
    service = config.service
    if host is not None:
        service = replace(service, host=host)
    if port is not None:
        service = replace(service, port=port)
    if workers is not None:
        service = replace(service, workers=workers)
    # Imported late: the web framework takes longer to import than `check` takes to answer.
    from pipeline.service.serve import serve as run_service

    try:
        sys.exit(run_service(replace(config, service=service), _ready))
    except ConfigError as error:
        show(error.problems)
        sys.exit(1)


async def _ready(up: Running, url: str) -> None:
    """Show what the service does to a message, if the configuration has one to show."""
    message = up.config.service.demo
    if message:
        dialect, request = OpenAIChat(), request_of(message, first_model(up.config))
        found = await trace(dialect, up.targets(dialect.facts(request))[0], request)
        say()
        show_columns(found)
        if found.error is not None:
            say(f"{style('error', fg='red')}: {found.error.message}")
    say(f"\nPoint any OpenAI client at {style(f'{url}/v1', bold=True)}")
