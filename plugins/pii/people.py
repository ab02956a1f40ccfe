"""Names of people by lists of names and by what stands around them; no model needed.

Three kinds of evidence, of which one is enough: a given name that is hardly ever anything else; a
given name that is also a word, with a family name after it; words that announce a name: "my name
is", "Dear", "Dr.". In lower case a name goes on only with a family name or a word nobody knows.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import regex
from presidio_analyzer import RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from plugins.finding.spans import LISTED
from plugins.pii.lexicon import Lexicon
from plugins.pii.results import Loaded, result
from plugins.pii.technical import Lines, glued
from plugins.pii.words import text_of

ANNOUNCED, SURE, LIKELY = 0.8, 0.75, 0.6

_WORD = regex.compile(r"\p{L}[\p{L}\p{M}]*(?:['\u2019-]\p{L}[\p{L}\p{M}]*)*")
_GAP = regex.compile(r"[ \u00a0]{1,2}|\. ?")
_LINE_END = regex.compile(r"[ \t]{0,8}\r?\n[ \t]{0,8}")
PARTICLES = frozenset(
    "van von der den de del della di da dos das du la le ter ten bin ibn al el zu af av y e".split()
)
_PLACES = frozenset(
    "street road lane park hill house hall church school college day station bridge court".split()
)
"""Family names that make a street or a building of a given name before them."""
_LONGEST = 5
"""Words in a name, at most."""

_TITLE = (
    r"(?i:Mrs?|Ms|Mx|Miss|Mister|Dr|Doctor|Prof|Professor|Sir|Madam|Lady|Dame|Lord|Rev|Reverend|"
    r"Herrn?|Frau|Mme|Mlle|Monsieur|Madame|Sr|Sra|Srta|Señora?|Señorita|Don|Doña|Sig|Signora?|"
    r"Senhora?|Mevr|Mevrouw|Meneer|Dhr|Capt|Captain|Sgt|Sergeant|Lt|Lieutenant|Col|Colonel|Gen|"
    r"General|Judge|Senator|Rabbi|Imam|Ing|Dipl)\b\.?"
)
_TITLED = regex.compile(_TITLE)
_ANNOUNCED = regex.compile(
    rf"\b(?:{_TITLE}(?: {_TITLE})*|(?i:"
    r"(?:my|his|her|their|whose|our|the|your)(?: (?:full|last|first|maiden|real|middle|sur|family|"
    r"given))? ?name(?: is|'s|\u2019s|:| was)|names? (?:is|are)|named|called|known as|"
    r"call(?:s|ed)? (?:me|him|her)|"
    r"(?:patient|customer|client|employee|colleague|tenant|applicant|passenger|student|suspect|"
    r"victim|witness|owner|holder|contact|manager|attn|attention|recipient|sender|cardholder|"
    r"beneficiary|guardian|signed|signature|regards|sincerely|cheers|thanks|love)(?: name)?[:,]|"
    r"(?:full |first |last |sur|user |display )?name ?[:=]|"
    r"ich heiße|mein name ist|je m'appelle|je suis|me llamo|mi nombre es|mi chiamo|"
    r"meu nome é|me chamo|mijn naam is|ik heet|jag heter|jeg heter|mit navn er|nazywam się|"
    r"mam na imię|jmenuji se|меня зовут|nom ?:|nombre ?:|nome ?:|naam ?:|navn ?:|namn ?:|imię ?:)"
    r")[ \t]*\n?[\"'\u201c]?(?=\p{L})",
)
_GREETED = regex.compile(
    r"(?:^|(?<=[.!?\n\"] ?))(?i:dear|hi|hello|hey|hallo|liebe[rs]?|bonjour|hola|ciao|olá|cher|"
    r"chère|querid[oa]|i'm|i am|this is|it's|thanks|thx|morning|from|to|cc|bcc|by|written by|"
    r"author|assigned to|meet|ask|tell):? (?=\p{L})",
    regex.MULTILINE,
)
_KIN = regex.compile(
    # Capitals are rarer than words, so what stands before them is looked for from them.
    r"\p{Lu}(?<=(?:\b(?i:aunt|auntie|uncle|cousin|brother|sister|husband|wife|daughter|son|boyfriend|girlfriend|"
    r"fianc[ée]e?|boss|nurse|coach|colleague|coworker|roommate|flatmate|neighbou?r|landlord|"
    r"friend|therapist|teacher|tutor|nanny|babysitter|freund(?:in)?|frau|mann|sohn|tochter|"
    r"bruder|schwester|mandant(?:en|in)?|kollegin?|ami|amie|mari|femme|fils|fille|frère|sœur|"
    r"amigo|amiga|marido|mujer|hijo|hija|hermano|hermana),? "
    r"|\b(?i:sono|soy|sou|jestem|ik ben|jag är|jeg er) )\p{Lu})"
)
"""What somebody is to somebody, and "I am" where no noun has a capital."""
_KEYED = regex.compile(
    r"(?i:\b(?:first|last|full|middle|sur|given|family|maiden|customer|patient|client|contact|"
    r"employee|holder|cardholder|sender|recipient|owner)[ _-]?name|\bvorname|\bnachname|"
    r"\bapellidos?|\bprénom|\bcognome)[\"']? ?[:=] ?[\"'](\p{Lu}[\p{L}\p{M} .'-]{1,40})[\"']"
)
"""Names in data: `"last_name": "Berg"`."""
_VALUE = regex.compile(r"[:=] ?[\"']\p{Lu}")
"""What all of those hold."""
_JOINING = frozenset("and und et y e och og i from".split())
_MONTHS = frozenset("jan mar may jun june jul april august juni juli mai juin".split())
_DAY = regex.compile(r"\d(?:st|nd|rd|th|\.)?(?: of)? $")
_TO_DAY = regex.compile(r"\.? ?\d")
_CJK = [
    regex.compile(r"(?:我叫|我是|姓名[:\uff1a]\s?|名字(?:是|叫))(\p{Han}{2,4})(?=[\p{P}\s]|$)"),
    regex.compile(r"([\p{Han}]{1,4})(?:さん|様|氏|くん|ちゃん)"),
    regex.compile(r"(\p{Hangul}{2,4})(?:\s?(?:씨|님))(?!\p{Hangul})"),
]


class _Word(NamedTuple):
    start: int
    end: int
    lower: str
    cap: bool
    all_caps: bool


class People(Loaded):
    """Names of people, by lists and by what announces them."""

    def __init__(self, lexicon: Lexicon):
        super().__init__(["PERSON"], name=LISTED)
        self._lexicon = lexicon

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Every name in a text."""
        lines = text_of(text).lines
        words = [_word(match) for match in _WORD.finditer(text)]
        announced = {match.end(): ANNOUNCED for match in _ANNOUNCED.finditer(text)}
        for match in _GREETED.finditer(text):
            announced.setdefault(match.end(), LIKELY)
        for match in _KIN.finditer(text):
            announced.setdefault(match.start(), LIKELY)
        found: list[RecognizerResult] = []
        next_free = 0
        at = {word.start: index for index, word in enumerate(words)} if announced else {}
        cues = sorted((at[place], score) for place, score in announced.items() if place in at)
        taken: set[int] = set()
        for index, score in cues:
            last = self._announced(text, lines, words, index, sure=score == ANNOUNCED)
            if last is not None:
                taken.update(range(index, last + 1))
                found.append(result(self, words[index].start, words[last].end, score))
        given = self._lexicon.given
        for index, word in enumerate(words):
            if not given(word.lower) or index < next_free or index in taken:
                continue
            if score := self._begins(text, lines, words, index):
                last = self._last(text, words, index)
                first = self._first(text, words, index)
                start, end = words[first].start, words[last].end
                if not glued(text, start, end):
                    found.append(result(self, start, end, score))
                    next_free = last + 1
        found += [
            result(self, *match.span(1), LIKELY)
            for pattern in (() if text.isascii() else _CJK)
            for match in pattern.finditer(text)
        ]
        found += [
            result(self, *match.span(1), ANNOUNCED)
            for match in (_KEYED.finditer(text) if _VALUE.search(text) else ())
            if not all(map(self._lexicon.plain, match[1].lower().split()))
        ]
        return sorted(found, key=lambda one: one.start)

    def _begins(self, text: str, lines: Lines, words: Sequence[_Word], index: int) -> float:
        """How certainly a name begins with a word that can be a given name; 0 if none does."""
        word = words[index]
        known = self._lexicon
        follower = self._follower(text, words, index)
        if word.lower in _MONTHS and (
            _DAY.search(text, max(0, word.start - 10), word.start) or _TO_DAY.match(text, word.end)
        ):
            return 0.0
        if known.sure(word.lower):
            if word.cap:
                return SURE
            if follower and known.surname(follower.lower):
                return SURE
            return 0.0 if len(word.lower) < 4 or lines.technical(word.start) else LIKELY
        if not word.cap or word.all_caps or follower is None:
            return 0.0
        if not follower.cap or follower.all_caps or not known.family(follower.lower):
            return 0.0
        if follower.lower in _PLACES:
            return 0.0
        return LIKELY

    def _follower(self, text: str, words: Sequence[_Word], index: int) -> _Word | None:
        """The next word, if nothing but a space, an initial's dot or a line end is between."""
        if index + 1 == len(words):
            return None
        word, other = words[index], words[index + 1]
        gap = text[word.end : other.start]
        if _LINE_END.fullmatch(gap):
            return other if self._goes_over(text, word, other) else None
        if not _GAP.fullmatch(gap) or ("." in gap and word.end - word.start > 1):
            return None
        return other

    def _goes_over(self, text: str, word: _Word, other: _Word) -> bool:
        """Whether a line of prose ends with a given name, and the next begins with its surname."""
        known = self._lexicon
        if not (word.cap and other.cap and not other.all_caps and known.given(word.lower)):
            return False
        if known.plain(other.lower) or known.sure(other.lower):
            return False
        line = text[text.rfind("\n", 0, word.start) + 1 : word.start]
        return any(map(str.isalpha, line))

    def _last(self, text: str, words: Sequence[_Word], index: int) -> int:
        """The last word of a name that begins with another."""
        last = index
        cap = words[index].cap
        at = index
        while at - index < _LONGEST - 1 and (other := self._follower(text, words, at)):
            at += 1
            if other.lower in PARTICLES and (not cap or not other.all_caps):
                continue
            if not self._goes_on(other, cap=cap, after_particle=at - last > 1):
                break
            last = at
        return last

    def _goes_on(self, word: _Word, *, cap: bool, after_particle: bool) -> bool:
        """Whether a word can be a further part of a name."""
        known = self._lexicon
        if cap:
            if not word.cap:
                return False
            if len(word.lower) == 1 or after_particle or known.family(word.lower):
                return True
            return known.given(word.lower) or not known.plain(word.lower)
        if word.cap or len(word.lower) < 3:
            return False
        if known.surname(word.lower) or known.sure(word.lower):
            return True
        return known.knows_words and len(word.lower) > 4 and not known.plain(word.lower)

    def _first(self, text: str, words: Sequence[_Word], index: int) -> int:
        """The first word of a name: `Berg, Anna` begins before the given name."""
        if index and words[index].cap:
            before = words[index - 1]
            between = text[before.end : words[index].start]
            if between == ", " and before.cap and self._lexicon.family(before.lower):
                follower = self._follower(text, words, index)
                if follower is None or not follower.cap:
                    return index - 1
        return index

    def _announced(
        self, text: str, lines: Lines, words: Sequence[_Word], index: int, *, sure: bool
    ) -> int | None:
        """The last word of a name that was announced; None if it is none."""
        known = self._lexicon
        word = words[index]
        if (
            _TITLED.fullmatch(word.lower)
            or lines.technical(word.start)
            or glued(text, word.start, word.end)
        ):
            return None
        follower = self._follower(text, words, index)
        if known.plain(word.lower) and not known.sure(word.lower):
            named = follower is not None and follower.cap and known.family(follower.lower)
            alone = (
                sure
                and word.cap
                and known.given(word.lower)
                and (
                    follower is None
                    or not known.plain(follower.lower)
                    or follower.lower in _JOINING
                )
            )
            if not (word.cap and named) and not alone:
                return None
        if not word.cap and not known.knows_words:
            return None
        if not sure and not word.cap and not known.sure(word.lower):
            return None
        if not sure and word.all_caps:
            return None
        return self._last(text, words, index)


def _word(match: "regex.Match[str]") -> _Word:
    value, end = match[0], match.end()
    # An apostrophe's ending does not belong to a name: `Anna's`.
    if value[-2:] in ("'s", "\u2019s"):
        value, end = value[:-2], end - 2
    return _Word(match.start(), end, value.lower(), value[0].isupper(), value.isupper())


def words_of(text: str) -> Iterator[tuple[int, int, str]]:
    """The words of a text, in lower case, with their places."""
    for match in _WORD.finditer(text):
        yield match.start(), match.end(), match[0].lower()
