"""The sweep: once a value is known to be personal, it is hidden wherever it stands.

A recogniser that knew a name in one sentence may miss it in the next, or in another spelling. Texts
are compared by their units: `Maria Gonzalez` is found in `MARIA **González**` and in
`maria-gonzalez.pdf`, `4111 1111 1111 1111` in `4111111111111111`.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from plugins.finding.fold import fold
from plugins.finding.shadow import whole_graphemes
from plugins.hiding.units import (
    CLOSE,
    GAP,
    WORD,
    few_digits,
    first_unit,
    folded,
    numbers_in,
    units_of,
)

_FIRST = re.compile(rf"(?<![^\W_{CLOSE}]){WORD}|[{CLOSE}]")
_NEXT = re.compile(rf"(?:\s++|{GAP}){{0,8}}+({WORD}|[^\w\s])")
_WIDE = re.compile(rf"(?:{GAP}){{9}}")
"""A gap in a value that is too wide to be compared."""
_GLUED = re.compile(rf"(?<=[^\W_{CLOSE}])[^\W_{CLOSE}]")
_IDENTIFIER = re.compile(r"[^\W_]_$|^_[^\W_]")
_ASCII_WORD = re.compile(r"\d|[a-z]+")
_FEW = 40
"""Beginnings that are looked for one by one; with more, the text's own words are faster."""
_ALIKE = 3
"""Values that begin alike and are compared one by one."""
_SPACE = re.compile(r"\s")
_BEFORE = re.compile(r"[^\w]*")
_BEHIND = re.compile(r"[^\w]*\Z")


class Known(NamedTuple):
    """A value that a recogniser found, the best score it gave, and how often it did."""

    value: str
    score: float
    times: int
    is_name: bool

    @property
    def is_word(self) -> bool:
        """Whether it is a name of one word, as most other words could be."""
        return self.is_name and not _SPACE.search(self.value)


class Found(NamedTuple):
    """An occurrence of a known value; `text` is how it is spelt here."""

    start: int
    end: int
    known: Known
    text: str


class _Node:
    """The values that begin with the same units, by the unit that comes next."""

    __slots__ = ("following", "values")

    def __init__(self) -> None:
        self.following: dict[str, _Node] = {}
        self.values: list[Known] = []


