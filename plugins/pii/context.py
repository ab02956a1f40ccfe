"""Context words: what stands around a finding makes it more certain.

Presidio's search walks all tokens of a text for each finding and takes "public" for "lic". Here
whole words are compared, a plural counting as its singular, within a small window.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from presidio_analyzer import EntityRecognizer, RecognizerResult

BOOST = 0.35
"""What a context word adds: Presidio's factor."""

_MOST = 0.99
_BEFORE, _AFTER = 6, 3
_WINDOW = 80
_WORD = re.compile(r"[^\W\d_]+")


class _Phrase(NamedTuple):
    """A context word, or several; `first` is the first of them, without a plural's ending."""

    first: str
    words: str


class Context:
    """The context words of some recognisers, made ready for searching."""

    def __init__(self, recognisers: Iterable[EntityRecognizer]):
        self._phrases = {
            recogniser.id: tuple(_phrase(word) for word in recogniser.context or ())
            for recogniser in recognisers
        }

    def boost(
        self, recogniser: EntityRecognizer, text: str, results: Iterable[RecognizerResult]
    ) -> None:
        """Raise the scores of findings that have a context word of their recogniser nearby.

        Never to certainty, which is for what was checked.
        """
        phrases = self._phrases.get(recogniser.id)
        if not phrases:
            return
        for one in results:
            if one.score < _MOST and _near(phrases, text, one.start, one.end):
                one.score = min(_MOST, max(one.score + BOOST, 0.4))


def _near(phrases: Sequence[_Phrase], text: str, start: int, end: int) -> bool:
    window = text[max(0, start - _WINDOW) : end + _WINDOW].lower()
    # Most findings have none nearby, which is seen in a tenth of the time.
    near = [one.words for one in phrases if one.first in window]
    if not near:
        return False
    before = _words(text[max(0, start - _WINDOW) : start])[-_BEFORE:]
    after = _words(text[end : end + _WINDOW])[:_AFTER]
    return any(phrase in f" {' '.join(words)} " for words in (before, after) for phrase in near)


def _phrase(written: str) -> _Phrase:
    words = _words(written)
    return _Phrase(words[0] if words else "", f" {' '.join(words)} ")


def _words(text: str) -> list[str]:
    return [_singular(word) for word in _WORD.findall(text.lower())]


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") else word
