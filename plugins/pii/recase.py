"""Capitals where a model expects them.

Models learnt from newspapers: in chat, which has few capitals, and in forms, which have nothing
else, they see next to nothing. So they get to read a copy of the same length, in which ordinary
words are lower-case and all others have a capital.
"""

import regex

from plugins.pii.lexicon import Lexicon
from plugins.pii.technical import is_technical

_LINE = regex.compile(r"[^\n]+")
_WORD = regex.compile(r"\p{L}[\p{L}\p{M}\d]*(?:['\u2019]\p{L}+)?")
_FEW = 0.1
"""The share of words with a capital below which there are few."""
_SHORTEST = 4
"""Letters of the shortest word in capitals, in a line that has others, that is no abbreviation."""


class Recase:
    """Gives lines their capitals."""

    def __init__(self, lexicon: Lexicon):
        self._lexicon = lexicon

    def __call__(self, text: str) -> str:
        """The text with other capitals and the same length; itself if nothing was to be done."""
        if not self._lexicon.knows_words:
            return text
        return _LINE.sub(lambda line: self._line(line[0]), text)

    def _line(self, line: str) -> str:
        words = [word for word in _WORD.findall(line) if len(word) > 1]
        if not words or is_technical(line):
            return line
        capitals = [word for word in words if word[0].isupper()]
        shouted = len([word for word in capitals if word.isupper()])
        if len(capitals) <= _FEW * len(words):
            return _WORD.sub(lambda word: self._lifted(word[0]), line)
        if len(words) > 1 and shouted > 0.8 * len(words):
            return _WORD.sub(lambda word: self._lifted(word[0]), line)
        if shouted:
            return _WORD.sub(lambda word: self._softened(word[0]), line)
        return line

    def _lifted(self, word: str) -> str:
        """A word as it is written in the middle of a sentence."""
        lower = _same_length(word, word.lower())
        if len(word) < 2 or self._lexicon.plain(lower.replace("\u2019", "'")):
            return lower if word.isupper() and len(word) > 1 else word
        return _same_length(word, lower[0].upper() + lower[1:])

    def _softened(self, word: str) -> str:
        """A word in capitals among others: like a name, unless it is short or ordinary."""
        if len(word) < _SHORTEST or not word.isupper() or self._lexicon.plain(word.lower()):
            return word
        return _same_length(word, word[0] + word[1:].lower())


def _same_length(word: str, other: str) -> str:
    return other if len(other) == len(word) else word
