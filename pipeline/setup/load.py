"""From a file to a configuration: read it, make every part of it, and check how they fit."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar, cast

from msgspec import Struct

from pipeline.core.backend import Backend
from pipeline.core.plugin import Plugin
from pipeline.setup.check import check
from pipeline.setup.config import Config, PipelineConfig, RouteConfig, ServiceConfig
from pipeline.setup.discover import BadEntryPoint, Group, Installed, installed
from pipeline.setup.draft import Draft
from pipeline.setup.environment import Environment, join
from pipeline.setup.options import convert
from pipeline.setup.problems import ConfigError, Problem, Problems, suggest

S = TypeVar("S", bound=Struct)
T = TypeVar("T", Plugin, Backend)
Table = dict[str, object]

_SECTIONS = ("service", "plugins", "backends", "pipelines", "models")


class Examined(Struct, frozen=True):
    """What became of a file. `config` is None if any problem is an error."""

    config: Config | None
    problems: list[Problem]


def load(
    path: Path, found: Installed | None = None, variables: Mapping[str, str] | None = None
) -> Config:
    """The configuration in a file; raises ConfigError with everything that is wrong with it."""
    examined = examine(path, found, variables)
    if examined.config is None:
        raise ConfigError([one for one in examined.problems if one.level == "error"])
    return examined.config


def examine(
    path: Path, found: Installed | None = None, variables: Mapping[str, str] | None = None
) -> Examined:
    """Everything that there is to say about a file.

    `found` is what is installed, and `variables` the environment; both are this process's own if
    None.
    """
    problems = Problems(str(path))
    environment = Environment(os.environ if variables is None else variables, problems)
    draft = _draft(_read(path, problems), path, found or installed(), environment, problems)
    if draft is not None:
        check(draft, problems)
    fine = all(one.level == "warning" for one in problems.found)
    return Examined(draft.finish() if draft is not None and fine else None, problems.found)


def _read(path: Path, problems: Problems) -> Table | None:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        problems.error("", f"cannot be read: {error.strerror}", "name another with `--config`")
    except UnicodeDecodeError:
        problems.error("", "is not in UTF-8", "save it as UTF-8")
    except tomllib.TOMLDecodeError as error:
        problems.error("", f"is not valid TOML: {error}", "correct it there")
    return None


def _draft(
    document: Table | None,
    path: Path,
    found: Installed,
    environment: Environment,
    problems: Problems,
) -> Draft | None:
    if document is None:
        return None
    for name in document.keys() - set(_SECTIONS):
        problems.error("", f"unknown section `{name}`", suggest(name, _SECTIONS))
    sections = {
        name: _table(environment.fill(document.get(name, {}), name), name, problems)
        for name in _SECTIONS
    }
    draft = Draft(
        path=path,
        service=convert(sections["service"], ServiceConfig, "service", problems),
        plugins=_profiles(sections["plugins"], found.plugins, "plugins", problems),
        backends=_profiles(sections["backends"], found.backends, "backends", problems),
        pipelines=_structs(sections["pipelines"], PipelineConfig, "pipelines", problems),
        models=_structs(sections["models"], RouteConfig, "models", problems),
    )
    _add_bare_plugins(draft, found.plugins, problems)
    return draft


def _table(value: object, place: str, problems: Problems) -> Table:
    if isinstance(value, dict):
        return cast(Table, value)
    problems.error(place, "this must be a table", "write its members as `key = value`")
    return {}


def _structs(section: Table, cls: type[S], place: str, problems: Problems) -> dict[str, S | None]:
    return {
        name: convert(_table(one, join(place, name), problems), cls, join(place, name), problems)
        for name, one in section.items()
    }


def _profiles(
    section: Table, group: Group[T], place: str, problems: Problems
) -> dict[str, T | None]:
    made: dict[str, T | None] = {}
    for name, value in section.items():
        where = join(place, name)
        options = dict(_table(value, where, problems))
        kind = options.pop("type", name)
        if not isinstance(kind, str):
            problems.error(join(where, "type"), "this must be a string", "name what is installed")
            made[name] = None
        else:
            made[name] = _make(kind, options, group, where, problems)
    return made


def _make(kind: str, options: Table, group: Group[T], place: str, problems: Problems) -> T | None:
    """The plugin or backend that a profile describes."""
    if kind not in group.names():
        problems.error(
            place, f"no {group.kind} `{kind}` is installed", suggest(kind, group.names())
        )
        return None
    try:
        cls = group.load(kind)
    except BadEntryPoint as error:
        problems.error(place, error.what, error.remedy)
        return None
    return convert(options, cls, place, problems)


def _add_bare_plugins(draft: Draft, group: Group[Plugin], problems: Problems) -> None:
    """Make the plugins that pipelines list by their type, for lack of a profile of that name."""
    for place, name in draft.listings():
        if name in draft.plugins:
            continue
        if name in group.names():
            draft.plugins[name] = _make(name, {}, group, f"plugins.{name}", problems)
        else:
            known = {*draft.plugins, *group.names()}
            problems.error(place, f"unknown plugin `{name}`", suggest(name, known))
            draft.plugins[name] = None
