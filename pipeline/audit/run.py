"""An audit from its start to its end: the service with the user's configuration, and no backend.

It is the service that `privet serve` runs, on a free port of loopback. Only its backends are other
ones: they lead to a recorder. Each pipeline has a twin without the plugins of `pre` beside it, the
control.
"""

import logging
import signal
import time
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import anyio
import httpx
from msgspec.structs import replace

from pipeline.audit.attempts import Attempts
from pipeline.audit.canaries import ALWAYS, CONTROL, ENTITIES, Aviary, Canary
from pipeline.audit.client import client
from pipeline.audit.control import blind_positions, blind_spots
from pipeline.audit.outside import failures, odd_requests, other_exchanges, pages
from pipeline.audit.positions import Sample
from pipeline.audit.recorder import Recorder
from pipeline.audit.report import Pipeline, Report, Row, worst
from pipeline.audit.rounds import Round, Subject
from pipeline.audit.shapes import HARMLESS, Chat, Shape, shapes
from pipeline.audit.surroundings import Surroundings, surroundings
from pipeline.backends.anthropic import Anthropic
from pipeline.backends.openai import OpenAI
from pipeline.core.backend import Backend
from pipeline.core.jsonvalue import JsonObject, encode
from pipeline.core.plugin import Plugin
from pipeline.service.logs import where
from pipeline.service.serve import serve
from pipeline.setup.build import Running
from pipeline.setup.config import Config, PipelineConfig, RouteConfig, TargetConfig
from pipeline.setup.routes import targets

_APART = 10_000
"""Between the numbers of two pipelines' canaries."""

_LONGEST = 900.0
"""Seconds after which an audit gives up."""


class CannotRun(Exception):
    """There is nothing to be said about the configuration; the message says why, and the remedy."""


def audit(config: Config, entities: Iterable[str] = ()) -> Report:
    """Audit every pipeline that a route of `config` leads to.

    `entities` are the canaries to use, if not those that everybody needs and those that the
    configuration looks for. Raises CannotRun, or ConfigError if a plugin does not start. Needs the
    main thread.
    """
    report = Report()
    failed: list[Exception] = []
    began = time.monotonic()
    with Recorder() as recorder, surroundings(config.path) as around:
        made = _Audit(config, recorder, around, report, list(entities))

        async def run(up: Running, url: str) -> None:
            try:
                with anyio.fail_after(_LONGEST):
                    await made.run(url)
                made.finished = True
            except Exception as error:
                failed.append(error)
            async with client(url) as asking:
                if not await asking.is_stopping():
                    # As an operator does it; a second signal would end this process at once.
                    signal.raise_signal(signal.SIGTERM)

        serve(made.config, run)
        made.look_around()
    if not made.finished:
        raise _reason(failed[0] if failed else None)
    report.seconds = round(time.monotonic() - began, 1)
    return report


class _Part(NamedTuple):
    """A pipeline, the dialects that its backends can be asked in, and the canaries that its plugins
    look for.
    """

    number: int
    name: str
    config: PipelineConfig
    dialects: list[str]
    looked_for: list[str]


class _Audit:
    def __init__(
        self,
        config: Config,
        recorder: Recorder,
        around: Surroundings,
        report: Report,
        entities: list[str],
    ):
        self._recorder = recorder
        self._around = around
        self._report = report
        self._entities = entities
        self._samples = [(one, Sample(one)) for one in shapes()]
        self._canaries: list[Canary] = []
        self._attempts: Attempts | None = None
        self._before = 0
        self.finished = False
        names = dict.fromkeys(end.pipeline for end in _ends(config))
        pipelines = {name: config.pipelines[name] for name in names}
        self._parts = [
            _Part(number, name, one, _asked(config, name), _looked_for(config.plugins, one))
            for number, (name, one) in enumerate(pipelines.items())
        ]
        self.config = _audited(config, pipelines, recorder.url)

    async def run(self, url: str) -> None:
        """Do all that needs the service to run."""
        # What a library logs is cut down by the service; here even its least important records.
        logging.getLogger().setLevel(logging.DEBUG)
        for ours in ("httpx", "httpcore"):
            logging.getLogger(ours).setLevel(logging.WARNING)
        async with self._recorder.serving(), client(url) as asking:
            for part in self._parts:
                await self._control(part, Attempts(asking, self._recorder))
            self._before = len(self._around.output())
            self._attempts = Attempts(asking, self._recorder)
            for part in self._parts:
                await self._pipeline(part, self._attempts)
            await pages(self._attempts, self._canaries)
            self._look_at_files(self._attempts)

    def look_around(self) -> None:
        """Look at what is left once the service has stopped."""
        attempts = self._attempts
        if attempts is None:
            return
        self._look_at_files(attempts)
        output = self._around.output()[self._before :]
        lines = output.count(b"\n")
        attempts.look("log and output", output, self._canaries, "the log", lines)
        self._report.spots = [*attempts.spots.values()]

    async def _control(self, part: _Part, attempts: Attempts) -> None:
        aviary = Aviary(self._used(part), CONTROL + part.number * _APART)
        for shape, sample in self._samples_of(part):
            subject = Subject(_model("control", shape, part.number), {})
            twin = Round(attempts, shape, sample, aviary, subject, control=True)
            self._report.blind += await blind_positions(twin)
        if part.number == 0:
            model = _model("control", self._samples[0][0], 0)
            self._report.blind += await blind_spots(attempts, aviary, model, self._around)

    async def _pipeline(self, part: _Part, attempts: Attempts) -> None:
        aviary = Aviary(self._used(part), part.number * _APART)
        for shape, sample in self._samples_of(part):
            subject = Subject(_model("audit", shape, part.number), part.config.policies)
            first = shape is self._samples[0][0]
            if isinstance(shape, Chat):
                await self._check_open(subject, part.name, attempts, shape)
            # One protocol of chat is as good as another for what they have in common.
            thorough = first or not isinstance(shape, Chat)
            tried = Round(attempts, shape, sample, aviary, subject, thorough=thorough)
            rows = [row async for row in tried.positions()]
            spellings = [one async for one in tried.spellings()] if thorough else []
            if first:
                rows += [row async for row in odd_requests(attempts, aviary, subject.model)]
                await failures(attempts, aviary, subject.model)
                await other_exchanges(attempts, aviary, subject.model)
            unasked = [one for one in aviary.entities if one not in part.looked_for]
            name, observes = shape.dialect.name, part.config.observe
            found = _merged(rows)
            self._report.pipelines.append(
                Pipeline(part.name, name, unasked, observes, tried.singly, found, spellings)
            )
        self._canaries += [one.whole for one in aviary.made]

    def _samples_of(self, part: _Part) -> Iterable[tuple[Shape, Sample]]:
        return [one for one in self._samples if one[0].dialect.name in part.dialects]

    def _used(self, part: _Part) -> list[str]:
        return self._entities or [*ALWAYS, *part.looked_for]

    async def _check_open(
        self, subject: Subject, name: str, attempts: Attempts, shape: Shape
    ) -> None:
        """A pipeline that refuses everything would leak nothing, and show nothing."""
        self._recorder.take()
        body: JsonObject = {"model": subject.model, **shape.saying([HARMLESS])}
        answer = await attempts.client.post(shape.path, encode(body))
        if answer.is_error or not self._recorder.take():
            raise CannotRun(
                f"the pipeline `{name}` refuses a harmless message with status {answer.status}, so "
                "that nothing can be learnt from what it refuses; try it with `privet run Hello`"
            )

    def _look_at_files(self, attempts: Attempts) -> None:
        for path, content in self._around.files():
            attempts.look("files", content, self._canaries, path.name)
        attempts.spots["files"].partial |= self._around.partial


