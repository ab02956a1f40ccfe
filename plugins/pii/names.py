"""Names, places and what else a spaCy model finds, trimmed to what a placeholder should replace."""

import re
from collections.abc import Iterator, Sequence

from presidio_analyzer import RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from plugins.finding.spans import NER
from plugins.pii.entities import NER_ENTITIES
from plugins.pii.lexicon import Lexicon
from plugins.pii.people import words_of
from plugins.pii.results import Loaded, result
from plugins.pii.technical import Lines, glued

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

_TOWARDS = re.compile(r"\b(?:in|from|to|at|near|with|for|by|of|and|called|named) $")
_AT_PLACE = re.compile(r"\b(?:in|from|to|at|near|via|around|visit|outside) $")
_INSIDE = re.compile(r"[a-z,] $")
_LINE = re.compile(r"[^\n\r\t]+")
_TITLE = re.compile(
    r"(?:(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Sir|Herr|Frau|Señor|Señora|Mme|Madame|M)\b\.?\s+)+",
    re.IGNORECASE,
)
_POSSESSIVE = re.compile(r"['\u2019]s?$", re.IGNORECASE)


class Names(Loaded):
    """What a model's entity recogniser has found in a text."""

    def __init__(self, entities: frozenset[str], lexicon: Lexicon):
        super().__init__(sorted(entities & NER_ENTITIES), name=NER)
        self._entities = entities
        self._lexicon = lexicon

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """The model's findings, by Presidio's names."""
        lines = Lines(text)
        return [
            result(self, start, end, score, entity)
            for one in (nlp_artifacts.entities if nlp_artifacts else ())
            for start, end in _lines(text, one.start_char, one.end_char)
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
        if in_code and entity in _DOUBTFUL and not self._borne_out(words, value):
            return
        if value.islower() and entity in _DOUBTFUL and not self._clear(text, start, words):
            return
        if entity == "PERSON" and not self._may_be_a_name(text, start, words, value):
            return
        if entity == "DATE_TIME" and not _DATED.search(value):
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
        if entity == "PERSON" and "LOCATION" in self._entities and known.town(name) and not named:
            return "LOCATION"
        return entity

    def _borne_out(self, words: Sequence[str], value: str) -> bool:
        """Whether the lists know a word of it for a name and nothing else."""
        known = self._lexicon
        if not value.replace(" ", "").replace("-", "").replace(".", "").isalpha():
            return False
        if known.place(" ".join(words)):
            return True
        sure = any(known.sure(word) for word in words)
        return sure or (len(words) > 1 and known.given(words[0]) and known.family(words[-1]))

    def _clear(self, text: str, start: int, words: Sequence[str]) -> bool:
        """Whether a guess in lower case, where every unknown word looks like a name, is one."""
        known = self._lexicon
        if known.town(" ".join(words)) or any(map(known.sure, words)):
            return True
        if any(known.plain(word) for word in words):
            return False
        return (
            len(words) > 1
            or known.family(words[0])
            or bool(_TOWARDS.search(text[max(0, start - 8) : start]))
        )

    def _may_be_a_name(self, text: str, start: int, words: Sequence[str], value: str) -> bool:
        """Whether a guess at a person is more than ordinary words with capitals."""
        known = self._lexicon
        if any(char.isdigit() for char in value):
            return False
        if not known.knows_words:
            return True
        if any(known.sure(word) or known.family(word) for word in words):
            return True
        if not all(known.plain(word) or len(word) < 2 for word in words):
            return True
        # A word with a capital where no sentence begins: "when Trump said".
        return (
            len(words) == 1
            and value[0].isupper()
            and _INSIDE.search(text[max(0, start - 3) : start]) is not None
        )

    def _reads_like_a_name(self, words: Sequence[str]) -> bool:
        known = self._lexicon
        return known.given(words[0]) or (
            known.family(words[-1]) and not any(known.plain(word) for word in words)
        )


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
