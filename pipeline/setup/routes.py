"""Routing: which model name goes where. Exact names win over wildcards, long ones over short."""

from collections.abc import Mapping
from typing import NamedTuple

from pipeline.core.errors import UnknownModel
from pipeline.setup.config import RouteConfig


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


def matches(pattern: str, name: str) -> bool:
    """Whether a name fits a pattern in which `*` stands for any text, in linear time."""
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
