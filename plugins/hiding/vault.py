"""Which placeholder stands for which value in one exchange."""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from plugins.hiding.tokens import WORD

_WORD = re.compile(f"{WORD}+")
_PLACEHOLDER = re.compile(r"[A-Z][A-Z0-9_]*_[0-9]+[a-z]*")
_NOT_A_NAME = re.compile(r"[^A-Z0-9]+")


class Vault:
    """One value has one placeholder, and two values never share one.

    Placeholders are numbered in the order in which values are first seen, so a conversation that is
    sent again with one more turn keeps its placeholders. Another spelling of a known value (in
    other case, say, or with more of the word around it) gets the known number and a letter: it must
    be restored as it was, and may not shift the numbers of those that come later.
    """

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._placeholders: dict[str, str] = {}
        self._entities: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._typed_in: set[str] = set()

    @property
    def values(self) -> Mapping[str, str]:
        """The value of each placeholder."""
        return self._values

    @property
    def placeholders(self) -> Mapping[str, str]:
        """The placeholder of each value."""
        return self._placeholders

    def entity(self, value: str) -> str:
        """The kind of a known value."""
        return self._entities[value]

    def avoid(self, texts: Iterable[str]) -> dict[str, str]:
        """Never use what stands literally in these texts; returns new names of those in use."""
        words = (match[0] for text in texts if "_" in text for match in _WORD.finditer(text))
        bare = {word.replace("\\", "").strip("_") for word in words if "_" in word}
        found = {word for word in bare if _PLACEHOLDER.fullmatch(word)}
        self._typed_in |= found
        renamed: dict[str, str] = {}
        for taken in sorted(found & self._values.keys()):
            value = self._values.pop(taken)
            renamed[taken] = self._assign(self._entities[value], value)
        return renamed

    def add(self, entity: str, value: str) -> str:
        """The placeholder of a value, a new one if it has none."""
        return self._placeholders.get(value) or self._assign(entity, value)

    def add_spelling(self, known: str, value: str) -> str:
        """The placeholder of another spelling of a known value."""
        if value in self._placeholders:
            return self._placeholders[value]
        base = self._placeholders[known]
        number = 1
        while (name := base + _letters(number)) in self._typed_in or name in self._values:
            number += 1
        return self._keep(name, self._entities[known], value)

    def hold(self, token: str, entity: str, value: str) -> None:
        """Take a placeholder from a plan. Others may be added only after `clear`."""
        self._keep(token, entity, value)

    def clear(self) -> None:
        """Give up all values, and avoid what was to be avoided."""
        for known in (self._values, self._placeholders, self._entities, self._counts):
            known.clear()

    def _assign(self, entity: str, value: str) -> str:
        name = prefix(entity)
        number = self._counts.get(name, 0) + 1
        while f"{name}_{number}" in self._typed_in:
            number += 1
        self._counts[name] = number
        return self._keep(f"{name}_{number}", entity, value)

    def _keep(self, name: str, entity: str, value: str) -> str:
        self._values[name] = value
        self._placeholders[value] = name
        self._entities[value] = entity
        return name


@lru_cache(maxsize=256)
def prefix(entity: str) -> str:
    """What the placeholders of an entity begin with."""
    name = _NOT_A_NAME.sub("_", entity.upper()).strip("_")
    return name if name[:1].isalpha() else f"VALUE_{name}".rstrip("_")


def mark(entity: str) -> str:
    """What stands for any value of an entity that nobody may take back."""
    return f"[{prefix(entity)}]"


def _letters(number: int) -> str:
    """a, b, … z, za, zb …"""
    return "z" * ((number - 1) // 25) + chr(ord("a") + (number - 1) % 25)
