"""What to search for: the words of the user's last message as an FTS5 query."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import pairwise

from pipeline import Text
from plugins.context.index import UNSPACED, spaced

ENDS = 2000
"""Characters at the start and at the end of a message that are looked at: the question is there."""

MOST_TERMS = 32
"""Words that are searched for, half from the start and half from the end: 30 ms in 8 MB of text."""

# Letters, digits and `_`, with the marks that many scripts write vowels with.
_WORD = re.compile(
    "[\\w\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0900-\u109f\u1780-\u17ff]+"
)

_COMMONEST = frozenset(
    """about above after again against all also am an and any anybody anyone anything are as ask at
    be because been before being below between both but by can cannot could couldn did didn do does
    doesn doing don done down during each else etc even ever every few for from further get gets
    getting give gives go goes going got had hadn has hasn have haven having he hello help her here
    hers herself hey hi him himself his how however if in into is isn it its itself just know let
    like ll make makes many may maybe me might mine more most much must mustn my myself need needs
    no nor not now of off on once one only or other our ours ourselves out over own per please
    possible quite really same say says see shall she should shouldn since so some somebody someone
    something still such sure take tell than thank thanks that the their theirs them themselves then
    there these they thing things think this those through to too under until up upon us use used
    using ve very want wants was wasn way we well were weren what when where whether which while who
    whom whose why will with within without won would wouldn yes yet you your yours
    yourself""".split()
)


def asked(texts: Iterable[Text]) -> str:
    """The text of the user's last message."""
    turns: dict[int, list[str]] = {}
    for one in texts:
        if one.role == "user" and one.kind == "text" and one.turn is not None:
            turns.setdefault(one.turn, []).append(one.text)
    return "\n".join(turns[max(turns)]) if turns else ""


def to_query(text: str, ignore: Iterable[str] = ()) -> str:
    """An FTS5 query for any of the words; empty if there is none worth searching for.

    Each word is a quoted phrase, so nothing in it is syntax. A placeholder such as `PERSON_1` is
    one phrase, too, and fits no document that does not have it.
    """
    if len(text) > 2 * ENDS:
        text = f"{text[:ENDS]} {text[-ENDS:]}"
    ignored = _COMMONEST | {word.lower() for word in ignore}
    phrases = list(dict.fromkeys(_phrases(unicodedata.normalize("NFC", text), ignored)))
    if len(phrases) > MOST_TERMS:
        phrases = phrases[: MOST_TERMS // 2] + phrases[-MOST_TERMS // 2 :]
    return " OR ".join(f'"{phrase}"' for phrase in phrases)


def _phrases(text: str, ignored: frozenset[str]) -> Iterator[str]:
    for match in _WORD.finditer(text):
        word = match.group().lower()
        if not UNSPACED.search(word):
            if len(word) > 1 and word not in ignored:
                yield word
            continue
        parts = spaced(word).split()
        # A pair of such characters is about what a word is elsewhere.
        yield from parts if len(parts) == 1 else map(" ".join, pairwise(parts))
