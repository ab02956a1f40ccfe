"""Routing: which model name goes where. Exact names win over wildcards, long ones over short."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from msgspec.structs import replace

from pipeline.core.errors import UnknownModel
from pipeline.setup.config import RouteConfig, TargetConfig


class Route(NamedTuple):
    """An entry of `[models]`: the name as configured, and where it leads."""

    name: str
    to: RouteConfig


class Routes:
    """The table `[models]`, ready to be looked up in."""

    def __init__(self, models: Mapping[str, RouteConfig]):
        self._exact = {name: Route(name, to) for name, to in models.items() if "*" not in name}
        wild = [Route(name, to) for name, to in models.items() if "*" in name]
        self._wild = sorted(wild, key=lambda one: -len(one.name.replace("*", "")))

    def names(self) -> list[str]:
        """The models that have names of their own, as clients may list them."""
        return list(self._exact)

    def find(self, model: str) -> Route:
        """The route of a model; raises UnknownModel if there is none."""
        exact = self._exact.get(model)
        if exact is not None:
            return exact
        for route in self._wild:
            if matches(route.name, model):
                return route
        # The name is the client's text, so it is not repeated.
        raise UnknownModel(
            "there is no route for this model; ask for one that `GET /v1/models` lists, or add "
            "it to `[models]` in the configuration",
            param="model",
        )


def targets(models: Mapping[str, RouteConfig], name: str) -> list[TargetConfig]:
    """All targets of a route, in order, each with its pipeline; those of other routes in place.

    A route that is named while it is being looked up adds nothing, and so does an unknown one;
    `privet check` reports both.
    """
    return list(_targets(models, name, ()))


def _targets(
    models: Mapping[str, RouteConfig], name: str, on_the_way: tuple[str, ...]
) -> Iterator[TargetConfig]:
    route = models.get(name)
    if route is None or name in on_the_way:
        return
    if route.backend:
        yield TargetConfig(route.backend, route.pipeline, route.model)
    for one in route.targets:
        if isinstance(one, str):
            yield from _targets(models, one, (*on_the_way, name))
        else:
            yield replace(one, pipeline=one.pipeline or route.pipeline)


def matches(pattern: str, name: str) -> bool:
    """Whether a name fits a pattern in which `*` stands for any text, in linear time."""
    if pattern == "*":
        return True
    first, *rest = pattern.split("*")
    if not rest:
        return name == pattern
    last = rest.pop()
    if len(name) < len(first) + len(last):
        return False
    if not (name.startswith(first) and name.endswith(last)):
        return False
    at, end = len(first), len(name) - len(last)
    for part in rest:
        at = name.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True
