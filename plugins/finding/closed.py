"""Values that were pulled apart: spaced out, or with a line end inside.

Closing up rewrites what may well be ordinary text, rows of numbers above all. So what is found in a
closed text counts only if it is certain enough and reaches over a place that was closed; and, where
lines of numbers were joined, only if it reaches over all of them: four lines may be a card, forty
are a table.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple, Protocol

import regex

from plugins.finding.mail import APART, GAPPED, MAYBE_APART, NEAR_END, is_broken_mail, is_mail
from plugins.finding.shadow import Edit, Shadow
from plugins.finding.spans import Span

SURE = 0.55
"""The least score of a finding that needs something closed."""

_MOST_LINES = 8
"""Lines of numbers that may be one value: an IBAN in groups of four."""

_LINES_ARE_NO_MATTER = "IBAN_CODE"
"""What is certain by its form and check digits, whatever lines follow it."""

_MAYBE_SPACED = (
    re.compile(r"[ \n]\S[ \n]\S[ \n]\S[ \n]"),
    re.compile(r"[-._/|,*]\w[-._/|,*]\w[-._/|,*]\w[-._/|,*]"),
)
"""What a text must hold to be searched for more."""
_SPACED = re.compile(
    r"(?<![^\s(\"'\[:=<>,;])\S(?:(?: {1,3}|\n)\S){5,}(?=[\s.,;:!?)\"'\]<>]|$)"
    r"|(?<!\w)\w(?:([-._/|,*])\w)(?:\1\w){6,}(?!\w)"
)
_SPACES = re.compile(r"\s+")
_LETTERS = re.compile(r"[^\W\d_]")
_MOST_SPELT = 200
"""Characters spaced out that may be a name; a model takes time for each."""

_TO_DIGITS = dict(zip("OoIl|", "00111", strict=True))
_LIKE_DIGITS = re.compile(
    r"(?<![\w@])(?:[A-Z]{2}(?=\d))?\+?[(]?[\dOoIl|](?:[ ()./-]{0,2}[\dOoIl|]){6,33}(?!\w)"
)
"""What may be a number with letters for some of its digits; an IBAN begins with two of its own."""
_MAYBE_LIKE_DIGITS = regex.compile(
    r"\d(?:(?<=[OoIl|]\d)|(?=[ ()./-]{0,2}[OoIl|](?![^\W\dOoIl])))|\+[lI]"
)
_LEAST_IBAN = 15

_LINE_END = re.compile(r"[ \t]{0,8}\r?\n[ \t]{0,8}")
_MAYBE_NUMBERS_END = re.compile(r"\n[ \t]{0,8}[\d(./-]")
_NUMBERS_END = re.compile(
    r"(?<=[\d)(+./-])[ \t]{0,8}\r?\n[ \t]{0,8}(?=[\d(./-])"
    # A line of a log begins with its date or an address.
    r"(?!\d{4}[-/]\d\d|\d{1,3}(?:\.\d{1,3}){3})"
)
_NUMBERS = re.compile(r"[\d ()+./-]*")
_LEAST_DIGITS = 7
_CUT_WORD = re.compile(
    r"(?<!\w)([A-Z\u00c0-\u00de][^\W\d_]{0,40})[ \t]{0,8}\r?\n[ \t]{0,8}"
    r"([^\W\d_A-Z\u00c0-\u00de][^\W\d_]{0,40})(?!\w)"
)
"""A capitalised word at the end of a line, and one without a capital at the next one's start."""
_SHORTEST_NAME = 5
_BROKEN_MAC = re.compile(
    r"(?<![\w:-])([0-9A-Fa-f:-]{1,16})[ \t]{0,8}\r?\n[ \t]{0,8}([0-9A-Fa-f:-]{1,16})(?![\w:-])"
)
_MAYBE_MAC = re.compile(r"[:-][0-9A-Fa-f]{2}[:-]")
"""Of its seventeen characters nine are in one line, and have two signs between pairs."""
_MAC = re.compile(r"[0-9A-Fa-f]{2}([:-])[0-9A-Fa-f]{2}(?:\1[0-9A-Fa-f]{2}){4}")
_BROKEN_IBAN = re.compile(
    r"(?<![A-Za-z0-9])[A-Z]\s?[A-Z](?:\s?\d){2}(?:[ -]?(?:\r?\n)?[ -]?[A-Z0-9]){11,30}"
)


