"""Names of people by lists of names and by what stands around them; no model needed.

Three kinds of evidence, of which one is enough: a given name that is hardly ever anything else; a
given name that is also a word, with a family name after it; words that announce a name: "my name
is", "Dear", "Dr.". In lower case a name goes on only with a family name or a word nobody knows.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, overload

import regex
from presidio_analyzer import RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from plugins.finding.spans import LISTED
from plugins.pii.announcing import ANNOUNCED, LIKELY, TITLE, announcements
from plugins.pii.lexicon import Lexicon
from plugins.pii.results import Loaded, result
from plugins.pii.technical import Lines, glued
from plugins.pii.words import text_of

SURE = 0.75

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


_POSSESSIVES = ("'s", "\u2019s")
"""Endings that do not belong to a name: `Anna's`."""


class _Word(NamedTuple):
    start: int
    end: int
    lower: str
    cap: bool
    all_caps: bool


class _Words(Sequence[_Word]):
    """The words of a text, each looked at when it is asked for: most never are."""

    def __init__(self, text: str):
        self._matches = list(_WORD.finditer(text))
        self._known: dict[int, _Word] = {}

    def __len__(self) -> int:
        return len(self._matches)

    @overload
    def __getitem__(self, index: int) -> _Word: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[_Word]: ...
    def __getitem__(self, index: int | slice) -> _Word | Sequence[_Word]:
        if isinstance(index, slice):
            return [_word(match) for match in self._matches[index]]
        word = self._known.get(index)
        if word is None:
            word = self._known[index] = _word(self._matches[index])
        return word

    def lower(self) -> Iterator[tuple[int, str]]:
        """Their places among the words, and how they are written in lower case."""
        for index, match in enumerate(self._matches):
            lower = match[0].lower()
            yield index, lower[:-2] if lower[-2:] in _POSSESSIVES else lower

    def starting(self) -> dict[int, int]:
        """Their places among the words, by where they start."""
        return {match.start(): index for index, match in enumerate(self._matches)}


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
        words = _Words(text)
        announced = announcements(text)
        found: list[RecognizerResult] = []
        next_free = 0
        at = words.starting() if announced else {}
        cues = sorted((at[place], score) for place, score in announced.items() if place in at)
        taken: set[int] = set()
        for index, score in cues:
            last = self._announced(text, lines, words, index, sure=score == ANNOUNCED)
            if last is not None:
                taken.update(range(index, last + 1))
                found.append(result(self, words[index].start, words[last].end, score))
        given = self._lexicon.given
        for index, lower in words.lower():
            if not given(lower) or index < next_free or index in taken:
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
            TITLE.fullmatch(word.lower)
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
    if value[-2:] in _POSSESSIVES:
        value, end = value[:-2], end - 2
    return _Word(match.start(), end, value.lower(), value[0].isupper(), value.isupper())


def words_of(text: str) -> Iterator[tuple[int, int, str]]:
    """The words of a text, in lower case, with their places."""
    for match in _WORD.finditer(text):
        yield match.start(), match.end(), match[0].lower()
