import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import cast

import anyio
import anyio.to_thread
import pytest
from setup_samples import Meets, Mirror, Tidy

from pipeline import Plugin, Step
from pipeline.core.dialect import Facts
from pipeline.core.errors import UnknownModel
from pipeline.core.exchange import Exchange
from pipeline.setup.build import running
from pipeline.setup.config import Config, PipelineConfig, RouteConfig, ServiceConfig
from pipeline.setup.discover import Installed
from pipeline.setup.load import load
from pipeline.setup.problems import ConfigError

pytestmark = pytest.mark.anyio

Configure = Callable[[str], Config]

BASE = """
[backends.local]
type = "mirror"
[models]
"gpt-*" = { backend = "local", model = "llama3" }
exact = { backend = "local" }
[pipelines.default]
"""


@pytest.fixture
def configure(write: Callable[[str], Path], found: Installed) -> Configure:
    """The configuration that a text describes."""
    return lambda text: load(write(text), found, {})


async def test_a_model_leads_to_its_target(configure: Configure):
    config = configure(
        BASE + 'pre = ["pre", "both"]\npost = ["both", "post"]\nuninspected = ["audio"]\n'
        "deadline = 9\nplugin_timeout = 3"
    )
    async with running(config) as up:
        target = up.targets(Facts("gpt-4", False))[0]
        assert (target.route, target.pipeline, target.backend) == ("gpt-*", "default", "local")
        assert (target.model, target.deadline, target.streams) == ("llama3", 9, "both")
        assert target.upstream is up.upstreams["local"]
        assert target.chain is up.chains["default"]
        assert target.chain.watch is up.watch
        assert target.chain.timeout == 3
        assert target.chain.uninspected == {"audio": "pass"}
        assert [link.name for link in target.chain.pre] == ["pre", "both"]
        assert [link.name for link in target.chain.post] == ["both", "post"]
        both = target.chain.pre[1]
        assert both is target.chain.post[0]
        assert (both.pre, both.post) == (True, True)
        assert (target.chain.pre[0].pre, target.chain.pre[0].post) == (True, False)
        assert both.make(Exchange()) is not both.make(Exchange())
        assert (target.configured_model, target.chain.observe) == ("llama3", False)
        assert up.targets(Facts("exact", False))[0].model == "exact"
        assert list(up.models()) == ["exact"]
        assert isinstance(up.backends["local"], Mirror)
        with pytest.raises(UnknownModel):
            up.targets(Facts("other", False))[0]


async def test_a_name_that_the_client_chose_is_not_shown(configure: Configure):
    async with running(configure(BASE.replace(', model = "llama3"', ""))) as up:
        assert up.targets(Facts("gpt-anna.berg", False))[0].model == "gpt-anna.berg"
        assert up.targets(Facts("gpt-anna.berg", False))[0].configured_model == "*"


async def test_a_pipeline_may_only_observe(configure: Configure):
    config = configure(BASE + "observe = true\ni_accept_clear_text = true")
    async with running(config) as up:
        assert up.targets(Facts("exact", False))[0].chain.observe


async def test_everything_starts_at_the_same_time(configure: Configure):
    Meets.here, Meets.met = 0, anyio.Event()
    config = configure(
        BASE + 'pre = ["a", "b"]\n[plugins.a]\ntype = "meets"\n[plugins.b]\ntype = "meets"'
    )
    with anyio.fail_after(5):
        async with running(config):
            assert Meets.here == 2


async def test_a_profile_in_two_pipelines_is_started_once(configure: Configure):
    config = configure(
        BASE.replace("exact = {", 'exact = { pipeline = "other",')
        + 'pre = ["tidy"]\n[pipelines.other]\npre = ["tidy"]'
    )
    Tidy.closed.clear()
    async with running(config) as up:
        assert up.chains["default"].pre[0].make == up.chains["other"].pre[0].make
    assert Tidy.closed == ["closed"]


async def test_what_no_model_leads_to_is_not_started(configure: Configure):
    config = configure(BASE + '[pipelines.spare]\npre = ["broken"]')
    async with running(config) as up:
        assert list(up.chains) == ["default"]


async def test_all_that_does_not_start_is_named_without_values(configure: Configure):
    config = configure(
        BASE + 'pre = ["broken", "missing", "tidy"]\n[plugins.broken]\nword = "canary-value"'
    )
    Tidy.closed.clear()
    with pytest.raises(ConfigError) as caught:
        async with running(config):
            raise AssertionError
    messages = sorted(map(str, caught.value.problems))
    assert messages == [
        f"{config.path}: plugins.broken: could not start: it raised ValueError; "
        "check its options, and what it needs",
        f"{config.path}: plugins.missing: could not start: the model is not there; fetch it",
    ]
    assert Tidy.closed == ["closed"]


async def test_a_failure_inside_comes_out_as_it_is(configure: Configure):
    Tidy.closed.clear()
    with pytest.raises(KeyError):
        async with running(configure(BASE + 'pre = ["tidy"]')):
            raise KeyError
    assert Tidy.closed == ["closed"]


async def test_what_was_started_is_closed_even_when_cancelled(configure: Configure):
    Tidy.closed.clear()
    with anyio.CancelScope() as scope:
        async with running(configure(BASE + 'pre = ["tidy"]')):
            scope.cancel()
            await anyio.sleep_forever()
    assert Tidy.closed == ["closed"]


async def test_a_start_that_hangs_can_be_cancelled(configure: Configure):
    Meets.here, Meets.met = 0, anyio.Event()
    with anyio.move_on_after(0.05) as scope:
        async with running(configure(BASE + 'pre = ["meets"]')):
            raise AssertionError
    assert scope.cancelled_caught


async def test_a_plugin_that_needs_nothing_is_its_own_step(configure: Configure):
    async with running(configure(BASE + 'pre = ["pre"]')) as up:
        made = up.chains["default"].pre[0].make(Exchange())
        assert cast(object, made) is up.config.plugins["pre"]


async def test_a_start_that_ignores_cancellation_is_not_waited_for_twice():
    """A thread cannot be cancelled; what it has started is closed when it comes back."""
    closed: list[str] = []

    class Threaded(Plugin, frozen=True):
        async def start(self, stack: AsyncExitStack) -> Callable[[Exchange], Step]:
            stack.callback(closed.append, "threaded")
            await anyio.to_thread.run_sync(time.sleep, 0.3)
            return lambda _: Step()

    class Hangs(Plugin, frozen=True):
        async def start(self, stack: AsyncExitStack) -> Callable[[Exchange], Step]:
            await anyio.sleep_forever()
            raise AssertionError

    config = Config(
        path=Path("test.toml"),
        service=ServiceConfig(),
        plugins={"threaded": Threaded(), "hangs": Hangs()},
        backends={"local": Mirror()},
        pipelines={"default": PipelineConfig(pre=["threaded", "hangs"])},
        models={"*": RouteConfig(backend="local")},
    )
    with anyio.fail_after(5), anyio.move_on_after(0.1):
        async with running(config):
            raise AssertionError("it cannot have started")
    assert closed == ["threaded"]
