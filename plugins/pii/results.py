"""How our recognisers report to Presidio, and how they see quickly that there is nothing."""

import regex
from presidio_analyzer import (
    EntityRecognizer,
    LocalRecognizer,
    PatternRecognizer,
    RecognizerResult,
)

from plugins.pii.words import text_of


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

    hints: tuple[str, ...] = ()
    """In lower case; of one of them at least a part of a word stands in the text."""

    needs: "regex.Pattern[str] | None" = None
    """What every finding holds, searched for in a fraction of the time that the patterns take."""

    def analyze(
        self,
        text: str,
        entities: list[str],
        nlp_artifacts: object = None,
        regex_flags: int | None = None,
    ) -> list[RecognizerResult]:
        """What there is in a text."""
        if self.needs and not self.needs.search(text):
            return []
        if self.hints:
            lower = text_of(text).caseless
            if not any(hint in lower for hint in self.hints):
                return []
        return super().analyze(text, entities, nlp_artifacts, regex_flags)  # pyright: ignore[reportArgumentType]
