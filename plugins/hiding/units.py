"""The units of values: what is compared, and what all spellings of a value share.

A unit is a run of letters, a digit, a character of a script without spaces, a symbol. Case, accents
and width do not count, nor does what commonly stands between the words of a name or the groups of a
number.
"""

import re
import unicodedata

CLOSE = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
)
"""Scripts that put no space between words, or none before endings: a word may begin anywhere."""
_MARK = "[\u0300-\u036f\u00ad\u200b-\u200f\u2060\ufeff]"
_LETTER = rf"[^\W\d_{CLOSE}]"
WORD = rf"(?:\d|[{CLOSE}]|{_LETTER}(?:{_LETTER}|{_MARK})*+)"
GAP = r"[\s_*.()/\u2010-\u2015-]|%20|&nbsp;"
_UNIT = re.compile(rf"(?:{GAP})|({WORD}|[^\w\s])")
_ASCII_UNIT = re.compile(r"[\s_*.()/-]|%20|&nbsp;|(\d|[A-Za-z]+|[^\w\s])")
"""As the above, for ASCII alone: most text is, and five times as fast looked at."""
_ASCII_FIRST = re.compile(r"(?:%20|&nbsp;|[^A-Za-z0-9])*+(\d|[A-Za-z]+)")
_LONG_NUMBER = 7
_DIGITS = re.compile(r"\d+")
_DATE = re.compile(r"(?<!\d)(?:\d{1,2}([./-])\d{1,2}\1\d{4}|\d{4}([./-])\d{1,2}\2\d{1,2})(?!\d)")


def identity(value: str) -> str:
    """What all spellings of a value share, and no other value."""
    units = " ".join(units_of(value))
    numbers = few_digits(value)
    return f"{units} {'-'.join(numbers)}" if len(numbers) > 1 else units or value


def units_of(value: str) -> list[str]:
    """The units of a value, from its first word to its last."""
    if value.isascii():
        found: list[str] = _ASCII_UNIT.findall(value)
        units = " ".join(found).lower().split()
    else:
        units = [folded(unit[1]) for unit in _UNIT.finditer(value) if unit[1]]
    first, end = 0, len(units)
    while first < end and not units[end - 1][0].isalnum():
        end -= 1
    while first < end and not units[first][0].isalnum():
        first += 1
    return units[first:end]


def first_unit(value: str) -> str:
    """The first of a value's units; an empty string if it has none."""
    if value.isascii():
        match = _ASCII_FIRST.match(value)
        return match[1].lower() if match else ""
    return next(iter(units_of(value)), "")


def folded(unit: str) -> str:
    """A unit without what does not count."""
    if unit.isascii():
        return unit.lower()
    if unit.isdecimal():
        return str(int(unit))
    plain = unicodedata.normalize("NFKD", unit.replace("\u2019", "'"))
    return re.sub(_MARK, "", plain).casefold() or unit


def few_digits(value: str) -> list[str]:
    """The numbers in a value of few digits, where "12 3" is not "1 23", or in a date; a number of
    more digits is the same in any grouping.
    """
    numbers = numbers_in(value)
    if not numbers:
        return numbers
    few = sum(map(len, numbers)) < _LONG_NUMBER
    return numbers if few or _DATE.search(value) else []


def numbers_in(text: str) -> list[str]:
    """The numbers in a text, in ASCII digits."""
    if text.isascii():
        return _DIGITS.findall(text)
    return ["".join(str(int(digit)) for digit in run) for run in _DIGITS.findall(text)]