class Sweep:
    """Finds known values.

    A value shorter than `shortest` is not looked for: it would be found in everything. A name of
    one word is looked for as it is written only, because most of them are words too; and not at all
    if it was seen once with a score below `surest`.

    Values that begin alike are kept in a tree of their units, so that the cost does not depend on
    their number. A tree is grown when a text has the unit that it begins with: most have it only
    where the value was recognised, and nothing has to be compared there.
    """

    def __init__(self, values: Iterable[Known], *, shortest: int, surest: float):
        self._values: dict[str, list[Known]] = {}
        self._trees: dict[str, _Node] = {}
        for known in values:
            if len(known.value) < shortest:
                continue
            if known.is_word and known.times < 2 and known.score < surest:
                continue
            if first := first_unit(known.value):
                self._values.setdefault(first, []).append(known)

    def find(self, text: str, own: Mapping[int, int] | None = None) -> list[Found]:
        """Every occurrence in order, the longest where several start at one place.

        A disguised one is found behind its disguise. `own` are places, whole words, from start to
        end, that hold a value in any case: an occurrence that is just one of them may be left out.
        """
        if not self._values:
            return []
        shadow = fold(text)
        if shadow.text == text:
            return self._plainly(text, own or {})
        found = self._plainly(text, {})
        for hit in self._plainly(shadow.text, {}):
            start, end = whole_graphemes(text, *shadow.back(hit.start, hit.end))
            found.append(Found(start, end, hit.known, text[start:end]))
        return list(_apart(found))

    def _plainly(self, text: str, own: Mapping[int, int]) -> list[Found]:
        found: list[Found] = []
        starts = self._starts(text)
        if not text.isascii():
            own = {}
        end = 0
        for at, (start, first) in enumerate(starts, 1):
            if start < end:
                continue
            following = starts[at][0] if at < len(starts) else len(text)
            if own and (stop := self._own_end(text, start, first, own)) and stop <= following:
                end = stop
            elif hit := self._longest(text, start, first, end):
                found.append(hit)
                end = hit.end
        return found

    def _starts(self, text: str) -> list[tuple[int, str]]:
        """Where units stand that values begin with, and those units."""
        if not text.isascii():
            firsts = ((one.start(), folded(one[0])) for one in _FIRST.finditer(text))
            return [one for one in firsts if one[1] in self._values]
        lower = text.lower()
        words: Iterable[str] = self._values
        if len(self._values) > _FEW:
            words = self._values.keys() & set(_ASCII_WORD.findall(lower))
        return sorted([(start, word) for word in words for start in _places(word, lower)])

    def _own_end(self, text: str, start: int, first: str, own: Mapping[int, int]) -> int:
        """The end of the place of one's own there, if no other value can be found; or 0.

        A sign may come before its first unit. Among many values the tree is faster.
        """
        begin = start if start in own else start - 1
        end = own.get(begin, 0)
        values = self._values[first]
        value = text[begin:end]
        if len(values) == 1:
            return end if values[0].value == value else 0
        others = [known.value for known in values if known.value != value]
        if len(values) > _ALIKE or len(others) == len(values) or _WIDE.search(value):
            return 0
        unit = _NEXT.match(text, end)
        following = folded(unit[1]) if unit else ""
        return 0 if any(_may_stand(other, value, following) for other in others) else end

    def _longest(self, text: str, start: int, first: str, after: int) -> Found | None:
        """The longest value that starts with the unit there; not a character before `after`."""
        longest: Found | None = None
        unit, node = _NEXT.match(text, start), self._tree(first)
        while unit and node:
            end = unit.end()
            if node.values and not _GLUED.match(text, end):
                for known in node.values:
                    if _is_spelling(known, text, start, end):
                        longest = _found(known, text, start, end, after)
                        break
            if unit := _NEXT.match(text, end):
                node = node.following.get(folded(unit[1]))
        return longest

    def _tree(self, first: str) -> _Node:
        """The tree of the values that begin with a unit."""
        tree = self._trees.get(first)
        if tree is None:
            tree = self._trees[first] = _Node()
            for known in self._values[first]:
                node = tree
                for unit in units_of(known.value)[1:]:
                    node = node.following.setdefault(unit, _Node())
                node.values.append(known)
        return tree


def _may_stand(other: str, value: str, following: str) -> bool:
    """Whether another value may be found where a value of ASCII stands and a unit follows."""
    if not other.isascii() or following in other.lower():
        return True
    one, two = value[-1], other[-1]
    differ = one.isalpha() and two.isalpha() and one.lower() != two.lower()
    return not differ and units_of(other) == units_of(value)


def _places(word: str, text: str) -> list[int]:
    """Where a word stands, or a number that begins with a digit."""
    found: list[int] = []
    start = text.find(word)
    while start >= 0:
        end = start + len(word)
        if not text[start - 1 : start].isalnum() and not (
            text[end : end + 1].isalpha() and word.isalpha()
        ):
            found.append(start)
        start = text.find(word, end)
    return found


def _apart(found: Iterable[Found]) -> Iterator[Found]:
    """Occurrences in order; of overlapping ones the first, and the longest of those."""
    end = 0
    for hit in sorted(found, key=lambda one: (one.start, -one.end)):
        if hit.start >= end:
            yield hit
            end = hit.end


def _is_spelling(known: Known, text: str, start: int, end: int) -> bool:
    """Whether a text of a value's units is the value."""
    here = text[start:end]
    if known.is_word:
        inside = _IDENTIFIER.search(text[max(0, start - 2) : start]) or _IDENTIFIER.search(
            text[end : end + 2]
        )
        return not inside and _composed(here) in _composed(known.value)
    numbers = few_digits(known.value)
    return not numbers or numbers == numbers_in(here)


def _found(known: Known, text: str, start: int, end: int, after: int) -> Found:
    """The occurrence, with the punctuation around the value's words if it is here too."""
    value = known.value
    if not (value[0].isalnum() and value[-1].isalnum()):
        before = _BEFORE.match(value)
        behind = _BEHIND.search(value)
        if before and start - len(before[0]) >= after and text.endswith(before[0], 0, start):
            start -= len(before[0])
        if behind and text.startswith(behind[0], end):
            end += len(behind[0])
    return Found(start, end, known, text[start:end])


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)
