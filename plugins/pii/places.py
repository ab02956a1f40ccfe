"""Places by lists: countries, states and the cities of some countries."""

from itertools import islice

import regex
from presidio_analyzer import RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from plugins.finding.spans import LISTED
from plugins.pii.letters import first_run, runs, starts
from plugins.pii.lexicon import Lexicon
from plugins.pii.results import Loaded, result
from plugins.pii.technical import glued
from plugins.pii.words import text_of

_WORD = regex.compile(r"\p{L}[\p{L}\p{M}'\u2019-]{2,}")
_WHOLE = regex.compile(rf"(?<!\p{{L}}[\p{{M}}'\u2019-]*){_WORD.pattern}")
"""A word from its beginning on."""
_LONGEST = 4
_SCORE = 0.55
_TOWARDS = regex.compile(
    r"\b(?:in|from|to|at|near|around|of|visit|leave|leaving|into|outside|via|aus|nach|bei|à|en|a|"
    r"de|da|i|fra|från|till|til|w|z) $",
    regex.IGNORECASE,
)

_HOME = regex.compile(
    r"\b(?:liv(?:es?|ed|ing)|born|raised|based|resid(?:es?|ing)|mov(?:ed?|ing)|relocat(?:ed?|ing)|"
    r"fl(?:y|ying|ights?)|trip|travel(?:l?ing)?|grew up|(?:i|he|she|they|we|you)'?(?:m|s|re)|"
    r"(?:am|is|are|was|were)) (?:back )?(?:in|to|from|near) $"
    r"|\b(?:wohn(?:e|t|haft|en)|leb(?:e|t|en)|komm(?:e|t|en)|zieh(?:e|t|en)|habit(?:e|ons|ent)|"
    r"déménag(?:e|ent)|viv(?:o|e|imos|en|iamo)|abit(?:o|a|iamo)|mor(?:o|a|amos)|woon|woont|bor|"
    r"mieszka(?:m|my)?|né[ez]?|nacid[oa]|nat[oa]) (?:in|aus|nach|à|en|a|em|i|på|w) $",
    regex.IGNORECASE,
)
"""What is said of the place where somebody is at home or goes to."""

_THINGS = frozenset("turkey china guinea chile jersey victoria".split())
"""Countries and states that are things, in lower case."""


class Places(Loaded):
    """Places with a capital; in lower case countries, and others after a preposition.

    Small towns of all the world only where somebody lives or goes, or after a preposition.
    """

    def __init__(self, lexicon: Lexicon):
        super().__init__(["LOCATION"], name=LISTED)
        self._lexicon = lexicon
        of_several: dict[str, set[str]] = {}
        for name in lexicon.towns():
            first, *others = runs(name)
            if others:
                of_several.setdefault(first, set()).add(max(others, key=len))
        self._of_several = {first: frozenset(others) for first, others in of_several.items()}
        """By the first of its words, one of the others of each name: the longest."""
        of_one = {
            first_run(name)
            for name in lexicon.towns()
            if len(runs(name)) == 1 and not _is_rather_a_word(lexicon, name)
        }
        self._of_one = frozenset(of_one)

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Every place in a text, the longest where several begin with one word."""
        text = text_of(text)
        found: list[RecognizerResult] = []
        free = 0
        for start in starts(text, self._begin(text.words)):
            first = _WHOLE.match(text, start) if start >= free else None
            if first is None:
                continue
            further = islice(_WORD.finditer(text, first.end()), _LONGEST - 1)
            for word in reversed([first, *further]):
                end = word.end()
                name = text[start:end]
                if (
                    self._lexicon.town(name.lower())
                    and self._meant(text, start, name)
                    and not glued(text, start, end)
                    and not text.lines.technical(start)
                ):
                    found.append(result(self, start, end, _SCORE))
                    free = end
                    break
        return found

    def _begin(self, words: frozenset[str]) -> frozenset[str]:
        """Those of a text's words with which names of places may begin in it."""
        further = (
            word
            for word in self._of_several.keys() & words
            if not self._of_several[word].isdisjoint(words)
        )
        return (self._of_one & words).union(further)

    def _meant(self, text: str, start: int, name: str) -> bool:
        """Whether a place's name is meant for one: many are words, or people's names."""
        known = self._lexicon
        lower = name.lower()
        if " " not in lower and _is_rather_a_word(known, lower):
            return False
        if not known.place(lower):
            return self._town(text, start, name)
        if known.country(lower):
            return name[0].isupper() or lower not in _THINGS
        if not name[0].isupper():
            return bool(_TOWARDS.search(text[max(0, start - 9) : start]))
        return not known.family(lower) or bool(_TOWARDS.search(text[max(0, start - 9) : start]))

    def _town(self, text: str, start: int, name: str) -> bool:
        """Whether a name that is known from far away alone is meant for a place."""
        before = text[max(0, start - 24) : start]
        if name[0].isupper() and not name.isupper():
            known = self._lexicon
            word = known.plain(name.lower()) or known.family(name.lower())
            return bool((_HOME if word else _TOWARDS).search(before))
        return bool(_HOME.search(before))


def _is_rather_a_word(known: Lexicon, name: str) -> bool:
    """Whether a name of one word is more often a word, or somebody's name."""
    named = known.sure(name) if known.country(name) else known.given(name)
    return known.common(name) or named
