"""Hiding personal data that the model brings up itself: what is found in a reply gets a mark.

A reply is looked at sentence by sentence, whole or streamed. In place of the placeholders of the
exchange the recogniser sees their values, as a sentence is easier to read that way; they and what
else the caller has said stay for restoring. All the rest becomes a mark such as `[PERSON]`, which
nobody can take back.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from pipeline import Scanner, Taken
from plugins.finding.spans import Span, trimmed
from plugins.hiding.policy import Policy
from plugins.hiding.restore import RestoreFilter
from plugins.hiding.tokens import token_pattern
from plugins.hiding.units import identity
from plugins.hiding.vault import prefix
from plugins.hiding.words import is_identifier

LONGEST = 400
"""Characters that are held at most."""

_END = re.compile(r"\n|[\u3002\uff01\uff1f]|\w{3}[.!?][\"')\]*_]{0,3}\s")
_BREAK = re.compile(r"\s(?=[a-z])")
_TITLES = frozenset({"mr", "mrs", "miss", "dr", "prof", "sir"})
_SHORT = 3
"""Of a name that is only in part the caller's, less than this is no name: the `s` of `Anna's`."""


class Sentences(Scanner):
    """Cuts a text into sentences and lines, none longer than `LONGEST`; `take` gives them."""

    def __init__(self) -> None:
        super().__init__(None, LONGEST)
        self._found: list[str] = []

    def take(self) -> list[str]:
        """What has come to its end since the last call."""
        found, self._found = self._found, []
        return found

    def _take(self, text: str, at: int, final: bool, /) -> Taken | None:
        limit = at + LONGEST
        full = len(text) >= limit
        if end := _END.search(text, at, limit):
            stop = end.end()
        elif full:
            # Rather not in the middle of a name.
            breaks = [one.end() for one in _BREAK.finditer(text, at, limit)]
            stop = breaks[-1] if breaks else limit
        elif final:
            stop = len(text)
        else:
            return None
        self._found.append(text[at:stop])
        return Taken(stop - at, "")


class Own:
    """What the caller has said itself: the values of an exchange, and its surrogates."""

    def __init__(self, values: Mapping[str, str], identities: Iterable[str]):
        self._values = values
        self._identities = set(identities)
        self._names = "\n".join(f" {one} " for one in self._identities)
        self._token = re.compile(token_pattern(values) if values else "(?!)")

    def holds(self, entity: str, text: str) -> bool:
        """Whether a value is the caller's; of a person, a part of the name is too."""
        one = identity(text)
        return one in self._identities or (entity == "PERSON" and f" {one} " in self._names)

    def pieces(self, sentence: str) -> "Iterator[_Piece]":
        """A sentence in pieces: its own text, and values in the place of placeholders."""
        at = shown = 0
        for token in self._token.finditer(sentence):
            value = self._values.get(token.group().replace("\\", ""))
            if value is None:
                continue
            text = sentence[at : token.start()]
            yield _Piece(text, text, shown)
            yield _Piece(token.group(), value, shown + len(text))
            at, shown = token.end(), shown + len(text) + len(value)
        yield _Piece(sentence[at:], sentence[at:], shown)


class _Piece(NamedTuple):
    """A piece of a sentence, what the recogniser sees of it, and where that begins."""

    text: str
    shown: str
    start: int

    @property
    def is_value(self) -> bool:
        return self.text != self.shown


class Find(Protocol):
    """A recogniser: texts, and in which of them to look for names, to what was found."""

    async def __call__(
        self, texts: Sequence[str], /, *, ner: Sequence[bool]
    ) -> Sequence[Sequence[Span]]: ...


class OutputFilter:
    """Marks what is personal in one text of a reply, and then restores what is the caller's."""

    def __init__(
        self,
        find: Find,
        own: Own,
        policy: Policy,
        note: Callable[[str], None],
        restore: RestoreFilter | None,
    ):
        self._find = find
        self._own = own
        self._policy = policy
        self._note = note
        self._restore = restore
        self._sentences = Sentences()

    async def feed(self, text: str, /) -> str:
        """Take the next piece, give the sentences that it completes."""
        self._sentences.feed(text)
        marked = await self._marked()
        return self._restore.feed(marked) if self._restore else marked

    async def flush(self) -> str:
        """The rest."""
        self._sentences.flush()
        marked = await self._marked()
        return self._restore.feed(marked) + self._restore.flush() if self._restore else marked

    async def _marked(self) -> str:
        sentences = [list(self._own.pieces(one)) for one in self._sentences.take()]
        if not sentences:
            return ""
        shown = ["".join(piece.shown for piece in pieces) for pieces in sentences]
        found = await self._find(shown, ner=[_may_hold_names(one) for one in shown])
        marked = map(self._mark, sentences, shown, found)
        return "".join(marked)

    def _mark(self, pieces: Sequence[_Piece], shown: str, spans: Sequence[Span]) -> str:
        foreign = [span for span in spans if self._is_foreign(shown, span)]
        return "".join(
            piece.text if piece.is_value else self._mark_piece(piece, shown, foreign)
            for piece in pieces
        )

    def _mark_piece(self, piece: _Piece, shown: str, spans: Sequence[Span]) -> str:
        out: list[str] = []
        at, end = piece.start, piece.start + len(piece.text)
        for span in spans:
            part = span._replace(start=max(span.start, at), end=min(span.end, end))
            if part != span:
                rest = trimmed(shown, part)
                if rest is None or not self._is_rest(shown, rest):
                    continue
                part = rest
            out += [shown[at : part.start], f"[{prefix(span.entity)}]"]
            at = part.end
            self._note(span.entity)
        return "".join(out) + shown[at:end]

    def _is_foreign(self, shown: str, span: Span) -> bool:
        return self._policy.action(span.entity, "assistant") != "keep" and not self._own.holds(
            span.entity, shown[span.start : span.end]
        )

    def _is_rest(self, shown: str, rest: Span) -> bool:
        """Whether what is left of a finding beside the caller's own values is personal too."""
        text = shown[rest.start : rest.end]
        return (
            len(text) >= _SHORT
            and text.lower() not in _TITLES
            and not self._own.holds(rest.entity, text)
        )


def _may_hold_names(sentence: str) -> bool:
    """Whether a model should look: it takes every other identifier with a number for a name."""
    return not (is_identifier(sentence.strip()) and any(map(str.isdigit, sentence)))
