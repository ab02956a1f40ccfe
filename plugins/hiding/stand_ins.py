"""What stands for the values of one exchange: placeholders, surrogates, digests and marks."""

import re

from plugins.hiding.policy import Action
from plugins.hiding.surrogate import Surrogates, digest
from plugins.hiding.units import identity
from plugins.hiding.vault import Vault, mark, prefix

_HIDDEN = re.compile(r"[^\s!-/:-@\[-`{-~]")


class StandIns:
    """All spellings of a value have one stand-in, but for placeholders, which tell them apart."""

    def __init__(self, key: bytes):
        self.vault = Vault()
        self.surrogates = Surrogates(key)
        self._key = key
        self._only: dict[str, str] = {}
        self._first: dict[tuple[str, str], str] = {}
        self._identities: dict[str, str] = {}

    def name(self, action: Action, entity: str, value: str) -> None:
        """Give a value what stands for it, in the order in which values are seen."""
        if action == "replace":
            self.vault.add(entity, self._first_spelling(entity, value))
        elif action == "surrogate":
            self.surrogates.give(entity, identity(value))

    def of(self, action: Action, entity: str, known: str, spelling: str) -> str:
        """What stands for a spelling of a known value."""
        match action:
            case "surrogate":
                return self.surrogates.give(entity, identity(known))
            case "hash":
                return digest(self._key, prefix(entity), identity(known))
            case "mask":
                return _HIDDEN.sub("*", spelling)
            case "mark":
                return mark(entity)
            case "remove":
                return ""
            case _:
                if token := self.vault.placeholders.get(spelling):
                    return token
                first = self._first_spelling(entity, known)
                self.vault.add(entity, first)
                return self.vault.add_spelling(first, spelling)

    def _first_spelling(self, entity: str, value: str) -> str:
        """How a value was spelt when it got its number; other spellings get letters to it."""
        only = self._only.setdefault(entity, value)
        if only == value:  # There may be no other to compare it with.
            return value
        self._first.setdefault((entity, self._identity(only)), only)
        return self._first.setdefault((entity, self._identity(value)), value)

    def _identity(self, value: str) -> str:
        same = self._identities.get(value)
        if same is None:
            same = self._identities[value] = identity(value)
        return same
