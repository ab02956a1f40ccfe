"""Hiding what was recognised: from the spans of an exchange's texts to redacted texts."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pipeline import Text
from plugins.pii.restore import addresses, token_pattern
from plugins.pii.spans import NER, Span
from plugins.pii.sweep import Found, Known, Sweep
from plugins.pii.vault import Vault


class _Edit(NamedTuple):
    start: int
    end: int
    placeholder: str


class Redaction:
    """The redaction of one exchange. Texts come in rounds: the client's, then those added later."""

    def __init__(self, *, shortest: int, surest: float):
        self.vault = Vault()
        self._shortest = shortest
        self._surest = surest
        self._known: dict[str, Known] = {}
        self._done: list[Text] = []

    def apply(self, texts: Sequence[Text], found: Sequence[Sequence[Span]]) -> None:
        """Redact texts by their spans, and all texts so far by what is known now."""
        self._rename([text.text for text in texts])
        found = [whole_words(text.text, spans) for text, spans in zip(texts, found, strict=True)]
        before = set(self._known)
        for text, spans in _in_order(texts, found):
            self._learn(text, spans)
        sweep = self.sweep()
        for text, spans in zip(texts, found, strict=True):
            self._redact(text, spans, sweep)
        fresh = [known for value, known in self._known.items() if value not in before]
        if self._done and fresh:
            late = Sweep(fresh, shortest=self._shortest, surest=self._surest)
            for text in self._done:
                self._redact(text, (), late)
        self._done += texts

    def sweep(self) -> Sweep:
        """Finds every value that is known so far."""
        return Sweep(self._known.values(), shortest=self._shortest, surest=self._surest)

    def targets(self) -> Iterable[str]:
        """The addresses with placeholders in them, as they stand in the redacted request."""
        if not self.vault.values:
            return
        token = re.compile(token_pattern(self.vault.values))
        for text in self._done:
            for address in addresses(text.text):
                if token.search(address):
                    yield address

    def _rename(self, incoming: list[str]) -> None:
        """Give up placeholders that stand literally in texts that come later."""
        renamed = self.vault.avoid(incoming)
        if not renamed:
            return
        tokens = re.compile(r"(?<![A-Za-z0-9_])(?:" + "|".join(renamed) + r")(?![A-Za-z0-9_])")
        for text in self._done:
            text.text = tokens.sub(lambda match: renamed[match[0]], text.text)

    def _learn(self, text: Text, spans: Sequence[Span]) -> None:
        for span in spans:
            value = text.text[span.start : span.end]
            self.vault.add(span.entity, value)
            old = self._known.get(value)
            score = max(span.score, old.score if old else 0.0)
            times = 1 + (old.times if old else 0)
            self._known[value] = Known(value, score, times, span.source == NER)

    def _redact(self, text: Text, spans: Sequence[Span], sweep: Sweep) -> None:
        source = text.text
        edits = [
            _Edit(one.start, one.end, self.vault.placeholders[source[one.start : one.end]])
            for one in spans
        ]
        swept = [
            _Edit(hit.start, hit.end, self.vault.add_spelling(hit.known, hit.text))
            for hit in _outside(sweep.find(source), spans)
        ]
        if edits or swept:
            text.text = _edited(source, sorted(edits + swept))

    def entities(self) -> set[str]:
        """The kinds of what is hidden."""
        return {self.vault.entity(value) for value in self.vault.placeholders}


def _in_order(
    texts: Sequence[Text], found: Sequence[Sequence[Span]]
) -> Iterable[tuple[Text, Sequence[Span]]]:
    """Texts outside messages first: a new turn must not shift the numbers of what is in tools."""
    pairs = list(zip(texts, found, strict=True))
    return sorted(pairs, key=lambda pair: -1 if pair[0].turn is None else pair[0].turn)


def _outside(hits: Sequence[Found], spans: Sequence[Span]) -> Iterable[Found]:
    """The hits that overlap no span; both are in order."""
    at = 0
    for hit in hits:
        while at < len(spans) and spans[at].end <= hit.start:
            at += 1
        if at == len(spans) or hit.end <= spans[at].start:
            yield hit


def _edited(source: str, edits: list[_Edit]) -> str:
    parts: list[str] = []
    at = 0
    for start, end, placeholder in edits:
        parts += [source[at:start], placeholder]
        at = end
    return "".join(parts) + source[at:]


def whole_words(source: str, spans: Sequence[Span]) -> list[Span]:
    """Spans widened to whole ASCII words: a placeholder inside a word could not be restored."""
    out: list[Span] = []
    for span in spans:
        start, end = span.start, span.end
        if _is_word(source[start : start + 1]):
            while start and _is_word(source[start - 1]):
                start -= 1
        if _is_word(source[end - 1 : end]):
            while _is_word(source[end : end + 1]):
                end += 1
        if out and start < out[-1].end:
            out[-1] = out[-1]._replace(end=max(end, out[-1].end))
        else:
            out.append(span._replace(start=start, end=end))
    return out


def _is_word(char: str) -> bool:
    return char.isascii() and (char.isalnum() or char == "_")
