"""The sweep: once a value is known to be personal, it is hidden wherever it stands.

A recogniser that knew a name in one sentence may miss it in the next. Every whole-word occurrence
of a known value is replaced, in any text, whether or not it was recognised there.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple


class Known(NamedTuple):
    """A value that a recogniser found, the best score it gave, and how often it did."""

    value: str
    score: float
    times: int
    is_name: bool


class Found(NamedTuple):
    """An occurrence of a known value; `text` is how it is spelt here."""

    start: int
    end: int
    known: str
    text: str


class Sweep:
    """Finds known values.

    A value shorter than `shortest` is not looked for: it would be found in everything. A name of
    one word is looked for as it is written only, because most of them are words too; and not at all
    if it was seen once with a score below `surest`. All else is found in any case.
    """

    def __init__(self, values: Iterable[Known], *, shortest: int, surest: float):
        self._known: dict[str, str] = {}
        exact: list[str] = []
        loose: list[str] = []
        for value, score, times, is_name in values:
            one_word = is_name and not re.search(r"\s", value)
            if len(value) < shortest or (one_word and times < 2 and score < surest):
                continue
            (exact if one_word else loose).append(value)
            if not one_word:
                self._known.setdefault(_folded(value), value)
        parts = [_pattern(exact, ""), _pattern(loose, "i")]
        pattern = "|".join(part for part in parts if part)
        self._pattern = re.compile(pattern) if pattern else None

    def find(self, text: str) -> list[Found]:
        """Every occurrence, the longest first where several start at one place."""
        if self._pattern is None:
            return []
        return [
            Found(
                match.start(), match.end(), self._known.get(_folded(match[0]), match[0]), match[0]
            )
            for match in self._pattern.finditer(text)
        ]

    def __contains__(self, text: str) -> bool:
        return self._pattern is not None and self._pattern.search(text) is not None


def _folded(value: str) -> str:
    return re.sub(r"\s+", " ", value).casefold()


def _pattern(values: list[str], flags: str) -> str:
    """Whole words only, longest first; white space matches any white space."""
    if not values:
        return ""
    ordered = sorted(values, key=len, reverse=True)
    choices = "|".join(r"\s+".join(map(re.escape, value.split())) for value in ordered)
    return rf"(?{flags}:(?<!\w)(?:{choices})(?!\w))"
