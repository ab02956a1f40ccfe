"""What is wrong with a configuration: all of it at once, each with its place and its remedy."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Literal

from msgspec import Struct

Level = Literal["error", "warning"]

_LONG_ENOUGH_TO_BE_SECRET = 4


class Problem(Struct, frozen=True):
    """One thing that is wrong. It holds names and places, never the values of options."""

    where: str
    what: str
    remedy: str
    level: Level = "error"

    def __str__(self) -> str:
        return f"{self.where}: {self.what}; {self.remedy}"


class ConfigError(Exception):
    """The service cannot be built from this configuration. `problems` says why."""

    def __init__(self, problems: Sequence[Problem]):
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class Problems:
    """Collects the problems of one configuration file."""

    def __init__(self, file: str):
        self._file = file
        self._hidden: dict[str, str] = {}
        self.found: list[Problem] = []

    def hide(self, value: str, name: str) -> None:
        """Let no message hold this value, which may be a secret: write `name` for it."""
        if len(value) >= _LONG_ENOUGH_TO_BE_SECRET:
            self._hidden[value] = name

    def error(self, place: str, what: str, remedy: str) -> None:
        """Note what keeps the service from running; `place` is a path in the file."""
        self._add(place, what, remedy, "error")

    def warn(self, place: str, what: str, remedy: str) -> None:
        """Note what works, but probably not as it was meant."""
        self._add(place, what, remedy, "warning")

    def _add(self, place: str, what: str, remedy: str, level: Level) -> None:
        for value, name in self._hidden.items():
            what, remedy = what.replace(value, name), remedy.replace(value, name)
        where = f"{self._file}: {place}" if place else self._file
        self.found.append(Problem(where, what, remedy, level))


def divided(message: str, remedy: str) -> tuple[str, str]:
    """What a message says is wrong, and its remedy; `remedy` if it names none."""
    what, _, named = message.partition("; ")
    return what, named or remedy


def suggest(name: str, known: Iterable[str]) -> str:
    """The remedy for a name that does not exist: the nearest one that does, or all of them."""
    names = sorted(known)
    near = get_close_matches(name, names, 1)
    if near:
        return f"did you mean `{near[0]}`?"
    return f"there is {listed(names)}" if names else "there is none yet"


def listed(names: Iterable[str]) -> str:
    """Names as they stand in a sentence."""
    return ", ".join(f"`{name}`" for name in names)
