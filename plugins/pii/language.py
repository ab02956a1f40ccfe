"""In which language a text is: by its script, and by the stop words of languages in Latin letters.

A guess for choosing a model, cheap and offline: spaCy's lists of stop words are there anyway, and
the libraries for this bring models of megabytes, of which prompts of ten words make little more. A
text too short or too mixed to tell is in no language.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterable
from heapq import nlargest
from importlib.util import find_spec
from operator import itemgetter
from pathlib import Path
from runpy import run_path
from typing import cast

LATIN = "en de fr es it nl pt pl sv da nb fi cs ro tr hu hr".split()

_LOOKED_AT = 1_000
"""Characters of a text that decide."""

_WORD = re.compile(r"[^\W\d_]{1,20}(?:['\u2019][^\W\d_]{1,8})?")
_SCRIPTS = {
    "ja": re.compile(r"[\u3040-\u30ff]"),
    "zh": re.compile(r"[\u3400-\u9fff]"),
    "ko": re.compile(r"[\uac00-\ud7af]"),
    "uk": re.compile(r"[\u0404\u0406\u0407\u0454\u0456\u0457\u0490\u0491]"),
    "ru": re.compile(r"[\u0400-\u04ff]"),
    "el": re.compile(r"[\u0370-\u03ff]"),
    "ar": re.compile(r"[\u0600-\u06ff]"),
    "he": re.compile(r"[\u0590-\u05ff]"),
    "hi": re.compile(r"[\u0900-\u097f]"),
    "th": re.compile(r"[\u0e00-\u0e7f]"),
}
_NOT_LATIN = re.compile(r"[\u0370-\u1fff\u3040-\ud7af]")
_LETTER = re.compile(r"[^\W\d_]")
_ENOUGH = 1.5
"""Stop words, each shared by how many languages have it, below which nothing is said."""
_EVERYWHERE = frozenset("com www http https org net".split())
_CLEAR = 1.25
"""By how much the best guess must be better than the next."""


class Languages:
    """Guesses languages."""

    def __init__(self) -> None:
        known = stop_words(LATIN)
        shared = Counter(word for words in known.values() for word in words)
        self._weights: dict[str, list[tuple[str, float]]] = {}
        for language, words in known.items():
            for word in words:
                if word in _EVERYWHERE or (len(word) < 2 and word.isascii()):
                    continue
                self._weights.setdefault(word, []).append((language, 1 / shared[word]))

    def guess(self, text: str) -> str:
        """The ISO 639 code of a text's language; an empty string if that cannot be said."""
        start = text[:_LOOKED_AT]
        foreign = len(_NOT_LATIN.findall(start))
        if foreign and foreign * 3 > len(_LETTER.findall(start)):
            for language, letters in _SCRIPTS.items():
                if len(letters.findall(start)) * (20 if language in ("ja", "uk") else 2) > foreign:
                    return language
            return ""
        scores: dict[str, float] = {}
        weights = self._weights
        for word in _WORD.findall(start.lower()):
            if word in weights:
                for language, weight in weights[word]:
                    scores[language] = scores.get(language, 0.0) + weight
        [(best, score), (_, next_best)] = nlargest(
            2, [*scores.items(), ("", 0.0), ("", 0.0)], key=itemgetter(1)
        )
        return best if score >= max(_ENOUGH, _CLEAR * next_best) else ""


def stop_words(languages: Iterable[str] = ()) -> dict[str, set[str]]:
    """The stop words of languages; of all that spaCy has if none is named."""
    wanted = set(languages)
    found: dict[str, set[str]] = {}
    spec = find_spec("spacy")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for path in sorted(Path(folder).glob("lang/*/stop_words.py")):
            if not wanted or path.parent.name in wanted:
                # Read alone: its package brings a tokeniser along, which takes megabytes.
                words = cast("Iterable[str]", run_path(str(path))["STOP_WORDS"])
                found[path.parent.name] = {sys.intern(word) for word in words}
    return found
