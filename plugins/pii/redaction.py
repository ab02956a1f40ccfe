"""Hiding what was recognised: from the spans of an exchange's texts to redacted texts."""

import heapq
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from pipeline import Text
from plugins.pii.restore import token_pattern
from plugins.pii.spans import GUESSES, Span
from plugins.pii.sweep import Known, Sweep
from plugins.pii.vault import Vault

_WORD = re.compile(r"[A-Za-z0-9](?:_*[A-Za-z0-9])*")
_UNDERSCORES = re.compile(r"(?:\\?_)+")


class _Spot(NamedTuple):
    """A place to be hidden, and the known value that it is a spelling of."""

    start: int
    end: int
    known: str


class Redaction:
    """The redaction of one exchange. Texts come in rounds: the client's, then those added later."""

    def __init__(self, *, shortest: int, surest: float):
        self.vault = Vault()
        self._sweep = Sweep((), shortest=shortest, surest=surest)
        self._shortest = shortest
        self._surest = surest
        self._known: dict[str, Known] = {}
        self._done: list[Text] = []
        self._fixed: set[str] = set()

    def avoid(self, fixed: Iterable[str]) -> None:
        """Keep off what stands in strings that cannot be rewritten, such as the names of tools.

        Their placeholders are not used, and none of their words is taken for somebody's name: a
        model does that to every other tool ("Use Grep and Glob").
        """
        for text in fixed:
            self.vault.avoid([text])
            self._fixed.update(_WORD.findall(text.replace("_", " ")))

    def knows(self, fixed: str) -> bool:
        """Whether a string that cannot be rewritten holds a known value; a name as it was found."""
        return any(
            not hit.known.is_name or hit.text == hit.known.value for hit in self._sweep.find(fixed)
        )

    def apply(self, texts: Sequence[Text], found: Sequence[Sequence[Span]]) -> None:
        """Redact texts by their spans, and all texts so far by what is known now."""
        self._rename([text.text for text in texts])
        found = [
            whole_words(text.text, self._personal(text.text, spans))
            for text, spans in zip(texts, found, strict=True)
        ]
        for text, spans in _in_order(texts, found):
            self._learn(text, spans)
        self._sweep = Sweep(self._known.values(), shortest=self._shortest, surest=self._surest)
        for text, spans in zip(texts, found, strict=True):
            self._redact(text, spans)
        if any(found):
            for text in self._done:
                self._redact_again(text)
        self._done += texts

    def texts(self) -> Iterable[str]:
        """The redacted texts."""
        return (text.text for text in self._done)

    def entities(self) -> set[str]:
        """The kinds of what is hidden."""
        return {self.vault.entity(value) for value in self.vault.placeholders}

    def _personal(self, source: str, spans: Iterable[Span]) -> Iterator[Span]:
        """The spans, without names that are words of the request's own structure."""
        for span in spans:
            if span.source not in GUESSES or source[span.start : span.end] not in self._fixed:
                yield span

    def _rename(self, incoming: list[str]) -> None:
        """Give up placeholders that stand literally in texts that come later."""
        renamed = self.vault.avoid(incoming)
        if not renamed:
            return
        for text in self._done:
            text.text = _WORD.sub(lambda word: renamed.get(word[0], word[0]), text.text)

    def _learn(self, text: Text, spans: Sequence[Span]) -> None:
        for span in spans:
            value = text.text[span.start : span.end]
            self.vault.add(span.entity, value)
            old = self._known.get(value) or Known(value, 0.0, 0, True)
            score, is_name = max(span.score, old.score), old.is_name and span.source in GUESSES
            self._known[value] = Known(value, score, old.times + 1, is_name)

    def _redact(self, text: Text, spans: Sequence[Span]) -> None:
        source = text.text
        recognised = (_Spot(at.start, at.end, source[at.start : at.end]) for at in spans)
        self._hide(text, heapq.merge(recognised, self._swept(source)))

    def _redact_again(self, text: Text) -> None:
        """Hide what has become known since; the placeholders of the text stay."""
        tokens = re.compile(token_pattern(self.vault.values))
        parts = [match.span() for match in tokens.finditer(text.text)]
        self._hide(text, _clear_of(self._swept(text.text), parts))

    def _swept(self, source: str) -> Iterator[_Spot]:
        for hit in self._sweep.find(source):
            yield _Spot(hit.start, hit.end, hit.known.value)

    def _hide(self, text: Text, spots: Iterable[_Spot]) -> None:
        """Put placeholders over spots, which are in order."""
        source, at = text.text, 0
        parts: list[str] = []
        for start, end, known in _merged(source, spots):
            parts += [source[at:start], self.vault.add_spelling(known, source[start:end])]
            at = end
        if parts:
            text.text = "".join(parts) + source[at:]


def _in_order(
    texts: Sequence[Text], found: Sequence[Sequence[Span]]
) -> Iterable[tuple[Text, Sequence[Span]]]:
    """Texts outside messages first: a new turn must not shift the numbers of what is in tools."""
    pairs = list(zip(texts, found, strict=True))
    return sorted(pairs, key=lambda pair: -1 if pair[0].turn is None else pair[0].turn)


def whole_words(source: str, spans: Iterable[Span]) -> list[Span]:
    """Spans widened to whole words, those that then touch joined."""
    out: list[Span] = []
    for span in spans:
        last = out[-1].end if out else 0
        start, end = _widened(source, max(span.start, last), max(span.end, last), last)
        if out and _touch(source, last, start):
            out[-1] = out[-1]._replace(end=end)
        else:
            out.append(span._replace(start=start, end=end))
    return out


def _merged(source: str, spots: Iterable[_Spot]) -> Iterator[_Spot]:
    """Spots widened to whole words, those that then touch joined: the widest gives the name."""
    merged: _Spot | None = None
    widest = 0
    for start, end, known in spots:
        size = end - start
        last = merged.end if merged else 0
        start, end = _widened(source, max(start, last), max(end, last), last)
        if merged and _touch(source, last, start):
            merged = _Spot(merged.start, end, known if size > widest else merged.known)
            widest = max(size, widest)
            continue
        if merged:
            yield merged
        merged, widest = _Spot(start, end, known), size
    if merged:
        yield merged


def _widened(source: str, start: int, end: int, first: int) -> tuple[int, int]:
    r"""A place widened to whole ASCII words: in the middle of a word no placeholder is seen.

    A word may hold `\_` for `_`. Underscores around a word are Markdown's and stay outside. Never
    before `first`.
    """
    begin = start
    while begin > first and (_is_word(source[begin - 1]) or source.startswith("\\_", begin - 1)):
        begin -= 1
        if _is_alnum(source[begin]):
            start = begin
    stop = end
    while _is_word(source[stop : stop + 1]) or source.startswith("\\_", stop):
        stop += 1
        if _is_alnum(source[stop - 1]):
            end = stop
    return start, end


def _touch(source: str, end: int, start: int) -> bool:
    """Whether two placeholders would be read as one."""
    return start <= end or _UNDERSCORES.fullmatch(source, end, start) is not None


def _clear_of(spots: Iterable[_Spot], parts: Sequence[tuple[int, int]]) -> Iterator[_Spot]:
    """The spots that touch none of the parts; both are in order."""
    at = 0
    for spot in spots:
        while at < len(parts) and parts[at][1] < spot.start:
            at += 1
        if at == len(parts) or spot.end < parts[at][0]:
            yield spot


def _is_alnum(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _is_word(char: str) -> bool:
    return char == "_" or _is_alnum(char)
