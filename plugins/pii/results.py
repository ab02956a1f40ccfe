"""How our recognisers report to Presidio."""

from presidio_analyzer import EntityRecognizer, RecognizerResult


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
