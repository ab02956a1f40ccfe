"""Organisations by what their names end or begin with: `Quillby Ltd`, `University of Bath`."""

from collections.abc import Sequence

import regex
from presidio_analyzer import RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from plugins.pii.lexicon import Lexicon
from plugins.pii.results import Loaded, result

_CAP = r"(?:\p{Lu}[\p{L}\p{M}\d'\u2019.-]*|&)"
_FORM = (
    r"(?:Ltd|Limited|Inc|Incorporated|LLC|LLP|PLC|plc|Corp|Corporation|GmbH|AG|KG|OHG|UG|SE|e\.V\.|"
    r"S\.p\.A|SpA|S\.r\.l|Srl|S\.A|SA|S\.L|SL|SARL|SAS|B\.V|BV|N\.V|NV|AB|Oy|Oyj|ApS|A/S|AS|"
    r"Pty Ltd|Pvt Ltd|Lda|Ltda|s\.r\.o|Sp\. z o\.o|Kft)"
)
_HEAD = (
    r"(?:Hospital|Clinic|Infirmary|Hospice|Pharmacy|University|College|School|Academy|Institute|"
    r"Elementary|Bank|Insurance|Foundation|Association|Council|Airlines|Airways|Energy|Motors|"
    r"Robotics|Analytics|Biosciences|Pharmaceuticals|Technologies|Solutions|Logistics|Consulting|"
    r"Holdings|Partners|Associates|Industries|Enterprises|Ventures|Laboratories|Universität|"
    r"Klinik|Krankenhaus|Sparkasse|Gymnasium|Université|Universidad|Universit[àa])"
)
_NAMED = regex.compile(
    rf"(?<![\p{{L}}\d_.])(?:{_CAP},? (?:and |of |the |und |et |y )?){{1,4}}"
    rf"(?:{_FORM}(?:\.(?!\w)|(?![\w&]))|{_HEAD}(?![\w&]))"
)
_OF = regex.compile(
    r"(?<![\p{L}\d_.])(?:University|Bank|Institute|Museum|Ministry|Department|School|Church|"
    rf"Universität|Université|Universidad) (?:of|de|of the|zu) {_CAP}(?: {_CAP}){{0,2}}"
)

_AT_WORK = regex.compile(r"\b(?:(?:works?|worked|working) (?:at|for)|at) $")
_SHORT = 4
"""Letters of an abbreviation; a model takes every other one for an organisation."""


class Organisations(Loaded):
    """Names with a capital in each word, and a legal form or a kind of house at the end."""

    def __init__(self, lexicon: Lexicon):
        super().__init__(["ORGANIZATION"], name="Organisations")
        self._lexicon = lexicon

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Every organisation whose name says that it is one."""
        found: list[RecognizerResult] = []
        for pattern in (_NAMED, _OF):
            for match in pattern.finditer(text):
                start = match.start() + self._article(match[0])
                if len(text[start : match.end()].split()) > 1:
                    found.append(result(self, start, match.end(), 0.6))
        return found

    def _article(self, name: str) -> int:
        """The length of words before the name that begin its sentence: `The`, `At`."""
        length = 0
        for word in name.split(" ")[:-1]:
            if not self._lexicon.stop(word.lower()) or (word.isupper() and len(word) > 1):
                break
            length += len(word) + 1
        return length


def may_be_an_organisation(
    text: str, start: int, words: Sequence[str], value: str, known: Lexicon
) -> bool:
    """Whether a model's guess is more than an abbreviation or an ordinary word with a capital."""
    if len(words) != 1 or not known.knows_words or known.town(words[0]):
        return bool(words)
    short = value.isupper() and len(value) <= _SHORT
    if not short and not known.plain(words[0]):
        return True
    return _AT_WORK.search(text[max(0, start - 20) : start]) is not None
