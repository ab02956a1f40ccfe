"""Patterns and recognisers of the user's own: how they are configured, and what may be wrong.

A recogniser is a class of Presidio's kind, or a function that makes one. It is named by where it is
or by an entry point, so that a distribution can bring recognisers along.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import entry_points
from typing import Annotated, Any

from msgspec import Meta, Struct, field

from plugins.pii.probe import problem_of_regex
from plugins.pii.signature import arguments, located, members
from plugins.pii.suggest import did_you_mean

GROUP = "privet.recognisers"
"""The group of the entry points."""

Score = Annotated[float, Meta(ge=0, le=1)]
Words = tuple[Annotated[str, Meta(min_length=1)], ...]

_PATH = re.compile(r"(?P<module>\w+(?:\.\w+)*):(?P<member>\w+)", re.ASCII)
_LIKE = 0.8
"""How near a name is to another that was probably meant, where any name is taken."""


class PatternOption(Struct, frozen=True, forbid_unknown_fields=True):
    """One pattern of the user's own."""

    entity: Annotated[str, Meta(min_length=1, description="The name of what it finds.")]
    regex: Annotated[
        str,
        Meta(min_length=1, description="A regular expression of Python's `regex` package."),
    ]
    score: Annotated[Score, Meta(description="How certain a match is.")] = 0.6
    context: Annotated[
        Words,
        Meta(description="Words that add 0.35 to the score when one of them stands before it."),
    ] = ()


class RecogniserOption(Struct, frozen=True, forbid_unknown_fields=True):
    """A recogniser of the user's own, with what it is made with."""

    use: Annotated[
        str,
        Meta(min_length=1, description="`package.module:Class`, or the name of an entry point."),
    ]
    options: Annotated[
        Mapping[str, Any],
        Meta(description="The arguments of its constructor, by name."),
    ] = field(default_factory=dict[str, Any])


class CannotLoad(Exception):
    """A model or recogniser of the configuration cannot be had; says which and what to do."""


def as_option(one: str | RecogniserOption) -> RecogniserOption:
    """An item of the configuration in its long form."""
    return RecogniserOption(one) if isinstance(one, str) else one


def target(use: str) -> tuple[str, str]:
    """The module and the name in it that a recogniser is named by; raises CannotLoad."""
    if ":" in use:
        path = use
    else:
        found = {one.name: set[str]() for one in entry_points(group=GROUP)}
        for one in entry_points(group=GROUP):
            found[one.name].add(one.value)
        if use not in found:
            raise CannotLoad(
                f"`{use}` is neither of the form `package.module:Class` nor an entry point of the "
                f"group `{GROUP}`{did_you_mean(use, found, 'correct it, or install its package')}"
            )
        path, *others = sorted(found[use])
        if others:
            raise CannotLoad(f"two recognisers are called `{use}`; uninstall one of them")
    match = _PATH.fullmatch(path)
    if match is None:
        raise CannotLoad(f"`{path}` is not of the form `package.module:Class`; write it so")
    return match["module"], match["member"]


def problems_of_own(recognisers: Iterable[str | RecogniserOption]) -> Iterator[str]:
    """What is wrong with them; imports none."""
    for index, one in enumerate(map(as_option, recognisers)):
        where = f"recognisers[{index}]"
        try:
            module, member = target(one.use)
        except CannotLoad as error:
            yield f"{where}: {error}"
            continue
        known = members(module)
        if located(module) is None:
            yield f"{where}: there is no module `{module}`; install its package"
        elif known is not None and member not in known:
            remedy = did_you_mean(member, known, "see its documentation")
            yield f"{where}: `{module}` has no `{member}`{remedy}"
        else:
            yield from _option_problems(f"{where}.options", module, member, one.options)


def problems_of_patterns(patterns: Iterable[PatternOption]) -> Iterator[str]:
    """What is wrong with patterns; takes some milliseconds for each."""
    for index, pattern in enumerate(patterns):
        if problem := problem_of_regex(pattern.regex):
            yield f"patterns[{index}]: the regex for `{pattern.entity}` {problem}"


def _option_problems(
    where: str, module: str, member: str, options: Mapping[str, object]
) -> Iterator[str]:
    taken = arguments(module, member)
    if taken is None:
        return
    for name in options:
        near = difflib.get_close_matches(name, sorted(taken.names), n=1, cutoff=_LIKE)
        if name not in taken.names and (near or not taken.others):
            remedy = did_you_mean(name, taken.names, "see its documentation")
            yield f"{where}: `{member}` takes no `{name}`{remedy}"
    for name in sorted(taken.required - options.keys()):
        yield f"{where}: `{member}` needs `{name}`; give it a value"