def _ends(config: Config) -> list[TargetConfig]:
    return [one for name in config.models for one in targets(config.models, name)]


def _audited(config: Config, pipelines: Mapping[str, PipelineConfig], url: str) -> Config:
    """The configuration with the recorder behind it, and a control beside each pipeline."""
    models: dict[str, RouteConfig] = {}
    backends: dict[str, Backend] = {}
    twins: dict[str, PipelineConfig] = {}
    for number, (name, pipeline) in enumerate(pipelines.items()):
        end = next(one for one in _ends(config) if one.pipeline == name)
        twin = f"{name} (control)"
        twins |= {name: pipeline, twin: replace(pipeline, pre=())}
        for shape, backend in _recorded(config.backends[end.backend], url):
            key = f"audit-{number}-{shape.dialect.name}"
            backends[key] = backend
            models[_model("audit", shape, number) + "*"] = RouteConfig(key, name)
            models[_model("control", shape, number) + "*"] = RouteConfig(key, twin)
    service = replace(
        config.service, host="127.0.0.1", port=0, workers=1, log_level="debug", demo="", grace=5.0
    )
    return replace(config, service=service, backends=backends, pipelines=twins, models=models)


def _asked(config: Config, pipeline: str) -> list[str]:
    """What the backends behind a pipeline can be asked in: chat, which is translated for them if
    need be, and whatever else they speak.
    """
    backends = [config.backends[one.backend] for one in _ends(config) if one.pipeline == pipeline]
    spoken = set[str]().union(*(one.dialects for one in backends))
    return [
        one.dialect.name for one in shapes() if isinstance(one, Chat) or one.dialect.name in spoken
    ]


def _recorded(backend: Backend, url: str) -> Iterable[tuple[Shape, Backend]]:
    """For each protocol a backend that leads to the recorder, as near to the configured one as can
    be: what would be translated for it is asked as it is.
    """
    for shape in shapes():
        kind = Anthropic if shape.dialect.name == "anthropic" else OpenAI
        base = url if kind is OpenAI else url.removesuffix("/v1")
        if isinstance(backend, kind):
            yield shape, replace(backend, url=base, key=None, key_file=None, ca=None)
        else:
            yield shape, kind(url=base)


def _model(kind: str, shape: Shape, number: int) -> str:
    return f"{kind}-{shape.dialect.name}-{number}/model"


def _looked_for(plugins: Mapping[str, Plugin], pipeline: PipelineConfig) -> list[str]:
    """The canaries that plugins of `pre` look for, by what their options call that."""
    names: set[object] = set()
    for name in pipeline.pre:
        for option in ("entities", "kinds"):
            names.update(getattr(plugins[name], option, ()))
    return [one for one in ENTITIES if one in names]


def _merged(rows: Iterable[Row]) -> list[Row]:
    """One row for each canary at each position, with the worst that became of it."""
    same: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        same.setdefault((row.position, row.canary), []).append(row)
    return [
        replace(found[0], outcome=worst(one.outcome for one in found)) for found in same.values()
    ]


def _reason(error: Exception | None) -> Exception:
    """What to tell of an audit that broke down; another error's message may quote anything."""
    if isinstance(error, CannotRun):
        return error
    if error is None or isinstance(error, httpx.HTTPError):
        return CannotRun("the service was stopped before the audit's end; run it again")
    what = f"{type(error).__qualname__} at {where(error)}"
    return CannotRun(f"the audit broke down with {what}; report it with your configuration")
