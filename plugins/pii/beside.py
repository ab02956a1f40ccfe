"""Names that stand in one list with a name: in "Becker, Lindqvist and Ann" all are people."""

from collections.abc import Sequence

import regex

from plugins.finding.spans import LISTED, Span
from plugins.pii.lexicon import Lexicon

_AND = r"(?:, (?:and |und |et |y |e |i |og |och )?| (?:and|&|or|und|oder|et|ou|y|e|og|och|en|i) )"
_NAME = r"(\p{Lu}[\p{L}\p{M}'\u2019-]+(?: \p{Lu}[\p{L}\p{M}'\u2019-]+)?)"
_AFTER = regex.compile(_AND + _NAME + r"(?![\p{L}\d_@.(])|" + _AND + _NAME + r"(?=\.(?:\s|$))")
_BEFORE = regex.compile(r"(?<![\p{L}\d_@.] ?)" + _NAME + _AND + "$")
_REACH = 60
_SCORE = 0.55


def names_beside(text: str, spans: Sequence[Span], known: Lexicon) -> list[Span]:
    """Further people, in lists with those that were found; none overlaps another span."""
    taken = [(span.start, span.end) for span in spans]
    found: list[Span] = []
    waiting = [span for span in spans if span.entity == "PERSON"]
    while waiting:
        span = waiting.pop()
        after = _AFTER.match(text, span.end, span.end + _REACH)
        before = _BEFORE.search(text, max(0, span.start - _REACH), span.start)
        for match in (after, before):
            if match is None:
                continue
            group = 1 if match[1] is not None else 2
            start, end = match.span(group)
            if any(start < stop and begin < end for begin, stop in taken):
                continue
            words = match[group].lower().split()
            if not known.family(words[-1]) or any(known.plain(word) for word in words):
                continue
            other = Span(start, end, "PERSON", _SCORE, LISTED)
            found.append(other)
            taken.append((start, end))
            waiting.append(other)
    return found
