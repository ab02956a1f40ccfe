"""How our recognisers report to Presidio, and how they see quickly that there is nothing."""

import re
from functools import cached_property

import regex
from presidio_analyzer import (
    EntityRecognizer,
    LocalRecognizer,
    PatternRecognizer,
    RecognizerResult,
)

from plugins.finding.shadow import Pattern
from plugins.pii.words import Text, text_of


def result(
    recogniser: EntityRecognizer, start: int, end: int, score: float, entity: str = ""
) -> RecognizerResult:
    """A finding that Presidio can trace back; by default of its recogniser's first entity."""
    return RecognizerResult(
        entity or recogniser.supported_entities[0],
        start,
        end,
        score,
        recognition_metadata={
            RecognizerResult.RECOGNIZER_NAME_KEY: recogniser.name,
            RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: recogniser.id,
        },
    )


class Loaded(LocalRecognizer):
    """A recogniser that has all it needs once it is made."""

    def load(self) -> None:
        """Nothing to load."""


class Hinted(PatternRecognizer):
    """A recogniser that finds nothing without certain words or signs, and costs little then."""

    words: frozenset[str] = frozenset()
    """In lower case; one of them stands in the text."""

    hints: tuple[str, ...] = ()
    """The same, but also as a part of a word, or with signs."""

    number: "re.Pattern[str] | None" = None
    """What every finding holds, from the beginning of a row of digits on."""

    needs: Pattern | None = None
    """What every finding holds, searched for in a fraction of the time that the patterns take."""

    def analyze(
        self,
        text: str,
        entities: list[str],
        nlp_artifacts: object = None,
        regex_flags: int | None = None,
    ) -> list[RecognizerResult]:
        """What there is in a text."""
        if not self._may_find(text_of(text)):
            return []
        if regex_flags:
            return super().analyze(text, entities, nlp_artifacts, regex_flags)  # pyright: ignore[reportArgumentType]
        found: list[RecognizerResult] = []
        for pattern, score in self._compiled:
            for match in pattern.finditer(text):
                start, end = match.span()
                if start < end and (sure := self._checked(match[0], score)) > 0:
                    found.append(result(self, start, end, sure))
        return self.remove_duplicates(found) if len(found) > 1 else found

    def _may_find(self, text: Text) -> bool:
        if self.words and self.words.isdisjoint(text.words):
            return False
        if self.number and not any(self.number.match(text, at) for at, _ in text.numbers):
            return False
        if self.hints and not any(hint in text.caseless for hint in self.hints):
            return False
        return self.needs is None or self.needs.search(text) is not None

    @cached_property
    def _compiled(self) -> "list[tuple[regex.Pattern[str], float]]":
        """The patterns, to be searched for without Presidio's clock, log and explanations."""
        flags = self.global_regex_flags or 0
        return [(regex.compile(one.regex, flags), float(one.score)) for one in self.patterns]

    def _checked(self, value: str, score: float) -> float:
        """A score after the checks of the value; 0 if it is refuted."""
        right = self.validate_result(value)
        if right is not None:
            score = 1.0 if right else 0.0
        return 0.0 if self.invalidate_result(value) else score
