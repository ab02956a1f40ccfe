"""Places by lists: countries, states and the cities of some countries."""

import regex
from presidio_analyzer import RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from plugins.finding.spans import LISTED
from plugins.pii.lexicon import Lexicon
from plugins.pii.results import Loaded, result
from plugins.pii.technical import glued
from plugins.pii.words import text_of

_WORD = regex.compile(r"\p{L}[\p{L}\p{M}'\u2019-]{2,}")
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

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Every place in a text, the longest where several begin with one word."""
        known = self._lexicon
        lines = text_of(text).lines
        words = [(match.start(), match.end()) for match in _WORD.finditer(text)]
        found: list[RecognizerResult] = []
        free = 0
        for index, (start, end) in enumerate(words):
            if start < free:
                continue
            # Most words begin no name of several.
            longest = _LONGEST if known.begins_town(text[start:end].lower()) else 1
            for _, end in reversed(words[index : index + longest]):
                name = text[start:end]
                if (
                    known.town(name.lower())
                    and self._meant(text, start, name)
                    and not glued(text, start, end)
                    and not lines.technical(start)
                ):
                    found.append(result(self, start, end, _SCORE))
                    free = end
                    break
        return found

    def _meant(self, text: str, start: int, name: str) -> bool:
        """Whether a place's name is meant for one: many are words, or people's names."""
        known = self._lexicon
        lower = name.lower()
        named = known.sure(lower) if known.country(lower) else known.given(lower)
        if " " not in lower and (known.common(lower) or named):
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
