"""Fault 45: a fallback to a backend that is trusted less."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from backends.server import Server, serve
from click.testing import CliRunner
from faults.failing import Failing, fine
from faults.house import NAME, PLACEHOLDER, Hide, backend, living
from faults.voices import ANTHROPIC, MODEL, OPENAI, Voice

from pipeline import Exchange, Plugin, Request, Step
from pipeline.cli import privet
from pipeline.setup.config import Config, PipelineConfig, RouteConfig, ServiceConfig, TargetConfig

voices = pytest.mark.parametrize("voice", [OPENAI, ANTHROPIC], ids=lambda one: one.name)
both = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "stream"])


class Mark(Plugin, frozen=True):
    """Labels what says so of itself."""

    def start(self, stack: AsyncExitStack) -> Callable[[Exchange], Step]:
        return _Mark


class _Mark(Step):
    def __init__(self, exchange: Exchange):
        self._exchange = exchange

    def on_request(self, request: Request) -> None:
        if any("SENSITIVE" in one.text for one in request.texts()):
            self._exchange.labels.add("sensitive")


def trusted_first(voice: Voice, house: str, cloud: str, *targets: TargetConfig) -> Config:
    """A backend in the house that gets clear text, and one that does not."""
    return Config(
        path=Path("test.toml"),
        service=ServiceConfig(port=0, log_level="debug"),
        plugins={"hide": Hide(), "mark": Mark()},
        backends={
            "house": backend(voice, house, trust="house"),
            "cloud": backend(voice, cloud),
        },
        pipelines={
            "light": PipelineConfig(pre=["mark"], trust="house", deadline=5),
            "default": PipelineConfig(pre=["mark", "hide"], post=["hide"], deadline=5),
        },
        models={MODEL: RouteConfig(targets=targets, replay=True)},
    )


HOUSE = TargetConfig("house", pipeline="light")
CLOUD = TargetConfig("cloud", pipeline="default")
NOT_CLOUD = TargetConfig("cloud", pipeline="default", without_labels=("sensitive",))


def got(voice: Voice, server: Server) -> list[str]:
    """What a server was asked."""
    return [voice.asked(one.json) for one in server.received]


@pytest.mark.anyio
@voices
@both
async def test_fault_45_a_fallback_to_a_backend_that_is_trusted_less(voice: Voice, streamed: bool):
    first = fine(voice)
    async with (
        serve(first) as one,
        serve(fine(voice)) as two,
        living(trusted_first(voice, one.url, two.url, HOUSE, CLOUD)) as made,
    ):
        outcome = await made.ask(voice, stream=streamed)
        assert (outcome.ended, outcome.text) == ("complete", f"I am {NAME}.")
        assert got(voice, one) == [f"I am {NAME}."], "the control: the house gets clear text"
        assert not two.received
        first.fails = True
        outcome = await made.ask(voice, stream=streamed)
        receipt = await made.receipt(outcome)
    assert (outcome.ended, outcome.text) == ("complete", f"I am {NAME}.")
    assert len(one.received) == 4, "the control, the first try and two retries"
    assert got(voice, two) == [f"I am {PLACEHOLDER}."]
    assert NAME.encode() not in two.received[0].body
    assert (receipt["backend"], receipt["pipeline"]) == ("cloud", "default")


@pytest.mark.anyio
@voices
@both
async def test_fault_45_what_is_sensitive_stays_in_the_house(voice: Voice, streamed: bool):
    failing = Failing(voice)
    async with serve(failing) as one, serve(fine(voice)) as two:
        async with living(trusted_first(voice, one.url, two.url, HOUSE, NOT_CLOUD)) as made:
            outcome = await made.ask(voice, stream=streamed, text="SENSITIVE")
            assert (outcome.status, outcome.ended) == (502, "error")
            assert (len(one.received), len(two.received)) == (3, 0)
            outcome = await made.ask(voice, stream=streamed)
            assert outcome.ended == "complete"
            assert got(voice, two) == [f"I am {PLACEHOLDER}."], "the control"
        failing.fails = False
        async with living(trusted_first(voice, one.url, two.url, NOT_CLOUD, HOUSE)) as made:
            outcome = await made.ask(voice, stream=streamed, text="SENSITIVE")
            assert outcome.ended == "complete"
    assert got(voice, one)[-1] == "I am SENSITIVE."
    assert len(two.received) == 1


CHECKED = """
[backends.house]
type = "echo"
trust = "house"
[backends.cloud]
type = "echo"
[pipelines.light]
trust = "house"
[pipelines.default]
pre = ["pii"]
post = ["pii"]
[pipelines.raw]
[models.m]
targets = [{ backend = "house", pipeline = "%s" }, { backend = "cloud", pipeline = "%s" }]
"""


@pytest.mark.parametrize(
    ("first", "second", "says"),
    [
        ("light", "default", "is fine"),
        ("light", "light", "but pipeline `light` redacts for `house` alone"),
        ("default", "raw", "a fallback to backend `cloud` would go out without `pii`"),
    ],
)
def test_fault_45_check_refuses_what_would_weaken_it(
    tmp_path: Path, first: str, second: str, says: str
):
    path = tmp_path / "config.toml"
    path.write_text(CHECKED % (first, second))
    result = CliRunner().invoke(privet, ["check", "--config", str(path)])
    assert (result.exit_code == 0) == (says == "is fine")
    assert says in result.output
