"""What a tagger finds, as a recogniser of Presidio's kind, without what it gets wrong.

A tagger guesses, and learnt from sentences: of what it says, numbers count only if they have the
digits that such a number has, and names only if they are more than ordinary words. In code, logs
and data what it takes for a name must be in a list of names.
"""

import re
from collections.abc import Iterable, Mapping

from presidio_analyzer import RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from plugins.finding.spans import TAGGED
from plugins.pii.doubts import Doubts, pieces
from plugins.pii.lexicon import Lexicon
from plugins.pii.people import words_of
from plugins.pii.recase import Recase
from plugins.pii.results import Loaded, result
from plugins.pii.tagger.files import files_of
from plugins.pii.tagger.model import TokenClassifier
from plugins.pii.tagger.runs import Run, Runs
from plugins.pii.technical import Lines, glued

_NAMES = frozenset({"PERSON", "LOCATION", "ORGANIZATION", "NRP"})
"""What is made of words."""

_DIGITS = {
    "PHONE_NUMBER": 7,
    "US_BANK_NUMBER": 6,
    "ABA_ROUTING_NUMBER": 8,
    "NATIONAL_ID": 5,
    "US_SSN": 9,
    "PASSPORT": 5,
    "DRIVER_LICENSE": 5,
    "CREDIT_CARD": 12,
    "IBAN_CODE": 10,
}
"""The least number of digits of what is known by its number."""

_SIGNS = {"EMAIL_ADDRESS": "@", "URL": "."}
"""Without what something is no such thing."""

_SURE = 0.8

_NUMBER = re.compile(r"[\d\s.,/-]+")

_DIGEST = re.compile(r"(?=(?:[a-f]*\d+[a-f]){2}|(?:\d*[a-f]+\d){2})[0-9a-f]{7,}")
"""Letters and digits of a hexadecimal number, by turns."""

_VERSION = re.compile(r"[vV]?\d+(?:\.\d+)+|[vV]\d+")

_LOGGED = re.compile(
    r"\W?\d{4}-\d\d-\d\d[T ]\d\d:\d\d\S*\s+\W?"
    r"(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|CRITICAL|FATAL)\b",
    re.IGNORECASE,
)
"""The beginning of a line of a log."""


class Tagged(Loaded):
    """What a token classifier finds in a text."""

    def __init__(
        self,
        tagger: str,
        meanings: Mapping[str, str],
        entities: Iterable[str],
        lexicon: Lexicon,
    ):
        """`meanings` has the entity of each label; raises NoTagger."""
        wanted = frozenset(entities)
        super().__init__(sorted(wanted.intersection(meanings.values())), name=TAGGED)
        files = files_of(tagger)
        self._model = TokenClassifier(files)
        self._runs = Runs(files.labels, meanings)
        self._wanted = wanted
        self._doubts = Doubts(lexicon)
        self._recase = Recase(lexicon)

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Every value in a text."""
        if not any(map(str.isalnum, text)):
            return []
        lines = Lines(text)
        runs = [*self._runs.of(text, self._model.read(self._recase(text)))]
        found: list[RecognizerResult] = []
        for at, run in enumerate(runs):
            beside = runs[max(0, at - 1) : at] + runs[at + 1 : at + 2]
            for start, end in pieces(text, run.start, run.end):
                one = self._meant(text, run._replace(start=start, end=end))
                if one.entity in self._wanted and self._credible(text, lines, one, beside):
                    found.append(result(self, one.start, one.end, one.score, one.entity))
        return found

    def _meant(self, text: str, run: Run) -> Run:
        """A run without what does not belong to it, and a place that was taken for a person."""
        if run.entity not in _NAMES:
            return run
        start, end = self._doubts.core(text, run.start, run.end, run.entity)
        words = [word for _, _, word in words_of(text[start:end])]
        place = run.entity == "PERSON" and self._doubts.is_a_place(words)
        return Run(start, end, "LOCATION" if place else run.entity, run.score)

    def _credible(self, text: str, lines: Lines, run: Run, beside: list[Run]) -> bool:
        """Whether a guess stands up to what is known of such values."""
        start, end, entity, _ = run
        value = text[start:end]
        if sum(map(str.isdigit, value)) < _DIGITS.get(entity, 0):
            return False
        if _SIGNS.get(entity, "") not in value or _VERSION.fullmatch(value):
            return False
        if entity in _DIGITS and _DIGEST.search(value):
            return False
        in_code = glued(text, start, end) or lines.technical(start) or _logged(text, start)
        if entity not in _NAMES:
            return not in_code
        words = [word for _, _, word in words_of(value)]
        if in_code:
            return self._doubts.borne_out(words, value)
        if entity == "PERSON":
            # Ordinary words, such as "Du Cane", are a name if the model is sure.
            sure = run.score >= _SURE and len(words) > 1 and value.istitle()
            return sure or self._doubts.may_be_a_name(text, start, words, value)
        if entity == "LOCATION" and _NUMBER.fullmatch(value):
            return any(one.entity == entity and _near(text, one, run) for one in beside)
        return True


def _logged(text: str, at: int) -> bool:
    """Whether a place is in a line of a log."""
    return _LOGGED.match(text, text.rfind("\n", 0, at) + 1) is not None


def _near(text: str, one: Run, other: Run) -> bool:
    """Whether two runs are parts of one address."""
    first, last = sorted((one, other))
    return re.fullmatch(r"[\s,.-]{0,4}", text[first.end : last.start]) is not None
