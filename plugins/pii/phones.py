"""Phone numbers: judged first by how they are written, then by the numbering plans.

Presidio's recogniser gives every number 0.4 and knows eight countries. Here the score says how much
looks like a phone: a country code or an area code in parentheses does, seven digits do only after a
word such as "call". Example numbers (`07700 900123`) are not valid in any plan, and yet meant.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

import phonenumbers
import regex
from presidio_analyzer import RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from plugins.pii.results import Loaded, result

CERTAIN, LIKELY, FAIR, WEAK = 0.95, 0.6, 0.5, 0.2

_CONTEXT: tuple[str, ...] = (
    *"""phone telephone tel ph cell cellphone mobile mob call calling dial text sms whatsapp
    fax hotline contact reach telefon tlf handy mobil telefono teléfono celular móvil telefone
    téléphone portable telefoon puhelin komórka""".split(),
)

_SAID = (
    r"(?<![\w/.@-])(?:(?:tele|cell)?phone|tel|cell|mob(?:ile)?|fax|telefono?|tlf|handy|mobil|"
    r"teléfono|celular|móvil|telefone|téléphone|telefoon|puhelin)(?:/(?:mob(?:ile)?|tel|fax))?[/:]"
)
"""What may be glued to a number, as the beginning of a path may not."""

_CANDIDATE = regex.compile(
    rf"(?<![\w@#$€£.])(?:(?<![\w.,][-/:,])|(?<={_SAID}))"
    r"(?:\+ ?)?\(?\d[\d ().\-/\u00a0]{5,24}\d"
    r"(?:,? ?(?:x|ext\.? ?|extension )\d{1,6})?"
    r"(?![\w@%])(?![-/:.,]\d)",
    regex.IGNORECASE,
)
_LONG = re.compile(r"\d[\d ().\-/\u00a0]{5,24}\d")
"""What all of those hold, and where the first of them begins."""
_PART = regex.compile(r"\S+")
_EXTENSION = regex.compile(r",? ?(?:x|ext\.?|extension) ?\d+$", regex.IGNORECASE)
_SEPARATOR = regex.compile(r"\D+")
_GROUP = regex.compile(r"\(\\d(?:\{(\d+)(?:,(\d+))?\})?\)")
"""A group of digits in libphonenumber's own patterns: `(\\d{2,3})`."""
_DIGITS = regex.compile(r"\d+")

_AREA = regex.compile(r"(?:1[-. ])?\(\d{1,5}\)[-. ]?\d{2,5}(?:[-. ]?\d{2,5}){0,3}")
_AMERICAN = regex.compile(r"(?:1[-. ])?[2-9]\d{2}([-. ])\d{3}\1\d{4}")
_LOCAL = regex.compile(r"\d{2,4}(?:[- ]\d{2,4}){1,3}")
_NOT = [
    regex.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:[ T]\d{1,2})?"),  # ISO date
    regex.compile(r"\d{1,2}[-/. ]\d{1,2}[-/. ]\d{4}(?: \d{1,2})?"),  # date
    regex.compile(r"\d{1,3}(?:\.\d{1,3}){3}"),  # IPv4
    regex.compile(r"\d{1,3}(?:\.\d{3})+"),  # thousands
    regex.compile(r"\d{3}-\d{2}-\d{4}"),  # US social security
    regex.compile(r"(?:19|20)\d{2} ?[-/] ?(?:19|20)?\d{2}"),  # years
    regex.compile(r"97[89][- ]?(?:\d[- ]?){9}\d"),  # ISBN
]


class Phone(Loaded):
    """Phone numbers with a country code of every country, without one of the given regions."""

    def __init__(self, regions: Sequence[str] = ()):
        super().__init__(["PHONE_NUMBER"], context=[*_CONTEXT])
        self._plans = _plans(regions)

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Every phone number in a text."""
        first = _LONG.search(text)
        if first is None:
            return []
        return [
            result(self, start, end, score)
            for match in _CANDIDATE.finditer(text, max(0, first.start() - len("+ (")))
            for start, end, score in self._numbers(text, *match.span())
        ]

    def _numbers(self, text: str, start: int, end: int) -> Iterator[tuple[int, int, float]]:
        """The numbers in a run of digits and separators: the longest that is one, then the next."""
        parts = [match.span() for match in _PART.finditer(text, start, end)]
        first = 0
        while first < len(parts):
            for last in range(len(parts), first, -1):
                begin, stop = parts[first][0], parts[last - 1][1]
                if score := self._score(text[begin:stop]):
                    yield begin, stop, score
                    first = last
                    break
            else:
                first += 1

    def _score(self, written: str) -> float:
        """How much it looks like a phone number; 0 for not at all."""
        number = _EXTENSION.sub("", written)
        groups = _DIGITS.findall(number)
        count = sum(map(len, groups))
        if not 7 <= count <= 15 or number.count("(") != number.count(")"):
            return 0.0
        if number.startswith("+"):
            return _international(number, count)
        if any(shape.fullmatch(number) for shape in _NOT):
            return 0.0
        if _AREA.fullmatch(number) and count <= 12:
            return LIKELY
        if _AMERICAN.fullmatch(number):
            return LIKELY
        if number.startswith("00"):
            return _international(f"+{number[2:]}", count - 2) if count >= 10 else 0.0
        if count > 12 or "/" in number[5:]:
            return 0.0
        if len(groups) == 1:
            return WEAK if count >= 8 else 0.0
        if count < 2 * len(groups):
            return 0.0
        if number.startswith(("0", "(0")):
            return FAIR if count >= 9 else WEAK
        if "/" in number:
            return 0.0
        if count >= 8 and len(groups) > 2 and self._as_printed(number, groups):
            return FAIR
        return WEAK if _LOCAL.fullmatch(number) else 0.0

    def _as_printed(self, number: str, groups: list[str]) -> bool:
        """Whether some region has this number and prints it in these groups."""
        if len(set(_SEPARATOR.findall(number))) != 1:
            return False
        lengths = tuple(map(len, groups))
        if set(lengths[1:]) == {3}:
            return False  # So are large amounts: 600 700 800.
        digits = "".join(groups)
        return any(plan.fullmatch(digits) for plan in self._plans.get(lengths, ()))


def _plans(regions: Sequence[str]) -> Mapping[tuple[int, ...], Sequence[regex.Pattern[str]]]:
    """The regions' numbers that are printed without a prefix, by the lengths of their groups."""
    plans: defaultdict[tuple[int, ...], list[regex.Pattern[str]]] = defaultdict(list)
    for region in regions:
        plan = phonenumbers.PhoneMetadata.metadata_for_region(region)
        if plan is None:
            continue
        kinds = [kind for kind in (plan.fixed_line, plan.mobile) if kind is not None]
        valid = "|".join(kind.national_number_pattern or "(?!)" for kind in kinds)
        for form in plan.number_format:
            if form.national_prefix_formatting_rule:
                continue
            leading = form.leading_digits_pattern[-1] if form.leading_digits_pattern else ""
            numbers = regex.compile(f"(?={leading})(?:{valid})")
            bounds = [
                (int(low or 1), int(high or low or 1))
                for low, high in _GROUP.findall(form.pattern or "")
            ]
            for lengths in product(*(range(low, high + 1) for low, high in bounds)):
                plans[lengths].append(numbers)
    return plans


def _international(number: str, count: int) -> float:
    parsed = _parsed(number, None)
    if parsed is not None and phonenumbers.is_possible_number(parsed):
        return CERTAIN
    return LIKELY if count >= 8 else 0.0


def _parsed(number: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return None
