"""Names, places and what else a spaCy model finds, trimmed to what a placeholder should replace."""

import re
from collections.abc import Iterator

from presidio_analyzer import LocalRecognizer, RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from plugins.pii.options import NER_ENTITIES
from plugins.pii.results import result
from plugins.pii.spans import NER

_ENTITIES = {
    "PERSON": "PERSON",
    "PER": "PERSON",
    "persName": "PERSON",
    "PRS": "PERSON",
    "GPE": "LOCATION",
    "LOC": "LOCATION",
    "FAC": "LOCATION",
    "placeName": "LOCATION",
    "geogName": "LOCATION",
    "ORG": "ORGANIZATION",
    "orgName": "ORGANIZATION",
    "NORP": "NRP",
    "DATE": "DATE_TIME",
    "TIME": "DATE_TIME",
    "date": "DATE_TIME",
}
"""Presidio's names for the labels of spaCy's models; English, universal, Polish and Swedish."""

_SCORE = 0.85
"""spaCy says nothing of how certain it is; this is what Presidio gives."""

_LESS = 0.5
"""The score of what the model takes for an organisation and what reads like a person's name.

The small English model does so with one name in seven. A threshold above this leaves them alone.
"""

_LIKE_A_NAME = re.compile(
    r"(?!The )[A-Z\u00c0-\u00de][^\W\d_A-Z]+(?: (?:[A-Z]\.?|[A-Z\u00c0-\u00de][^\W\d_A-Z]+)){1,2}"
)

_LINE = re.compile(r"[^\n\r\t]+")
_TITLE = re.compile(
    r"(?:(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Sir|Herr|Frau|Señor|Señora|Mme|Madame|M)\b\.?\s+)+",
    re.IGNORECASE,
)
_POSSESSIVE = re.compile(r"['\u2019]s?$", re.IGNORECASE)


class Names(LocalRecognizer):
    """What a model's entity recogniser has found in a text."""

    def __init__(self, entities: frozenset[str]):
        super().__init__(sorted(entities & NER_ENTITIES), name=NER)
        self._entities = entities

    def load(self) -> None:
        """Nothing to load: the model has run by the time this is asked."""

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """The model's findings, by Presidio's names."""
        return [
            result(self, start, end, score, entity)
            for one in (nlp_artifacts.entities if nlp_artifacts else ())
            for start, end in _lines(text, one.start_char, one.end_char)
            for entity, score in self._meant(_ENTITIES.get(one.label_, ""), text[start:end])
        ]

    def _meant(self, entity: str, value: str) -> Iterator[tuple[str, float]]:
        """As what a finding counts, and how certainly; nothing if nobody asked for it."""
        if "://" in value:
            return
        if entity in self._entities:
            yield entity, _SCORE
            return
        like_a_name = entity == "ORGANIZATION" and _LIKE_A_NAME.fullmatch(value)
        if like_a_name and "PERSON" in self._entities:
            yield "PERSON", _LESS


def _lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The lines of a finding, trimmed: a name never goes on in the next line, a label begins it."""
    for line in _LINE.finditer(text, start, end):
        begin, stop = _trimmed(text, *line.span())
        if begin == stop or not any(char.isalnum() for char in text[begin:stop]):
            continue
        if line.start() > start and text[stop : stop + 2].lstrip().startswith(":"):
            continue
        yield begin, stop


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Without titles, possessive endings and punctuation around it."""
    if title := _TITLE.match(text, start, end):
        start = title.end()
    while start < end and not text[start].isalnum():
        start += 1
    while start < end and not (text[end - 1].isalnum() or text[end - 1] == "."):
        end -= 1
    if ending := _POSSESSIVE.search(text, start, end):
        end = ending.start()
    # The dot of an initial belongs to it, the dot of a sentence does not.
    if text[start:end].endswith(".") and not re.search(r"\b\w\.$", text[start:end]):
        end -= 1
    return start, end
