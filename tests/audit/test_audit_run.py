"""Whole audits, of pipelines that leak on purpose."""

import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from pipeline import Channel, Exchange, Plugin, Rejected, Request, Step, TextFilter, Whole
from pipeline.audit.positions import Sample
from pipeline.audit.recorder import Received, Recorder
from pipeline.audit.report import Report
from pipeline.audit.run import CannotRun, audit
from pipeline.audit.shapes import Shape
from pipeline.audit.surroundings import Surroundings
from pipeline.backends.anthropic import Anthropic
from pipeline.backends.echo import Echo
from pipeline.setup.config import Config, PipelineConfig, RouteConfig

MAIL = "leak.example.com"
METADATA = {"metadata.value", "metadata.filler", "metadata.nobody_knows[0]", "metadata.*"}


class FewPositions(Sample):
    """A sample of which only some positions are tried, to save time."""

    def __init__(self, shape: Shape):
        super().__init__(shape)
        some = (
            *("messages[0].content", "messages[2].tool_calls[0]", "metadata", "stop", "tools[0]"),
            *("input", "user"),
        )
        self.positions = [one for one in self.positions if one.place.path.startswith(some)]


@pytest.fixture(autouse=True)
def few_positions(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command's own tests try all."""
    monkeypatch.setattr("pipeline.audit.run.Sample", FewPositions)


class Hides(Plugin, frozen=True):
    """Hides every text, but for those below `but`, and refuses what it cannot hide."""

    but: str = "nowhere"

    def on_request(self, request: Request) -> None:
        for one in request.texts():
            if not one.path.startswith(self.but):
                one.text = "hidden"
        for one in request.fixed():
            if MAIL in one.text and not one.path.startswith(self.but):
                raise Rejected(f"{one.path}: not this; leave it out")


class Careless(Hides, frozen=True):
    """Hides all of it, and leaves what it has hidden lying about."""

    folder: str = ""

    def on_request(self, request: Request) -> None:
        for one in (*request.texts(), *request.fixed()):
            if MAIL not in one.text:
                continue
            sys.stdout.write(f"{one.text}\n")
            with closing(sqlite3.connect(Path(self.folder, "cache.db"))) as database, database:
                database.execute("CREATE TABLE IF NOT EXISTS seen (text TEXT)")
                database.execute("INSERT INTO seen VALUES (?)", (one.text,))
            with tempfile.NamedTemporaryFile("w", delete=False) as file:
                file.write(one.text)
            if one.text.startswith("Write to") and request.texts()[-1] is one:
                raise Rejected(f"this is not allowed: {one.text}")
        super().on_request(request)


class Remembers(Hides, frozen=True, kw_only=True):
    """Hides all of it, and tells the next client what the last one said."""

    last: list[str]

    def on_request(self, request: Request) -> None:
        self.last[:] = [*self.last[-1:], request.texts()[0].text]
        super().on_request(request)

    def on_text(self, channel: Channel) -> TextFilter | None:
        return Whole(lambda text: text + "".join(self.last))


class Notes(Step):
    """Notes down what it has hidden."""

    def __init__(self, exchange: Exchange):
        self._receipt = exchange.receipt

    def on_request(self, request: Request) -> None:
        for one in request.texts():
            self._receipt.found(one, one.text, "replace")
        Hides().on_request(request)


class Talks(Plugin, frozen=True):
    """Hides all of it, and tells the receipt what it was."""

    step = Notes

    def start(self, stack: AsyncExitStack) -> Callable[[Exchange], Step]:
        return Notes


class RefusesAll(Plugin, frozen=True):
    """Lets nothing through."""

    def on_request(self, request: Request) -> None:
        raise Rejected("no; send nothing")


class Fails(Plugin, frozen=True):
    """Cannot work on what it should hide."""

    def on_request(self, request: Request) -> None:
        for one in request.texts():
            if MAIL in one.text:
                raise ValueError(one.text)


def config(folder: Path, *plugins: Plugin, **options: object) -> Config:
    """A configuration with these plugins in both lists, if they have both sides."""
    named = {type(one).__name__.lower(): one for one in plugins}
    post = [name for name, one in named.items() if "post" in one.sides()]
    return Config(
        path=folder / "config.toml",
        plugins=named,
        backends={"local": Echo()},
        pipelines={"default": PipelineConfig(pre=[*named], post=post, **options)},  # type: ignore[arg-type]
        models={"*": RouteConfig(backend="local")},
    )


def run(made: Config, *entities: str) -> Report:
    return audit(made, entities or ["EMAIL_ADDRESS"])


def leaks(report: Report) -> set[str]:
    return {row.position for row in report.pipelines[0].rows if row.outcome == "leaked"}


def spots(report: Report) -> set[str]:
    return {one.name for one in report.spots if one.leaks}


def outcomes(report: Report) -> set[str]:
    return {row.outcome for row in report.pipelines[0].rows}


def test_a_pipeline_that_hides_everything_leaks_nothing(tmp_path: Path):
    report = run(config(tmp_path, Hides()))
    assert (report.blind, leaks(report), spots(report)) == ([], set(), set())
    assert report.code() == 0
    assert outcomes(report) == {"hidden", "refused"}
    assert report.visible() == 0
    seen = {one.name: one.seen for one in report.spots}
    assert all(seen[name] for name in seen if name != "files"), seen


def test_a_hole_is_found_where_it_is(tmp_path: Path):
    report = run(config(tmp_path, Hides(but="metadata")))
    assert leaks(report) == METADATA
    assert report.code() == 1
    # A place that must not be rewritten, and is alone in its request.
    report = run(config(tmp_path, Hides(but="tools[0].function.name")))
    assert leaks(report) == {"tools[0].function.name"}


def embedded(report: Report) -> dict[str, str]:
    """What became of each position of a request for embeddings."""
    [found] = [one for one in report.pipelines if one.dialect == "openai-embeddings"]
    assert len(found.spellings) > 20, "in every encoding"
    return {row.position: row.outcome for row in found.rows}


INPUT = {"input[0]", "input[1][0]", "input[2].text", "input[2].nobody_knows[0]"}


def test_embeddings_are_tried_too(tmp_path: Path):
    found = embedded(run(config(tmp_path, Hides())))
    assert found.keys() > INPUT
    assert {one: found[one] for one in INPUT} == dict.fromkeys(INPUT, "hidden")
    fixed = {"input[2].*", "input (tokens)", "input[] (tokens)"}
    assert {one: found[one] for one in fixed} == dict.fromkeys(fixed, "refused")
    report = run(config(tmp_path, Hides(but="input")))
    assert {one for one, outcome in embedded(report).items() if outcome == "leaked"} == {
        *INPUT,
        "input[2].*",
    }
    assert leaks(report) == set(), "chat is another matter"
    assert (report.code(), report.visible()) == (1, 25)


def test_a_backend_without_embeddings_is_not_asked_for_them(tmp_path: Path):
    made = replace(config(tmp_path, Hides()), backends={"local": Anthropic(key="none")})
    report = run(made)
    assert [one.dialect for one in report.pipelines] == ["openai", "anthropic"]
    assert report.code() == 0


def test_what_is_left_lying_about_is_found(tmp_path: Path):
    report = run(config(tmp_path, Careless(folder=str(tmp_path))))
    assert leaks(report) == set()
    assert spots(report) == {"error bodies", "log and output", "files"}
    files = next(one for one in report.spots if one.name == "files")
    assert {one.partition(":")[0] for one in files.leaks} > {"cache.db"}
    assert report.code() == 1


def test_what_another_client_gets_is_found(tmp_path: Path):
    report = run(config(tmp_path, Remembers(last=[])))
    # What a backend says of an error goes through the same filters.
    assert (leaks(report), spots(report)) == (set(), {"other exchanges", "error bodies"})


def test_what_a_receipt_tells_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    report = run(config(tmp_path, Talks()))
    # Receipts keep no texts, whatever a plugin reports …
    assert (leaks(report) & METADATA, spots(report)) == (set(), set())
    # … and if they did, it would be seen.
    monkeypatch.setattr("pipeline.core.receipt._checked", lambda given, _: str(given))
    assert spots(run(config(tmp_path, Talks()))) == {"receipts"}


def test_content_that_may_pass_is_told_from_a_leak(tmp_path: Path):
    report = run(config(tmp_path, Hides(), uninspected=["images"]))
    passed = {row.label for row in report.pipelines[0].rows if row.outcome == "passed"}
    assert passed == {
        "messages[].content[].image_url.url (images)",
        "messages[].content[].image_url (images)",
        "messages[].content[].source.data (images)",
    }
    assert (report.code(), report.code(strict=True)) == (0, 1)


def test_clear_text_is_a_leak_even_if_it_is_meant(tmp_path: Path):
    report = run(config(tmp_path, Hides(), observe=True, i_accept_clear_text=True))
    assert report.pipelines[0].observes
    assert report.code() == 1
    assert "messages[0].content" in leaks(report)


def test_a_pipeline_that_refuses_everything_shows_nothing(tmp_path: Path):
    with pytest.raises(CannotRun, match="`default` refuses a harmless message with status 400"):
        run(config(tmp_path, RefusesAll()))


def test_a_service_that_fails_tells_nothing(tmp_path: Path):
    report = run(config(tmp_path, Fails()))
    assert spots(report) == set()
    assert {row.outcome for row in report.pipelines[0].rows if row.label == "stop[]"} == {"failed"}
    # It says nothing about fixed places, so the names of tools leak.
    assert report.code() == 1


def test_a_refusal_does_not_hide_other_positions(tmp_path: Path):
    class Picky(Hides, frozen=True):
        def on_request(self, request: Request) -> None:
            if any(MAIL in one.text for one in request.texts() if one.path.startswith("stop")):
                raise Rejected("stop: not here; leave it out")
            super().on_request(request)

    report = run(config(tmp_path, Picky(but="metadata")))
    assert leaks(report) == METADATA
    rows = {row.position: row.outcome for row in report.pipelines[0].rows}
    assert report.pipelines[0].singly
    assert rows["stop[0]"] == "refused"
    assert rows["messages[0].content"] == "hidden"


def test_each_pipeline_is_audited(tmp_path: Path):
    made = config(tmp_path, Hides())
    pipelines = {"open": PipelineConfig(), "unused": PipelineConfig(), **made.pipelines}
    models = {"a": RouteConfig(backend="local", pipeline="open"), **made.models}
    both = Config(made.path, made.service, made.plugins, made.backends, pipelines, models)
    report = run(both)
    found = {one.name: {row.outcome for row in one.rows} for one in report.pipelines}
    assert found.keys() == {"open", "default"}
    assert "leaked" in found["open"]
    assert "leaked" not in found["default"]


@pytest.fixture
def dull(monkeypatch: pytest.MonkeyPatch) -> None:
    """Break what the audit looks with."""
    monkeypatch.setattr(Surroundings, "output", lambda _: b"")
    monkeypatch.setattr(Surroundings, "files", lambda _: iter(()))


def test_an_audit_that_cannot_see_around_it_says_so(tmp_path: Path, dull: None):
    report = run(config(tmp_path, Hides()))
    assert {one.partition(" (")[0] for one in report.blind} == {
        "the log",
        "what Python prints",
        "what child processes print",
        "files",
        "databases",
    }
    assert report.code() == 2


def test_an_audit_that_cannot_see_the_backend_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    take = Recorder.take

    def blind(self: Recorder) -> list[Received]:
        return [Received(b"", one.body[:40]) for one in take(self)]

    monkeypatch.setattr(Recorder, "take", blind)
    report = run(config(tmp_path, Hides()))
    assert {"metadata.value (EMAIL_ADDRESS)", "input[0] (EMAIL_ADDRESS)"} < {*report.blind}
    assert "headers to the backend (EMAIL_ADDRESS)" in report.blind
    assert report.code() == 2


def test_nothing_is_left_behind(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    folder = tempfile.gettempdir()
    before = set(listed(Path(folder)))
    run(config(tmp_path, Hides()))
    assert tempfile.gettempdir() == folder
    assert not {one for one in set(listed(Path(folder))) - before if one.startswith("privet-")}
    sys.stdout.write("after\n")
    assert capfd.readouterr().out == "after\n"


def listed(folder: Path) -> Iterator[str]:
    return (one.name for one in folder.iterdir())
