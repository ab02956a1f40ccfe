"""What is installed: the plugins and backends that distributions offer by entry point.

Built-ins come in by the same door as everybody else's. Nothing is imported before its name is used,
so that what a configuration leaves out costs nothing and can break nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Generic, TypeVar, cast

from msgspec import Struct

from pipeline.core.backend import Backend
from pipeline.core.plugin import Plugin, Step

T = TypeVar("T", Plugin, Backend)

PREFIX = "privet."
"""What the names of all our groups begin with."""

PLUGINS = f"{PREFIX}plugins"
BACKENDS = f"{PREFIX}backends"


class BadEntryPoint(Exception):
    """An entry point that cannot be used: what is wrong, and the remedy."""

    def __init__(self, what: str, remedy: str):
        super().__init__(f"{what}; {remedy}")
        self.what = what
        self.remedy = remedy


class Group(Generic[T]):
    """The entry points of one group; `kind` is what people call one of them."""

    def __init__(self, kind: str, base: type[T], found: Iterable[EntryPoint]):
        self.kind = kind
        self._base: type[T] = base
        self._found: dict[str, list[EntryPoint]] = {}
        for one in found:
            same = self._found.setdefault(one.name, [])
            if all(origin(one) != origin(other) for other in same):
                same.append(one)

    def names(self) -> list[str]:
        """The names that a `type` may have."""
        return sorted(self._found)

    def origins(self, name: str) -> list[str]:
        """Where a name comes from; more than one place is a conflict."""
        return [origin(one) for one in self._found[name]]

    def load(self, name: str) -> type[T]:
        """The class behind a name; raises BadEntryPoint if it cannot be used."""
        found = self._found[name]
        if len(found) > 1:
            places = " and ".join(map(origin, found))
            raise BadEntryPoint(
                f"two {self.kind}s are called `{name}`: {places}", "uninstall one of them"
            )
        loaded = _load(found[0])
        fault = self._fault(loaded)
        if fault is not None:
            raise BadEntryPoint(f"{origin(found[0])} {fault[0]}", fault[1])
        return cast(type[T], loaded)

    def _fault(self, loaded: object) -> tuple[str, str] | None:
        """How a class breaks its contract, and the remedy."""
        base = self._base.__name__
        if not isinstance(loaded, type) or not issubclass(loaded, self._base):
            return f"is no subclass of `pipeline.{base}`", "derive its class from it"
        return _plugin_fault(loaded) if issubclass(loaded, Plugin) else _backend_fault(loaded)


class Installed(Struct, frozen=True):
    """Everything that a configuration can name.

    `others` are of further groups, in which plugins look for parts of theirs by themselves.
    """

    plugins: Group[Plugin]
    backends: Group[Backend]
    others: Sequence[EntryPoint] = ()


def installed(found: Iterable[EntryPoint] | None = None) -> Installed:
    """Look at `found`, or at the entry points of all distributions in this environment."""
    if found is None:
        everything = entry_points()
        names = [name for name in everything.groups if name.startswith(PREFIX)]
        found = [one for name in names for one in everything.select(group=name)]
    groups: Mapping[str, list[EntryPoint]] = {PLUGINS: [], BACKENDS: []}
    others: list[EntryPoint] = []
    for one in found:
        if one.group.startswith(PREFIX):
            groups.get(one.group, others).append(one)
    return Installed(
        Group("plugin", Plugin, groups[PLUGINS]),
        Group("backend", Backend, groups[BACKENDS]),
        sorted(others),
    )


def kind(one: EntryPoint) -> str:
    """What people call what an entry point names: a plugin, a backend, a recogniser."""
    return one.group.removeprefix(PREFIX).removesuffix("s")


def origin(one: EntryPoint) -> str:
    """Where an entry point comes from, as people need it to find it."""
    source = "an unnamed distribution"
    if one.dist is not None:
        source = f"{one.dist.metadata['Name']} {one.dist.version}"
    return f"`{one.value}` of {source}"


def _load(one: EntryPoint) -> object:
    try:
        return one.load()
    except (ImportError, AttributeError) as error:
        # Import errors name modules and attributes, nothing else.
        raise BadEntryPoint(
            f"{origin(one)} cannot be imported: {error}", "install it anew, or what it needs"
        ) from error
    except Exception as error:
        raise BadEntryPoint(
            f"{origin(one)} cannot be imported: it raised {type(error).__name__}",
            f'see where with `python -c "import {one.module}"`',
        ) from error


def _plugin_fault(loaded: type[Plugin]) -> tuple[str, str] | None:
    step = cast(object, loaded.step)
    if step is not None:
        if not isinstance(step, type) or not issubclass(step, Step):
            return "has a `step` that is no subclass of `pipeline.Step`", "derive it from that"
        if loaded.start is Plugin.start:
            return "has a `step` and no `start`", "return what makes a step from `start`"
    if not loaded.sides():
        return (
            "has neither `on_request` nor `on_text`",
            "write one of them, or name the class that does as `step`",
        )
    return None


def _backend_fault(loaded: type[Backend]) -> tuple[str, str] | None:
    if loaded.start is Backend.start:
        return "has no `start`", "write one that returns an upstream"
    return None
