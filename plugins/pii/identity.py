"""National identity numbers whose form and check digits say what they are.

A check that one number in ten passes proves nothing, so numbers of digits alone count only after a
word that explains them; those with letters, dates or strong checks count by themselves.
"""

from collections.abc import Callable
from typing import NamedTuple

import regex
from presidio_analyzer import RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from plugins.pii.results import Loaded, result

SURE, WEAK = 0.9, 0.2

_WORDS: tuple[str, ...] = (
    *"""id identity national personal tax social insurance citizen steuer fiscal nif nir sécu bsn
    burgerservicenummer cpf pesel cnp personnummer cpr fødselsnummer ahv aadhaar tfn sin rodné
    pps""".split(),
)

_CANDIDATE = regex.compile(
    r"(?<=(?<![\w.@#/-])([A-Za-z]{6} (?=\d\d[A-Za-z]\d\d)|[XYZxyz]-|[A-Za-z]{0,6}))"
    r"\d(?:(?:[ ./-]?[\dA-Za-z]){6,19}|(?<=[A-Za-z]{5}\d)\d{3}[A-Za-z])(?![\w@]|[./-]\d)"
)
"""Searched for by its first digit, which is rarer than a letter."""


class _Form(NamedTuple):
    country: str
    pattern: "regex.Pattern[str]"
    right: Callable[[str], bool]
    score: float


