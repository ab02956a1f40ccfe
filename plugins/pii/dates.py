"""Dates of birth and ages, where the words around them say so, and dates when all are wanted."""

import regex
from presidio_analyzer import Pattern, PatternRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from plugins.pii.results import Loaded, result
from plugins.pii.words import text_of

_MONTH = (
    r"(?:jan(?:uary|uar|vier)?|feb(?:ruary|ruar)?|février|mar(?:ch|s|zo)?|märz|apr(?:il)?|avril|"
    r"abril|may|mai|mayo|maggio|june?|juni|juin|junio|giugno|july?|juli|juillet|julio|luglio|"
    r"aug(?:ust)?|août|agosto|sept?(?:ember|embre)?|settembre|oct(?:ober|obre)?|okt(?:ober)?|"
    r"ottobre|octubre|nov(?:ember|embre)?|noviembre|dec(?:ember)?|dez(?:ember)?|décembre|"
    r"diciembre|dicembre|enero|febrero|gennaio|febbraio|aprile|marzo)"
)
_DAY = r"\d{1,2}(?:st|nd|rd|th|er|\.|º)?"
_TIME = r"(?:[ T,]{1,2}\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?: ?[ap]m|Z|[+-]\d{2}:?\d{2})?)?"
_DATE = (
    rf"(?:\d{{4}}(?P<a>[-/.])\d{{1,2}}(?P=a)\d{{1,2}}{_TIME}|\d{{1,2}}(?P<b>[-/.])\d{{1,2}}(?P=b)(?:\d{{4}}|\d{{2}})"
    rf"{_TIME}|{_DAY} (?:of |de )?{_MONTH}\b\.?(?:,? (?:de )?\d{{4}})?|"
    rf"{_MONTH}\b\.? {_DAY}(?:,? \d{{4}})?(?!\d))"
)
_BIRTH = regex.compile(
    r"\b(?:born|birth ?da(?:y|te)|date of birth|d\.?o\.?b\.?|geboren|geburts(?:tag|datum)|geb\.|"
    r"née? le|date de naissance|nacid[oa]|fecha de nacimiento|nat[oa] il|data di nascita|"
    r"nascid[oa]|data de nascimento|geboortedatum|född|født|urodzon[ya]|syntynyt)"
    r"(?!\w)[^\n\d]{0,25}?"
    rf"(?P<date>{_DATE})",
    regex.IGNORECASE,
)
_BIRTHS = frozenset(
    """born birth birthday birthdate date d do dob geboren geburtstag geburtsdatum geb né née nacido
    nacida fecha nato nata data nascido nascida geboortedatum född født urodzony urodzona
    syntynyt""".split()
)
"""What words of birth begin with."""

_NUMBER = regex.compile(r"(?<![\w.,:/$€£%+-])\d(?:(?<=1)[01]\d|(?<=[1-9])\d)?(?![\d%:]|[.,/]\d)")
"""Up to 119."""
_LONGEST = 3
_OLD = regex.compile(
    r"[ -]?(?:years?|yrs?|y)[ -](?:old|of age)\b|[ -]?y[/.]?o\b|"
    r" (?:Jahre alt|jaar oud|år gam|lat\b)|"
    r" (?:ans|años|anni|anos)\b",
    regex.IGNORECASE,
)
_SAYS = regex.compile(
    r"\b(?:turn(?:s|ed|ing)?|i'm|i am|he's|he is|she's|she is|they're) $", regex.IGNORECASE
)
_AGED = regex.compile(
    r"\b(?:aged?|age of|age is|alter|edad|âge|idade|età|leeftijd)[:=]? ?$", regex.IGNORECASE
)
_ENDS = regex.compile(r" *(?:[.,;!?)\n]|$|and\b)")
_FOREIGN = regex.compile(r"\b(?:j'ai|ai|tengo|tiene|ho|ha|tenho|tem|de|a) $", regex.IGNORECASE)


class Birth(Loaded):
    """Dates that are said to be somebody's birth."""

    def __init__(self) -> None:
        super().__init__(["DATE_OF_BIRTH"], name="Birth")

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Every date of birth."""
        if _BIRTHS.isdisjoint(text_of(text).words):
            return []
        return [result(self, *match.span("date"), 0.75) for match in _BIRTH.finditer(text)]


class Age(Loaded):
    """Ages of people; the number alone."""

    def __init__(self) -> None:
        super().__init__(["AGE"], name="Age")

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Every age."""
        return [
            result(self, *match.span(), 0.6)
            for first, last in text_of(text).numbers
            if last - first <= _LONGEST
            and (match := _NUMBER.match(text, first))
            and _is_age(text, *match.span())
        ]


def _is_age(text: str, start: int, end: int) -> bool:
    before = text[max(0, start - 14) : start]
    if old := _OLD.match(text, end, end + 16):
        return not old[0].endswith(("ans", "os", "anni")) or bool(_FOREIGN.search(before))
    if _AGED.search(before):
        return True
    return bool(_SAYS.search(before)) and bool(_ENDS.match(text, end, end + 8))


def date() -> PatternRecognizer:
    """Dates with all their parts."""
    return PatternRecognizer(
        "DATE_TIME",
        name="Date",
        patterns=[Pattern("date", rf"(?<![\w.,/-]){_DATE}(?![\w/-]|\.\d)", 0.6)],
        global_regex_flags=regex.IGNORECASE,
    )
