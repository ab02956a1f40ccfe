"""The sweep: once a value is known to be personal, it is hidden wherever it stands.

A recogniser that knew a name in one sentence may miss it in the next. Every whole-word occurrence
of a known value is replaced, in any text, whether or not it was recognised there.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

_WORD = re.compile(r"\w+")
_SPACE = re.compile(r"\s+")


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


class _Value(NamedTuple):
    """A known value to look for: its words, and how many characters stand before the first."""

    known: str
    words: list[str]
    before: int
    exact: bool

    def end(self, text: str, start: int) -> int | None:
        """Where the value ends if it starts here, as whole words and with any white space."""
        at = start
        for number, word in enumerate(self.words):
            if number:
                gap = _SPACE.match(text, at)
                if gap is None:
                    return None
                at = gap.end()
            here = text[at : at + len(word)]
            if here != word and (self.exact or here.casefold() != word.casefold()):
                return None
            at += len(word)
        alone = not (_is_word(text[start - 1 : start]) or _is_word(text[at : at + 1]))
        return at if alone else None


class Sweep:
    """Finds known values.

    A value shorter than `shortest` is not looked for: it would be found in everything. A name of
    one word is looked for as it is written only, because most of them are words too; and not at all
    if it was seen once with a score below `surest`. All else is found in any case.

    The values are indexed by their first word, so that the cost does not depend on their number.
    """

    def __init__(self, values: Iterable[Known], *, shortest: int, surest: float):
        self._index: dict[str, list[_Value]] = {}
        for value, score, times, is_name in sorted(values, key=lambda one: -len(one.value)):
            word = _WORD.search(value)
            one_word = is_name and not re.search(r"\s", value)
            if word is None or len(value) < shortest or (one_word and times < 2 and score < surest):
                continue
            found = _Value(value, value.split(), word.start(), one_word)
            self._index.setdefault(word[0].casefold(), []).append(found)

    def find(self, text: str) -> list[Found]:
        """Every occurrence in order, the longest where several start at one place."""
        found: list[Found] = []
        if not self._index:
            return found
        end = 0
        for word in _WORD.finditer(text):
            for value in self._index.get(word[0].casefold(), ()):
                start = word.start() - value.before
                stop = value.end(text, start) if start >= end else None
                if stop is not None:
                    found.append(Found(start, stop, value.known, text[start:stop]))
                    end = stop
                    break
        return found

    def __contains__(self, text: str) -> bool:
        return bool(self.find(text))


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_"
