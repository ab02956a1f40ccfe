"""`privet run`."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import anyio
import click
from msgspec.structs import replace

from pipeline.backends.recordings import Recording
from pipeline.cli.common import config_option, load_or_exit, say, show, style
from pipeline.cli.request import first_model, request_of
from pipeline.cli.show import show_inspection, show_stages
from pipeline.core.errors import PrivetError
from pipeline.core.exchange import Exchange
from pipeline.core.inspection import Inspection, inspect, told
from pipeline.core.jsonvalue import Json, JsonObject, decode, encode
from pipeline.core.record import Seal
from pipeline.core.trace import Stage, Trace, trace
from pipeline.dialects.openai import OpenAIChat
from pipeline.service import logs
from pipeline.setup.build import running
from pipeline.setup.config import Config
from pipeline.setup.problems import ConfigError, suggest
from pipeline.setup.routes import Routes, targets


@click.command()
@config_option
@click.argument("text", required=False)
@click.option("--model", "-m", help="The model to ask for; by default the first configured one.")
@click.option("--pipeline", "-p", help="A pipeline to use in place of the model's own.")
@click.option("--stream", is_flag=True, help="Ask for a stream.")
@click.option("--show", "dry", is_flag=True, help="Send nothing: show what `pre` would do.")
@click.option(
    "--record",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Add what the backend was asked and said to a file, for the backend `replay`.",
)
@click.option("--json", "as_json", is_flag=True, help="Print every step as one JSON object.")
def run(
    path: Path,
    text: str | None,
    model: str | None,
    pipeline: str | None,
    stream: bool,
    dry: bool,
    record: Path | None,
    as_json: bool,
) -> None:
    """Send one message through a pipeline, step by step.

    Shows what the client sent, what each plugin made of it, what the backend saw, what it replied,
    what each plugin made of that, and what the client got.

    TEXT is a message, or a whole request as JSON; without it, standard input is read. The message
    does go to the configured backend, unless `--show` is given: then only the request's way is
    shown, with what was found in it, and the receipt that it would have. Exits with 1 if the
    exchange fails.
    """
    config = load_or_exit(path)
    body = request_of(_input() if text is None else text, model or first_model(config))
    if model is not None:
        body["model"] = model
    if stream:
        body["stream"] = True
    made: Inspection | None = None
    try:
        narrowed = _narrowed(config, str(body.get("model", "")), pipeline)
        with logs.configured(config.service.log_level, "text"):
            if dry:
                found, made = anyio.run(_inspect, narrowed, body)
            else:
                found = anyio.run(_run, narrowed, body, record)
    except ConfigError as error:
        show(error.problems)
        sys.exit(1)
    except PrivetError as error:
        say(f"{style('error', fg='red')}: {error.message}", err=True)
        sys.exit(1)
    if as_json:
        say((encode(_as_json(found)) if made is None else told(made)).decode())
    elif made is not None:
        show_inspection(found, made)
    else:
        show_stages(found)
    if found.error is not None:
        say(f"{style('error', fg='red')}: {found.error.message}", err=True)
    sys.exit(1 if found.failed or found.error is not None else 0)


def _input() -> str:
    if sys.stdin.isatty():
        raise click.UsageError("there is no message; give one as TEXT, or on standard input")
    try:
        return sys.stdin.buffer.read().decode()
    except UnicodeDecodeError:
        raise click.UsageError("standard input is not in UTF-8") from None


def _narrowed(config: Config, model: str, pipeline: str | None) -> Config:
    """Only what this model needs, so that nothing else is started."""
    route = Routes(config.models).find(model)
    if pipeline is not None and pipeline not in config.pipelines:
        raise click.BadParameter(
            f"there is no pipeline `{pipeline}`; {suggest(pipeline, config.pipelines)}",
            param_hint="--pipeline",
        )
    ends = targets(config.models, route.name)
    if pipeline is not None:
        ends = [replace(one, pipeline=pipeline) for one in ends]
    to = replace(route.to, backend="", targets=tuple(ends))
    return replace(config, models={route.name: to})


async def _run(config: Config, body: JsonObject, record: Path | None) -> Trace:
    dialect = OpenAIChat()
    facts = dialect.facts(body)
    async with running(config) as up:
        up.watch.failed = logs.plugin_failed
        target = up.targets(facts)[0]
        if record is not None:
            target = replace(target, upstream=Recording(target.upstream, record))
        return await trace(dialect, target, body)


async def _inspect(config: Config, body: JsonObject) -> tuple[Trace, Inspection]:
    dialect = OpenAIChat()
    async with running(config) as up:
        up.watch.failed = logs.plugin_failed
        target = up.targets(dialect.facts(body))[0]
        return await inspect(dialect, target, Exchange(), body, Seal(config.service.receipt_key))


def _as_json(found: Trace) -> JsonObject:
    answer = [_event(one) for one in found.answer]
    return {
        "sent": cast(Json, found.sent),
        "pre": _stages(found.pre),
        "backend": found.backend,
        "reply": cast(Json, found.reply),
        "post": _stages(found.post),
        "client": answer,
        "error": found.error.message if found.error is not None else None,
    }


def _stages(stages: Sequence[Stage]) -> Json:
    return [{"plugin": one.plugin, "texts": cast(Json, one.texts)} for one in stages]


def _event(data: bytes) -> Json:
    """The JSON of an event or a body; `[DONE]` as the text that it is."""
    data = data.removeprefix(b"data: ").strip()
    return data.decode() if data == b"[DONE]" else decode(data)