class Words(Protocol):
    """What is known of words in lower case."""

    def given(self, word: str) -> bool: ...
    def family(self, word: str) -> bool: ...
    def plain(self, word: str) -> bool: ...


class Gap(NamedTuple):
    """A place to close; `chain` numbers the gaps between lines of numbers that belong together."""

    start: int
    end: int
    new: str
    chain: int = 0


class Place(NamedTuple):
    """A gap in the closed text."""

    start: int
    end: int
    chain: int


class Closed:
    """A shadow with its gaps closed, and what may be taken from it."""

    def __init__(self, shadow: Shadow, gaps: list[Gap], names: bool):
        self.shadow = shadow.edited(Edit(one.start, one.end, one.new) for one in gaps)
        self.names = names
        self._places: list[Place] = []
        self._chains: dict[int, int] = {}
        shift = 0
        for start, end, new, chain in gaps:
            at = start + shift
            self._places.append(Place(at, at + len(new), chain))
            self._chains[chain] = self._chains.get(chain, 0) + 1
            shift += len(new) - (end - start)

    def owed(self, span: Span) -> bool:
        """Whether a finding in the closed text is owed to the gaps, and not to chance."""
        crossed = [
            one.chain for one in self._places if span.start < one.end and one.start < span.end
        ]
        if not crossed or span.score < SURE:
            return False
        if span.entity == _LINES_ARE_NO_MATTER:
            return True
        return all(
            not chain or len([*same]) == self._chains[chain] for chain, same in groupby(crossed)
        )


def closed(shadow: Shadow, words: Words | None = None) -> list[Closed]:
    """A text with its gaps closed: the lines joined at once, and joined by a space.

    With `words`, names that a line end cuts are joined too.
    """
    text = shadow.text
    gaps = sorted({*_spaced(text), *_digits(text), *_apart(text)})
    breaks, cut = list[Gap](), list[Gap]()
    if "\n" in text:
        ends = {*_number_ends(text), *_iban_ends(text), *_mail_ends(text), *_mac_ends(text)}
        breaks, cut = sorted(ends), [*_name_ends(text, words)] if words else []
    if not gaps and not breaks and not cut:
        return []
    names = bool(cut) or _may_be_names(text, gaps)
    views = [Closed(shadow, _in_order(gaps, [*breaks, *cut]), names)]
    if breaks:
        spaces = [one._replace(new=" ") for one in breaks]
        views.append(Closed(shadow, _in_order(gaps, spaces), names=False))
    return views


def _in_order(gaps: Iterable[Gap], breaks: Iterable[Gap]) -> list[Gap]:
    """All in order; of those that overlap, the first."""
    out: list[Gap] = []
    for gap in sorted([*gaps, *breaks]):
        if not out or gap.start >= out[-1].end:
            out.append(gap)
    return out


def _spaced(text: str) -> Iterator[Gap]:
    """The gaps between characters that stand alone. Wider ones were gaps between words."""
    if not any(pattern.search(text) for pattern in _MAYBE_SPACED):
        return
    for run in _SPACED.finditer(text):
        if run[1]:
            for at in range(run.start() + 1, run.end(), 2):
                yield Gap(at, at + 1, "")
            continue
        if sum(map(str.isalnum, run[0])) * 3 < len(run[0]):
            continue  # Formulas: a = b + c.
        words = "  " in run[0]
        for gap in _SPACES.finditer(text, *run.span()):
            before, after = text[gap.start() - 1], text[gap.end()]
            hump = not words and before.islower() and after.isupper()
            yield Gap(*gap.span(), " " if hump or len(gap[0]) > 1 else "")


