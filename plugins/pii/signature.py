"""What a class is called with, read from its source: nothing of it is run, nothing is loaded.

Presidio and the libraries behind its recognisers take seconds and hundreds of megabytes to import,
which a check of the configuration should not. What cannot be told from the source is left open.
"""

import ast
from collections.abc import Iterator, Mapping
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec, resolve_name
from pathlib import Path
from typing import NamedTuple, TypeAlias

_Callable: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
_ANY = "*"


class Arguments(NamedTuple):
    """What may be given by name, what has to be, and whether other names are taken as well."""

    names: frozenset[str]
    required: frozenset[str]
    others: bool


class _Place(NamedTuple):
    """A definition, and the module that it stands in."""

    module: str
    node: ast.ClassDef | _Callable


def located(module: str) -> ModuleSpec | None:
    """Where a module is; unlike with `find_spec`, the packages that it is in are not imported."""
    top, *rest = module.split(".")
    try:
        spec = find_spec(top)
    except (ImportError, ValueError):
        return None
    name = top
    for part in rest:
        name = f"{name}.{part}"
        spec = spec and PathFinder.find_spec(name, spec.submodule_search_locations or [])
    return spec


def members(module: str) -> frozenset[str] | None:
    """The names that a module has; None if its source does not tell."""
    names = frozenset(_members(module))
    return None if not names or names & {_ANY, "__getattr__"} else names


def arguments(module: str, name: str) -> Arguments | None:
    """What a class, or a function, is called with; None if the source does not tell."""
    place = _definition(module, name)
    while place is not None and isinstance(place.node, ast.ClassDef):
        kind = place.node
        methods = {one.name: one for one in kind.body if isinstance(one, _Callable)}
        if kind.decorator_list or kind.keywords or "__new__" in methods:
            return None
        if "__init__" in methods:
            return _arguments(methods["__init__"], skipped=1)
        base = kind.bases[0] if len(kind.bases) == 1 else None
        place = _definition(place.module, base.id) if isinstance(base, ast.Name) else None
    return _arguments(place.node) if place and isinstance(place.node, _Callable) else None


def _arguments(function: _Callable, skipped: int = 0) -> Arguments | None:
    given = function.args
    positional = given.args[skipped:]
    if given.posonlyargs:
        return None
    without = len(positional) - min(len(given.defaults), len(positional))
    required = [one.arg for one in positional[:without]]
    required += [
        one.arg
        for one, default in zip(given.kwonlyargs, given.kw_defaults, strict=True)
        if default is None
    ]
    names = [one.arg for one in (*positional, *given.kwonlyargs)]
    return Arguments(frozenset(names), frozenset(required), given.kwarg is not None)


def _definition(module: str, name: str) -> _Place | None:
    """Where a name that a module has is defined; imports are followed."""
    seen: set[tuple[str, str]] = set()
    while (module, name) not in seen:
        seen.add((module, name))
        origins = _origins(module)
        origin = origins.get(name)
        if not isinstance(origin, tuple):
            return _Place(module, origin) if origin is not None else None
        module, name = origin
    return None


_Origin: TypeAlias = "ast.ClassDef | _Callable | tuple[str, str]"


def _origins(module: str) -> Mapping[str, _Origin]:
    """By name, what a module defines, and what it imports from which other one."""
    found: dict[str, _Origin] = {}
    spec = located(module)
    package = module if spec and spec.submodule_search_locations else module.rpartition(".")[0]
    for node in _statements(module):
        if isinstance(node, ast.ClassDef | _Callable):
            found[node.name] = node
        elif isinstance(node, ast.ImportFrom):
            source = "." * node.level + (node.module or "")
            for one in node.names:
                found[one.asname or one.name] = (resolve_name(source, package), one.name)
    return found


def _members(module: str) -> Iterator[str]:
    for node in _statements(module):
        if isinstance(node, ast.ClassDef | _Callable):
            yield node.name
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (one.asname or one.name for one in node.names)
        elif not isinstance(node, ast.Expr):
            yield from (
                one.id
                for one in ast.walk(node)
                if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
            )


def _statements(module: str) -> Iterator[ast.stmt]:
    """What a module does when it is imported, on either side of an `if` or a `try`."""
    waiting = [*_source(module).body]
    while waiting:
        node = waiting.pop(0)
        yield node
        if isinstance(node, ast.If | ast.Try):
            waiting += [*node.body, *node.orelse]
        if isinstance(node, ast.Try):
            waiting += [one for handler in node.handlers for one in handler.body]


def _source(module: str) -> ast.Module:
    spec = located(module)
    nothing = ast.Module([], [])
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return nothing
    try:
        return ast.parse(Path(spec.origin).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return nothing
