"""Context words: what stands around a finding makes it more certain.

Presidio's search walks all tokens of a text for each finding and takes "public" for "lic". Here
whole words are compared, a plural counting as its singular, within a small window.
"""

import re
from collections.abc import Iterable

from presidio_analyzer import EntityRecognizer, RecognizerResult

BOOST = 0.35
"""What a context word adds: Presidio's factor."""

_MOST = 0.99
_BEFORE, _AFTER = 6, 3
_WINDOW = 80
_WORD = re.compile(r"[^\W\d_]+")


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


def _near(phrases: tuple[str, ...], text: str, start: int, end: int) -> bool:
    before = _words(text[max(0, start - _WINDOW) : start])[-_BEFORE:]
    after = _words(text[end : end + _WINDOW])[:_AFTER]
    return any(phrase in f" {' '.join(words)} " for words in (before, after) for phrase in phrases)


def _phrase(word: str) -> str:
    return f" {' '.join(_words(word))} "


def _words(text: str) -> list[str]:
    return [_singular(word) for word in _WORD.findall(text.lower())]


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") else word
