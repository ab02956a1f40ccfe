"""Names, places and what else a spaCy model finds, trimmed to what a placeholder should replace."""

import re
from collections.abc import Iterator, Sequence

from presidio_analyzer import RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from plugins.finding.spans import NER
from plugins.pii.doubts import Doubts, pieces
from plugins.pii.entities import NER_ENTITIES
from plugins.pii.lexicon import Lexicon
from plugins.pii.organisations import may_be_an_organisation
from plugins.pii.people import words_of
from plugins.pii.results import Loaded, result
from plugins.pii.technical import Lines, glued
from plugins.pii.words import text_of

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

_DOUBTFUL = frozenset({"PERSON", "LOCATION", "ORGANIZATION"})
"""What a model takes identifiers for."""

_LIKE_A_NAME = re.compile(
    r"(?!The )[A-Z\u00c0-\u00de][^\W\d_A-Z]+(?: (?:[A-Z]\.?|[A-Z\u00c0-\u00de][^\W\d_A-Z]+)){1,2}"
)

_DATED = re.compile(
    r"\d{4}|\d[/.:-]\d|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b|"
    r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)day\b",
    re.IGNORECASE,
)
"""What a date has and a duration has not: models tag "a few months" and "the 60s", too."""

_AT_PLACE = re.compile(r"\b(?:in|from|to|at|near|via|around|visit|outside) $")


class Names(Loaded):
    """What a model's entity recogniser has found in a text."""

    def __init__(self, entities: frozenset[str], lexicon: Lexicon):
        super().__init__(sorted(entities & NER_ENTITIES), name=NER)
        self._entities = entities
        self._lexicon = lexicon
        self._doubts = Doubts(lexicon)

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """The model's findings, by Presidio's names."""
        lines = text_of(text).lines
        return [
            result(self, start, end, score, entity)
            for one in (nlp_artifacts.entities if nlp_artifacts else ())
            for start, end in pieces(text, one.start_char, one.end_char)
            for entity, score in self._meant(text, lines, start, end, _ENTITIES.get(one.label_, ""))
        ]

    def _meant(
        self, text: str, lines: Lines, start: int, end: int, entity: str
    ) -> Iterator[tuple[str, float]]:
        """As what a finding counts, and how certainly; nothing if nobody asked for it."""
        value = text[start:end]
        if "://" in value:
            return
        words = [word for _, _, word in words_of(value)]
        entity = self._person_or_place(text, start, words, entity)
        in_code = glued(text, start, end) or lines.technical(start)
        if in_code and entity in _DOUBTFUL and not self._doubts.borne_out(words, value):
            return
        if value.islower() and entity in _DOUBTFUL and not self._doubts.clear(text, start, words):
            return
        if entity == "PERSON" and not self._doubts.may_be_a_name(text, start, words, value):
            return
        if entity == "DATE_TIME" and not _DATED.search(value):
            return
        if entity == "ORGANIZATION" and not may_be_an_organisation(
            text, start, words, value, self._lexicon
        ):
            return
        like_a_name = (
            entity == "ORGANIZATION"
            and "PERSON" in self._entities
            and _LIKE_A_NAME.fullmatch(value) is not None
        )
        if like_a_name and self._lexicon.sure(words[0]):
            yield "PERSON", _LESS
        elif entity in self._entities:
            yield entity, _SCORE
        elif like_a_name and self._reads_like_a_name(words):
            yield "PERSON", _LESS

    def _person_or_place(self, text: str, start: int, words: Sequence[str], entity: str) -> str:
        """What the lists say of a name that a small model takes for a place, or the reverse."""
        known = self._lexicon
        name = " ".join(words)
        if entity == "LOCATION" and "PERSON" in self._entities and words and known.sure(words[0]):
            at_place = known.town(name) and _AT_PLACE.search(text[max(0, start - 8) : start])
            further = all(known.family(one) or not known.plain(one) for one in words[1:])
            if further and len(words) < 4 and not known.place(name) and not at_place:
                return "PERSON"
        named = any(known.given(one) or known.family(one) or known.plain(one) for one in words)
        guessed = entity in ("PERSON", "ORGANIZATION")
        if guessed and "LOCATION" in self._entities and known.town(name) and not named:
            return "LOCATION"
        return entity

    def _reads_like_a_name(self, words: Sequence[str]) -> bool:
        known = self._lexicon
        return known.given(words[0]) or (
            known.family(words[-1]) and not any(known.plain(word) for word in words)
        )