def _may_be_names(text: str, gaps: list[Gap]) -> bool:
    """Whether so many single letters were spaced out that they may spell a name."""
    spelt = sum(bool(_LETTERS.match(text, gap.end)) for gap in gaps)
    return 5 <= spelt <= _MOST_SPELT


def _digits(text: str) -> Iterator[Gap]:
    """Letters in numbers that stand for digits: `O415 555 OI32`. Most must be digits."""
    if not _MAYBE_LIKE_DIGITS.search(text):
        return
    for match in _LIKE_DIGITS.finditer(text):
        number = match[0]
        country = 2 if len(number) > _LEAST_IBAN and number[:2].isalpha() else 0
        letters = [at for at, char in enumerate(number) if at >= country and char in _TO_DIGITS]
        if letters and len(letters) < sum(map(str.isdigit, number)):
            for at in letters:
                start = match.start() + at
                yield Gap(start, start + 1, _TO_DIGITS[number[at]])


def _apart(text: str) -> Iterator[Gap]:
    """Spaces around the signs of a mail address."""
    if GAPPED.search(text) and MAYBE_APART.search(text):
        for match in APART.finditer(text):
            if is_mail(match[0].replace(" ", "")):
                for gap in _SPACES.finditer(text, *match.span()):
                    yield Gap(*gap.span(), "")


def _number_ends(text: str) -> Iterator[Gap]:
    """Line ends with digits before and after; those with nothing else between are one chain."""
    if not _MAYBE_NUMBERS_END.search(text):
        return
    chain: list[re.Match[str]] = []
    number = 0
    for match in _NUMBERS_END.finditer(text):
        if chain and not _NUMBERS.fullmatch(text, chain[-1].end(), match.start()):
            number += 1
            yield from _chained(text, chain, number)
            chain = []
        chain.append(match)
    if chain:
        yield from _chained(text, chain, number + 1)


def _chained(text: str, chain: list[re.Match[str]], number: int) -> Iterator[Gap]:
    if len(chain) > _MOST_LINES:
        return
    first, last = chain[0].start(), chain[-1].end()
    after = _NUMBERS.match(text, last)
    end = after.end() if after else last
    before = text[max(0, first - 40) : first]
    start = first - len(before) + len(before.rstrip("0123456789 ()+./-"))
    if sum(map(str.isdigit, text[start:end])) >= _LEAST_DIGITS:
        for match in chain:
            yield Gap(*match.span(), "", number)


def _iban_ends(text: str) -> Iterator[Gap]:
    """Line ends in what may be an account number."""
    for run in _BROKEN_IBAN.finditer(text):
        for match in _LINE_END.finditer(text, *run.span()):
            yield Gap(*match.span(), "")


def _mac_ends(text: str) -> Iterator[Gap]:
    """Line ends in hardware addresses."""
    if _MAYBE_MAC.search(text):
        for match in _BROKEN_MAC.finditer(text):
            if _MAC.fullmatch(match[1] + match[2]):
                yield Gap(match.end(1), match.start(2), "")


def _mail_ends(text: str) -> Iterator[Gap]:
    """Line ends in mail addresses."""
    if "@" in text:
        for near in NEAR_END.finditer(text):
            end = _LINE_END.search(text, *near.span())
            if end and is_broken_mail(text, *end.span()):
                yield Gap(*end.span(), "")


def _name_ends(text: str, words: Words) -> Iterator[Gap]:
    """Line ends in names: what they cut is a name, and one of the parts is no word at all."""
    for match in _CUT_WORD.finditer(text):
        left, right = match[1].lower(), match[2].lower()
        name = left + right
        if len(name) < _SHORTEST_NAME or not (words.given(name) or words.family(name)):
            continue
        word = words.plain(left) or words.given(left) or words.family(left)
        if not word or not words.plain(right):
            yield Gap(match.end(1), match.start(2), "")
