"""A configuration in the making: what is broken is still known by name."""

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from pipeline.core.backend import Backend
from pipeline.core.plugin import Plugin
from pipeline.setup.config import Config, PipelineConfig, RouteConfig, ServiceConfig
from pipeline.setup.environment import join

T = TypeVar("T")


class Draft(Struct):
    """The parts of a configuration. None stands for one that is there, but of which an error has
    been reported, so that nothing more need be said about it.
    """

    path: Path
    service: ServiceConfig | None
    plugins: dict[str, Plugin | None]
    backends: dict[str, Backend | None]
    pipelines: dict[str, PipelineConfig | None]
    models: dict[str, RouteConfig | None]

    def listings(self) -> Iterator[tuple[str, str]]:
        """Each plugin in the lists of each pipeline: its place, and its name."""
        for name, pipeline in self.pipelines.items():
            if pipeline is None:
                continue
            for side, names in (("pre", pipeline.pre), ("post", pipeline.post)):
                for index, plugin in enumerate(names):
                    yield f"{join('pipelines', name)}.{side}[{index}]", plugin

    def finish(self) -> Config:
        """The configuration, when nothing in it is broken."""
        return Config(
            path=self.path,
            service=self.service or ServiceConfig(),
            plugins=_made(self.plugins),
            backends=_made(self.backends),
            pipelines=_made(self.pipelines),
            models=_made(self.models),
        )


def _made(parts: dict[str, T | None]) -> dict[str, T]:
    return {name: one for name, one in parts.items() if one is not None}
