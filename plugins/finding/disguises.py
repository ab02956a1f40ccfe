"""Recognising what is disguised: in the shadow of a text, and with what was pulled apart closed up.

The text itself is looked at too, by patterns: whatever folding does to it, nothing gets lost.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from plugins.finding.closed import Closed, Words, closed
from plugins.finding.fold import fold
from plugins.finding.shadow import Shadow, whole_graphemes
from plugins.finding.spans import CHECKED, GUESSES, Span, resolve

Findings: TypeAlias = list[Span] | str
Find: TypeAlias = Callable[[Sequence[str], Sequence[bool]], list[Findings]]
"""A recogniser: texts, and in which of them to look for names, to findings or what went wrong."""

_LINE_ENDS = re.compile(r"[.!?)]?[ \t]*(?:\r?\n|$)")


class _Views(NamedTuple):
    """What there is to look at for one text."""

    text: str
    shadow: Shadow
    closed: list[Closed]

    def asked(self, names: bool) -> Iterator[tuple[str, bool]]:
        """The texts to recognise, and whether names are looked for in them."""
        yield self.shadow.text, names
        for view in self.closed:
            yield view.shadow.text, names and view.names
        if self.disguised:
            yield self.text, False

    @property
    def disguised(self) -> bool:
        """Whether the shadow differs from the text."""
        return self.shadow.text != self.text

    def merged(self, answers: Iterator[list[Span]]) -> list[Span]:
        """The findings in all views as spans of the text."""
        found = [self._back(self.shadow, span) for span in next(answers)]
        extra = [
            self._back(view.shadow, span)
            for view in self.closed
            for span in next(answers)
            if view.owed(span)
        ]
        if self.disguised:
            found += [_widened(self.text, span) for span in next(answers)]
        found += [span for span in extra if _better(self.text, span, found)]
        return resolve(self.text, found)

    def _back(self, shadow: Shadow, span: Span) -> Span:
        start, end = shadow.back(span.start, span.end)
        return _widened(self.text, span._replace(start=start, end=end))


def see_through(
    find: Find, texts: Sequence[str], names: Sequence[bool], words: Words | None = None
) -> list[Findings]:
    """What `find` finds in texts and in what they say behind their disguises.

    With `words`, names that a line end cuts are found too.
    """
    views = [
        _views(text, words if wanted else None) for text, wanted in zip(texts, names, strict=True)
    ]
    if not any(one.closed or one.disguised for one in views):
        return find(texts, names)
    asked = [list(one.asked(wanted)) for one, wanted in zip(views, names, strict=True)]
    answers = iter(
        find([text for each in asked for text, _ in each], [n for e in asked for _, n in e])
    )
    return [
        _together(one, [next(answers) for _ in each])
        for one, each in zip(views, asked, strict=True)
    ]


def _views(text: str, words: Words | None) -> _Views:
    shadow = fold(text)
    return _Views(text, shadow, closed(shadow, words))


def _together(views: _Views, answers: list[Findings]) -> Findings:
    spans: list[list[Span]] = []
    for answer in answers:
        if isinstance(answer, str):
            return answer
        spans.append(answer)
    return spans[0] if len(spans) == 1 else views.merged(iter(spans))


def _widened(text: str, span: Span) -> Span:
    start, end = whole_graphemes(text, span.start, span.end)
    return span._replace(start=start, end=end)


def _better(text: str, span: Span, found: list[Span]) -> bool:
    """Whether a finding in a closed text says more than what was found without closing it.

    As certain as the whole is the beginning of a name, and that of a phone number; but the rest of
    a phone number has its line to itself.
    """
    if span.score >= CHECKED:
        return True
    equal = span.source in GUESSES or _LINE_ENDS.match(text, span.end) is not None
    return all(
        other.score < span.score or (equal and other.score == span.score)
        for other in found
        if other.start < span.end and span.start < other.end
    )
