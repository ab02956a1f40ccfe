"""The sweep: once a value is known to be personal, it is hidden wherever it stands.

A recogniser that knew a name in one sentence may miss it in the next, or in another spelling. Texts
are compared by their units: a run of letters, a digit, a character of a script without spaces, a
symbol. Case, accents and width do not count, nor does what commonly stands between the words of a
name or the groups of a number: `Maria Gonzalez` is found in `MARIA **González**` and in
`maria-gonzalez.pdf`, `4111 1111 1111 1111` in `4111111111111111`.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from plugins.finding.fold import fold
from plugins.finding.shadow import whole_graphemes

_CLOSE = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
)
"""Scripts that put no space between words, or none before endings: a word may begin anywhere."""
_MARK = "[\u0300-\u036f\u00ad\u200b-\u200f\u2060\ufeff]"
_LETTER = rf"[^\W\d_{_CLOSE}]"
_WORD = rf"(?:\d|[{_CLOSE}]|{_LETTER}(?:{_LETTER}|{_MARK})*+)"
_GAP = r"[\s_*.()/\u2010-\u2015-]|%20|&nbsp;"
_FIRST = re.compile(rf"(?<![^\W_{_CLOSE}]){_WORD}|[{_CLOSE}]")
_UNIT = re.compile(rf"(?:{_GAP})|({_WORD}|[^\w\s])")
_NEXT = re.compile(rf"(?:\s++|{_GAP}){{0,8}}+({_WORD}|[^\w\s])")
_GLUED = re.compile(rf"(?<=[^\W_{_CLOSE}])[^\W_{_CLOSE}]")
_IDENTIFIER = re.compile(r"[^\W_]_$|^_[^\W_]")
_ASCII_WORD = re.compile(r"\d|[a-z]+")
_ASCII_UNIT = re.compile(r"[\s_*.()/-]|%20|&nbsp;|(\d|[A-Za-z]+|[^\w\s])")
"""As the above, for ASCII alone: most text is, and five times as fast looked at."""
_LONG_NUMBER = 7
_DIGITS = re.compile(r"\d+")
_SPACE = re.compile(r"\s")
_BEFORE = re.compile(r"[^\w]*")
_BEHIND = re.compile(r"[^\w]*\Z")
_DATE = re.compile(r"(?<!\d)(?:\d{1,2}([./-])\d{1,2}\1\d{4}|\d{4}([./-])\d{1,2}\2\d{1,2})(?!\d)")


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

    Values are kept in a tree of their units, so that the cost does not depend on their number.
    """

    def __init__(self, values: Iterable[Known], *, shortest: int, surest: float):
        self._root = _Node()
        for known in values:
            if len(known.value) < shortest:
                continue
            if known.is_word and known.times < 2 and known.score < surest:
                continue
            node = self._root
            for unit in _units(known.value):
                node = node.following.setdefault(unit, _Node())
            node.values.append(known)

    def find(self, text: str) -> list[Found]:
        """Every occurrence in order, the longest where several start at one place.

        A disguised one is found behind its disguise.
        """
        if not self._root.following:
            return []
        found = self._plainly(text)
        shadow = fold(text)
        if shadow.text == text:
            return found
        for hit in self._plainly(shadow.text):
            start, end = whole_graphemes(text, *shadow.back(hit.start, hit.end))
            found.append(Found(start, end, hit.known, text[start:end]))
        return list(_apart(found))

    def _plainly(self, text: str) -> list[Found]:
        found: list[Found] = []
        end = 0
        for start in self._starts(text):
            if start >= end and (hit := self._longest(text, start, end)):
                found.append(hit)
                end = hit.end
        return found

    def _starts(self, text: str) -> Iterable[int]:
        """Where words stand that values begin with."""
        if not text.isascii():
            firsts = _FIRST.finditer(text)
            return (one.start() for one in firsts if _folded(one[0]) in self._root.following)
        lower = text.lower()
        words = self._root.following.keys() & set(_ASCII_WORD.findall(lower))
        return sorted(start for word in words for start in _places(word, lower))

    def _longest(self, text: str, start: int, after: int) -> Found | None:
        """The longest value that starts with the word there; not a character before `after`."""
        node, end = self._root, start
        longest: Found | None = None
        while (unit := _NEXT.match(text, end)) and (
            following := node.following.get(_folded(unit[1]))
        ):
            node, end = following, unit.end()
            if node.values and not _GLUED.match(text, end):
                for known in node.values:
                    if _is_spelling(known, text, start, end):
                        longest = _found(known, text, start, end, after)
                        break
        return longest


def _places(word: str, text: str) -> Iterator[int]:
    """Where words begin with a word, or numbers with a digit."""
    start = text.find(word)
    while start >= 0:
        if not text[start - 1 : start].isalnum():
            yield start
        start = text.find(word, start + len(word))


def _apart(found: Iterable[Found]) -> Iterator[Found]:
    """Occurrences in order; of overlapping ones the first, and the longest of those."""
    end = 0
    for hit in sorted(found, key=lambda one: (one.start, -one.end)):
        if hit.start >= end:
            yield hit
            end = hit.end


def identity(value: str) -> str:
    """What all spellings of a value share, and no other value."""
    units = " ".join(_units(value))
    numbers = _few_digits(value)
    return f"{units} {'-'.join(numbers)}" if len(numbers) > 1 else units or value


def _units(value: str) -> list[str]:
    """The units of a value, from its first word to its last."""
    if value.isascii():
        units = [unit.lower() for unit in _ASCII_UNIT.findall(value) if unit]
    else:
        units = [_folded(unit[1]) for unit in _UNIT.finditer(value) if unit[1]]
    first, end = 0, len(units)
    while first < end and not units[end - 1][0].isalnum():
        end -= 1
    while first < end and not units[first][0].isalnum():
        first += 1
    return units[first:end]


def _folded(unit: str) -> str:
    if unit.isascii():
        return unit.lower()
    if unit.isdecimal():
        return str(int(unit))
    plain = unicodedata.normalize("NFKD", unit.replace("\u2019", "'"))
    return re.sub(_MARK, "", plain).casefold() or unit


def _is_spelling(known: Known, text: str, start: int, end: int) -> bool:
    """Whether a text of a value's units is the value."""
    here = text[start:end]
    if known.is_word:
        inside = _IDENTIFIER.search(text[max(0, start - 2) : start]) or _IDENTIFIER.search(
            text[end : end + 2]
        )
        return not inside and _composed(here) in _composed(known.value)
    numbers = _few_digits(known.value)
    return not numbers or numbers == _numbers(here)


def _few_digits(value: str) -> list[str]:
    """The numbers in a value of few digits, where "12 3" is not "1 23", or in a date; a number of
    more digits is the same in any grouping.
    """
    numbers = _numbers(value)
    if not numbers:
        return numbers
    few = sum(map(len, numbers)) < _LONG_NUMBER
    return numbers if few or _DATE.search(value) else []


def _numbers(text: str) -> list[str]:
    if text.isascii():
        return _DIGITS.findall(text)
    return ["".join(str(int(digit)) for digit in run) for run in _DIGITS.findall(text)]


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
