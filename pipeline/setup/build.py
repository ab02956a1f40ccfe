"""From a configuration to running pipelines.

Every plugin and backend lives in a task of its own: there it starts, waits until the service stops,
and is closed. So all of them start at the same time, and each may keep task groups open.
"""

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Protocol, TypeAlias, TypeVar, cast

import anyio
from anyio.abc import TaskStatus
from anyio.lowlevel import checkpoint_if_cancelled
from msgspec import Struct, field

from pipeline.backends.turns import Turns
from pipeline.core.backend import Backend, Upstream
from pipeline.core.catalog import ModelInfo
from pipeline.core.chain import Chain, Link
from pipeline.core.dialect import Facts
from pipeline.core.errors import PrivetError
from pipeline.core.exchange import Exchange
from pipeline.core.plugin import Maybe, Plugin, Step
from pipeline.core.target import Target
from pipeline.core.watch import Watch
from pipeline.dialects.translation import translated
from pipeline.setup.config import Config, PipelineConfig
from pipeline.setup.environment import join
from pipeline.setup.problems import ConfigError, Problems, divided
from pipeline.setup.routes import targets
from pipeline.setup.ways import Ways

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Make: TypeAlias = Callable[[Exchange], Step]
"""Makes a plugin's step for an exchange."""

_CLOSING_TIME = 10.0
"""Seconds that a plugin or backend has to close what it opened."""


class Running(Struct, frozen=True):
    """A started configuration."""

    config: Config
    chains: Mapping[str, Chain]
    upstreams: Mapping[str, Upstream]
    backends: Mapping[str, Backend]
    watch: Watch
    ways: Ways
    since: float = field(default_factory=time.time)

    def targets(self, facts: Facts, session: str | None = None) -> list[Target]:
        """Where a request may go, in the order to try.

        Raises UnknownModel, and BadRequest if it needs what no backend of its model can do.
        """
        return self.ways.find(facts, session)

    def observing(self) -> list[str]:
        """The pipelines that only observe, and send clear text."""
        return [name for name, chain in self.chains.items() if chain.observe]

    def models(self) -> dict[str, list[ModelInfo]]:
        """The models that clients may be told of, those that the configuration names exactly, each
        with what is known of its targets.
        """
        return {
            name: [way.target.info for way in ways]
            for name, ways in self.ways.of.items()
            if "*" not in name
        }


@asynccontextmanager
async def running(
    config: Config, turns: Mapping[str, Turns] | None = None
) -> AsyncGenerator[Running]:
    """Start what the routes of `config` lead to; all of it is closed in the end. `turns` are those
    at backends that other processes share.

    Raises ConfigError, with every plugin and backend that did not start.
    """
    ends = [one for name in config.models for one in targets(config.models, name)]
    pipelines = {end.pipeline: config.pipelines[end.pipeline] for end in ends}
    listed = {name for one in pipelines.values() for name in (*one.pre, *one.post)}
    backends = {end.backend: config.backends[end.backend] for end in ends}
    house = _House(Problems(str(config.path)))
    failure: Exception | None = None
    async with anyio.create_task_group() as tasks:
        try:
            async with anyio.create_task_group() as starting:
                for name in listed:
                    starting.start_soon(tasks.start, house.plugin, name, config.plugins[name])
                for name, backend in backends.items():
                    starting.start_soon(tasks.start, house.backend, name, backend)
            house.check()
            watch = Watch()
            chains = {name: _chain(one, house.makes, watch) for name, one in pipelines.items()}
            upstreams = {
                name: translated(one, backends[name].dialects)
                for name, one in house.upstreams.items()
            }
            ways = Ways(config, chains, upstreams, turns)
            yield Running(config, chains, upstreams, backends, watch, ways)
        except Exception as error:
            # Raised below, where the task group does not wrap it.
            failure = error
        finally:
            house.stop.set()
    if failure is not None:
        raise failure


class _House:
    """Where plugins and backends live."""

    def __init__(self, problems: Problems):
        self.makes: dict[str, Make] = {}
        self.upstreams: dict[str, Upstream] = {}
        self.stop = anyio.Event()
        self._problems = problems

    def check(self) -> None:
        """Raise ConfigError if anything did not start."""
        if self._problems.found:
            raise ConfigError(self._problems.found)

    async def plugin(self, name: str, plugin: Plugin, *, task_status: TaskStatus[None]) -> None:
        """Run a plugin from its start to its end."""
        await self._live(join("plugins", name), name, plugin, self.makes, task_status)

    async def backend(self, name: str, backend: Backend, *, task_status: TaskStatus[None]) -> None:
        """Run a backend from its start to its end."""
        await self._live(join("backends", name), name, backend, self.upstreams, task_status)

    async def _live(
        self,
        place: str,
        name: str,
        part: "_Starts[T]",
        keep: dict[str, T],
        task_status: TaskStatus[None],
    ) -> None:
        with anyio.CancelScope() as scope:
            async with AsyncExitStack() as stack:
                try:
                    keep[name] = await _result(part.start(stack))
                except Exception as error:
                    self._report(place, error)
                task_status.started()
                # A start may have swallowed its cancellation, as threads do.
                await checkpoint_if_cancelled()
                # What was started is closed properly even if the service is cancelled.
                scope.shield = True
                await self.stop.wait()
                scope.deadline = anyio.current_time() + _CLOSING_TIME

    def _report(self, place: str, error: Exception) -> None:
        # Any other message may quote an option, and options may be secrets.
        safe = isinstance(error, PrivetError)
        message = error.message if safe else f"it raised {type(error).__name__}"
        what, remedy = divided(message, "check its options, and what it needs")
        self._problems.error(place, f"could not start: {what}", remedy)


class _Starts(Protocol[T_co]):
    """What plugins and backends have in common."""

    def start(self, stack: AsyncExitStack, /) -> Maybe[T_co]:
        """Open what is needed; the stack closes it."""
        ...


async def _result(found: Maybe[T]) -> T:
    return await cast(Awaitable[T], found) if isinstance(found, Awaitable) else found


def _chain(pipeline: PipelineConfig, makes: Mapping[str, Make], watch: Watch) -> Chain:
    pre, post = pipeline.pre, pipeline.post
    links = {
        name: Link(name, makes[name], pre=name in pre, post=name in post) for name in (*pre, *post)
    }
    return Chain(
        pre=[links[name] for name in pre],
        post=[links[name] for name in post],
        watch=watch,
        uninspected=pipeline.policies,
        timeout=pipeline.plugin_timeout,
        observe=pipeline.observe,
    )
