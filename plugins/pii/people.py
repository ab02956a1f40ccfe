"""Names of people by lists of names and by what stands around them; no model needed.

Three kinds of evidence, of which one is enough: a given name that is hardly ever anything else; a
given name that is also a word, with a family name after it; words that announce a name: "my name
is", "Dear", "Dr.". In lower case a name goes on only with a family name or a word nobody knows.
"""

from collections.abc import Iterator
from typing import NamedTuple

import regex
from presidio_analyzer import RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from plugins.finding.spans import LISTED
from plugins.pii.announcing import ANNOUNCED, LIKELY, TITLE, announcements
from plugins.pii.letters import starts
from plugins.pii.lexicon import Lexicon
from plugins.pii.results import Loaded, result
from plugins.pii.technical import glued
from plugins.pii.words import Text, text_of

SURE = 0.75

_LETTERS = r"\p{L}[\p{L}\p{M}]*(?:['\u2019-]\p{L}[\p{L}\p{M}]*)*"
_WORD = regex.compile(_LETTERS)
_WHOLE = regex.compile(rf"(?<!\p{{L}}\p{{M}}*['\u2019-]?){_LETTERS}")
"""A word from its beginning on."""
_NEXT = regex.compile(
    r"(?:[ \u00a0]{1,2}|(?P<dot>\.) ?|(?P<line_end>[ \t]{0,8}\r?\n[ \t]{0,8}))"
    rf"(?P<word>{_LETTERS})"
)
_LAST = regex.compile(rf"({_LETTERS}), ", regex.REVERSE)
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
_KEYS = ("name", "apellido", "pr\u00e9nom", "cognome")
"""What all of those hold, and of these one."""
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


class People(Loaded):
    """Names of people, by lists and by what announces them."""

    def __init__(self, lexicon: Lexicon):
        super().__init__(["PERSON"], name=LISTED)
        self._lexicon = lexicon

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Every name in a text."""
        text = text_of(text)
        found: list[RecognizerResult] = []
        taken: list[range] = []
        for start, score in sorted(announcements(text).items()):
            word = _word_at(text, start)
            if word and (last := self._announced(text, word, sure=score == ANNOUNCED)):
                taken.append(range(start, last.end))
                found.append(result(self, start, last.end, score))
        free = 0
        for start in starts(text, self._lexicon.begin_given(text.words)):
            if start < free or any(start in each for each in taken):
                continue
            word = _word_at(text, start)
            if word and (score := self._begins(text, word)):
                last = self._last(text, word)
                start = self._start(text, word)
                if not glued(text, start, last.end):
                    found.append(result(self, start, last.end, score))
                    free = last.end
        found += [
            result(self, *match.span(1), LIKELY)
            for pattern in (() if text.isascii() else _CJK)
            for match in pattern.finditer(text)
        ]
        found += [
            result(self, *match.span(1), ANNOUNCED)
            for match in (_KEYED.finditer(text) if _may_be_keyed(text) else ())
            if not all(map(self._lexicon.plain, match[1].lower().split()))
        ]
        return sorted(found, key=lambda one: one.start)

    def _begins(self, text: Text, word: _Word) -> float:
        """How certainly a name begins with a word; 0 if none does."""
        known = self._lexicon
        if not known.given(word.lower.removesuffix("'s").removesuffix("\u2019s")):
            return 0.0
        if word.lower in _MONTHS and (
            _DAY.search(text, max(0, word.start - 10), word.start) or _TO_DAY.match(text, word.end)
        ):
            return 0.0
        sure = known.sure(word.lower)
        if sure and word.cap:
            return SURE
        if not sure and (not word.cap or word.all_caps):
            return 0.0
        follower = self._follower(text, word)
        if sure:
            if follower and known.surname(follower.lower):
                return SURE
            short = len(word.lower) < 4
            return 0.0 if short or text.lines.technical(word.start) else LIKELY
        if follower is None or not follower.cap or follower.all_caps:
            return 0.0
        if not known.family(follower.lower) or follower.lower in _PLACES:
            return 0.0
        return LIKELY

    def _follower(self, text: str, word: _Word) -> _Word | None:
        """The next word, if nothing but a space, an initial's dot or a line end is between."""
        match = _NEXT.match(text, word.end)
        if match is None or (match["dot"] and word.end - word.start > 1):
            return None
        other = _word(match["word"], match.start("word"))
        return other if not match["line_end"] or self._goes_over(text, word, other) else None

    def _goes_over(self, text: str, word: _Word, other: _Word) -> bool:
        """Whether a line of prose ends with a given name, and the next begins with its surname."""
        known = self._lexicon
        if not (word.cap and other.cap and not other.all_caps and known.given(word.lower)):
            return False
        if known.plain(other.lower) or known.sure(other.lower):
            return False
        line = text[text.rfind("\n", 0, word.start) + 1 : word.start]
        return any(map(str.isalpha, line))

    def _last(self, text: str, word: _Word) -> _Word:
        """The last word of a name that begins with another."""
        last = at = word
        particle = False
        for _ in range(_LONGEST - 1):
            other = self._follower(text, at)
            if other is None:
                break
            at = other
            if at.lower in PARTICLES and (not word.cap or not at.all_caps):
                particle = True
                continue
            if not self._goes_on(at, cap=word.cap, after_particle=particle):
                break
            last, particle = at, False
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

    def _start(self, text: str, word: _Word) -> int:
        """Where a name starts: `Berg, Anna` does before the given name."""
        after_comma = word.cap and text.startswith(", ", max(0, word.start - 2))
        if after_comma and (match := _LAST.match(text, 0, word.start)):
            before = _word(match[1], match.start())
            alone = before.end == match.end(1) and before.cap
            if alone and self._lexicon.family(before.lower):
                follower = self._follower(text, word)
                if follower is None or not follower.cap:
                    return before.start
        return word.start

    def _announced(self, text: Text, word: _Word, *, sure: bool) -> _Word | None:
        """The last word of a name that was announced; None if it is none."""
        known = self._lexicon
        if (
            TITLE.fullmatch(word.lower)
            or text.lines.technical(word.start)
            or glued(text, word.start, word.end)
        ):
            return None
        follower = self._follower(text, word)
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
        return self._last(text, word)


def _word(value: str, start: int) -> _Word:
    end = start + len(value)
    if value[-2:] in _POSSESSIVES:
        value, end = value[:-2], end - 2
    return _Word(start, end, value.lower(), value[0].isupper(), value.isupper())


def _word_at(text: str, start: int) -> _Word | None:
    """The word that starts there; none does within another."""
    match = _WHOLE.match(text, start)
    return match and _word(match[0], start)


def _may_be_keyed(text: Text) -> bool:
    return any(key in text.caseless for key in _KEYS) and bool(_VALUE.search(text))


def words_of(text: str) -> Iterator[tuple[int, int, str]]:
    """The words of a text, in lower case, with their places."""
    for match in _WORD.finditer(text):
        yield match.start(), match.end(), match[0].lower()