class Identity(Loaded):
    """Identity numbers of some twenty countries."""

    def __init__(self) -> None:
        super().__init__(
            ["NATIONAL_ID"],
            name="Identity",
            context=[*_WORDS],
        )

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Every identity number in a text."""
        found: list[RecognizerResult] = []
        for match in _CANDIDATE.finditer(text):
            score = _score(match[1] + match[0])
            if score:
                found.append(result(self, match.start(1), match.end(), score))
        return found


def _score(written: str) -> float:
    best = 0.0
    if not _ANY.fullmatch(written):
        return best
    solid = regex.sub(r"[ ./-]", "", written).upper()
    for form in _FORMS:
        if form.score > best and form.pattern.fullmatch(written.upper()) and form.right(solid):
            best = form.score
    return best


def _digits(value: str) -> list[int]:
    return [int(char) for char in value if char.isdigit()]


def _weighed(value: str, weights: tuple[int, ...], modulus: int) -> int:
    return sum(a * b for a, b in zip(_digits(value), weights, strict=False)) % modulus


def _dated(month: str, day: str) -> bool:
    return 1 <= int(month) <= 12 and 1 <= int(day) <= 31


def _spain(value: str) -> bool:
    number = value[:-1].translate(str.maketrans("XYZ", "012"))
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == value[-1]


def _italy(value: str) -> bool:
    odd = dict(zip("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", _ODD[:10] + _ODD, strict=True))
    total = 0
    for place, char in enumerate(value[:15]):
        if place % 2:
            total += int(char) if char.isdigit() else ord(char) - 65
        else:
            total += odd[char]
    return chr(65 + total % 26) == value[15]


_ODD = (
    1,
    0,
    5,
    7,
    9,
    13,
    15,
    17,
    19,
    21,
    2,
    4,
    18,
    20,
    11,
    3,
    6,
    8,
    12,
    14,
    16,
    10,
    22,
    25,
    24,
    23,
)


def _france(value: str) -> bool:
    number = value[:13].replace("2A", "19").replace("2B", "18")
    return number.isdigit() and 97 - int(number) % 97 == int(value[13:])


def _finland(value: str) -> bool:
    return "0123456789ABCDEFHJKLMNPRSTUVWXY"[int(value[:6] + value[-4:-1]) % 31] == value[-1]


def _luhn(value: str) -> bool:
    digits = _digits(value)
    return (sum(digits[-1::-2]) + sum(sum(divmod(2 * d, 10)) for d in digits[-2::-2])) % 10 == 0


def _sweden(value: str) -> bool:
    number = value[-10:]
    return _dated(number[2:4], number[4:6]) and _luhn(number)


def _poland(value: str) -> bool:
    rest = _weighed(value, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1), 10)
    return rest == 0 and 1 <= int(value[2:4]) % 20 <= 12 and 1 <= int(value[4:6]) <= 31


def _norway(value: str) -> bool:
    first = _weighed(value, (3, 7, 6, 1, 8, 9, 4, 5, 2, 1), 11)
    second = _weighed(value, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1), 11)
    return first == second == 0 and 1 <= int(value[:2]) % 40 <= 31


def _brazil(value: str) -> bool:
    if len(set(value)) == 1:
        return False
    first = _weighed(value, tuple(range(10, 1, -1)), 11)
    second = _weighed(value, tuple(range(11, 1, -1)), 11)
    return int(value[9]) == (11 - first) % 11 % 10 and int(value[10]) == (11 - second) % 11 % 10


def _belgium(value: str) -> bool:
    check = int(value[9:])
    return check in (97 - int(value[:9]) % 97, 97 - int("2" + value[:9]) % 97)


def _switzerland(value: str) -> bool:
    return _weighed(value, (1, 3) * 6 + (1,), 10) == 0


def _china(value: str) -> bool:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return "10X98765432"[_weighed(value[:17], weights, 11)] == value[17] and _dated(
        value[10:12], value[12:14]
    )


def _singapore(value: str) -> bool:
    extra = {"S": 0, "F": 0, "T": 4, "G": 4}[value[0]]
    rest = (
        sum(a * b for a, b in zip(_digits(value), (2, 7, 6, 5, 4, 3, 2), strict=True)) + extra
    ) % 11
    return ("JZIHGFEDCBA" if value[0] in "ST" else "XWUTRQPNMLK")[rest] == value[-1]


def _ireland(value: str) -> bool:
    total = sum(a * b for a, b in zip(_digits(value), range(8, 1, -1), strict=True))
    if len(value) == 9 and value[8] != "W":
        total += 9 * (ord(value[8]) - 64)
    return "WABCDEFGHIJKLMNOPQRSTUV"[total % 23] == value[7]


def _romania(value: str) -> bool:
    rest = _weighed(value[:12], (2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9), 11)
    return (1 if rest == 10 else rest) == int(value[12]) and _dated(value[3:5], value[5:7])


def _germany(value: str) -> bool:
    product = 10
    for digit in _digits(value)[:10]:
        product = ((digit + product) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == int(value[10]) and value[0] != "0"


def _insured(value: str) -> bool:
    """The number of a health insurance, whose letter counts as two digits."""
    return _luhn(f"{ord(value[0]) - 64:02}{value[1:]}")


def _pension(value: str) -> bool:
    """The number of the pension insurance; fifty more than the day tells namesakes apart."""
    digits = _digits(f"{value[:8]}{ord(value[8]) - 64:02}{value[9:]}")
    weights = (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)
    products = (a * b for a, b in zip(digits, weights, strict=False))
    day = str(int(value[2:4]) % 50)
    return sum(sum(divmod(one, 10)) for one in products) % 10 == digits[-1] and _dated(
        value[4:6], day
    )


def _always(_: str) -> bool:
    return True


def _form(country: str, pattern: str, right: Callable[[str], bool], score: float) -> _Form:
    return _Form(country, regex.compile(pattern), right, score)


_FORMS = (
    _form("ES", r"(?:\d{8}|[XYZ]-?\d{7})-?[A-HJ-NP-TV-Z]", _spain, SURE),
    _form("IT", r"[A-Z]{6} ?\d{2}[A-EHLMPR-T]\d{2} ?[A-Z]\d{3}[A-Z]", _italy, 1.0),
    _form(
        "FR",
        r"[12] ?\d{2} ?(?:0[1-9]|1[0-2]|[2-9]\d) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}",
        _france,
        SURE,
    ),
    _form("FI", r"\d{6}[-+A]\d{3}[0-9A-Y]", _finland, SURE),
    _form("SE", r"(?:19|20)?\d{6}[-+]\d{4}", _sweden, 0.6),
    _form("SE", r"(?:19|20)?\d{10}", _sweden, WEAK),
    _form("PL", r"\d{11}", _poland, WEAK),
    _form("NO", r"\d{6} ?\d{5}", _norway, 0.5),
    _form("DK", r"[0-3]\d[01]\d\d{2}-\d{4}", lambda value: _dated(value[2:4], value[:2]), 0.5),
    _form("BR", r"\d{3}\.\d{3}\.\d{3}-\d{2}", _brazil, SURE),
    _form("BR", r"\d{11}", _brazil, WEAK),
    _form("BE", r"\d{2}\.?\d{2}\.?\d{2}-?\d{3}[.-]?\d{2}", _belgium, 0.5),
    _form("CH", r"756\.?\d{4}\.?\d{4}\.?\d{2}", _switzerland, SURE),
    _form("CN", r"[1-9]\d{5}(?:19|20)\d{9}[\dX]", _china, SURE),
    _form("SG", r"[STFG]\d{7}[A-Z]", _singapore, SURE),
    _form("IE", r"\d{7}[A-W][A-IW]?", _ireland, SURE),
    _form("RO", r"[1-8]\d{12}", _romania, 0.5),
    _form("DE", r"\d{2} ?\d{3} ?\d{3} ?\d{3}", _germany, WEAK),
    _form("DE", r"[A-Z]\d{9}", _insured, 0.5),
    _form("DE", r"\d{2} ?\d{6} ?[A-Z] ?\d{3}", _pension, SURE),
    _form("NL", r"\d{9}", lambda v: _weighed(v, (9, 8, 7, 6, 5, 4, 3, 2, -1), 11) == 0, WEAK),
    _form("CA", r"\d{3}([ -])\d{3}\1\d{3}", _luhn, WEAK),
    _form("CZ", r"\d{6}/\d{4}", lambda value: int(value) % 11 == 0, 0.6),
    _form("IN", r"[A-Z]{3}[ABCFGHLJPT][A-Z]\d{4}[A-Z]", _always, 0.6),
    _form("MX", r"[A-Z]{4}\d{6}[HM][A-Z]{5}[A-Z\d]\d", _always, SURE),
)
_ANY = regex.compile("|".join(form.pattern.pattern for form in _FORMS), regex.IGNORECASE)
