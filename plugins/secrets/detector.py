"""Everything that looks for secrets, behind one call."""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from plugins.finding.spans import Span, resolve
from plugins.secrets.assigned import SCORE, assigned, kind_by_name
from plugins.secrets.disguised import disguised
from plugins.secrets.examples import is_example, unsealed
from plugins.secrets.hidden import is_hidden
from plugins.secrets.joined import with_fragments
from plugins.secrets.looks import is_no_value, looks_made
from plugins.secrets.rules import KnownKeys
from plugins.secrets.shapes import private_keys, random, shaped, told

_MADE = frozenset({"API_KEY", "RANDOM_STRING"})
"""What machines make, and people only as an example."""

PIECE = 32_000
"""Characters in a piece: what patterns may need is bounded by its size."""

OVERLAP = 4_000
"""Characters that two pieces share; longer than anything but a private key."""


class Source(NamedTuple):
    """A text to look into. `free` is false for names, numbers and ids, where only form counts.

    `key` is the name of the member that the text is the value of, if it stands in JSON.
    """

    text: str
    free: bool = True
    key: str = ""


class Detector:
    """Finds secrets of the wanted kinds, but for the values that are allowed."""

    def __init__(self, keys: KnownKeys, kinds: Collection[str], allow: Collection[str]):
        self._keys = keys
        self._kinds = frozenset(kinds)
        self._allow = frozenset(allow)

    def find_all(self, sources: Sequence[Source]) -> list[list[Span]]:
        """The secrets of texts that follow each other, and the parts of those that two hold."""
        found = [self.find(one) for one in sources]
        free = [at for at, one in enumerate(sources) if one.free]
        texts = [sources[at].text for at in free]
        joined = with_fragments(self._as_written, texts, [found[at] for at in free])
        for at, spans in zip(free, joined, strict=True):
            found[at] = spans
        return found

    def find(self, source: Source) -> list[Span]:
        """The secrets of a text: sorted, none overlapping another. Raises RulesFailed."""
        text = source.text
        plain = self._as_written(text, source.free)
        hidden = disguised(self._as_written, text, source.free, plain)
        member = (one for one in _member(source) if one.entity in self._kinds)
        spans = resolve(text, [*plain, *hidden, *member])
        return [one for one in spans if not self._is_known(text[one.start : one.end])]

    def _as_written(self, text: str, free: bool) -> list[Span]:
        """What is found without a look behind disguises; spans may overlap."""
        found = list(private_keys(text))
        if free:
            found += random(text)
        for start, piece in pieces(text):
            found += (
                one._replace(start=one.start + start, end=one.end + start)
                for one in self._in_piece(piece, free)
            )
        wanted = (one for one in found if one.entity in self._kinds)
        return list(unsealed(text, (one for one in wanted if not _is_example(one, text))))

    def _is_known(self, value: str) -> bool:
        """Whether this is allowed, an example that the rules name, or a placeholder."""
        return value in self._allow or value in self._keys.examples or is_hidden(value)

    def _in_piece(self, text: str, free: bool) -> Iterator[Span]:
        yield from self._keys.find(text)
        yield from shaped(text)
        if free:
            yield from assigned(text)
            yield from told(text)


def pieces(text: str) -> Iterator[tuple[int, str]]:
    """The pieces of a text and where they start; cut at white space if there is any."""
    start = 0
    while len(text) - start > PIECE:
        end = start + PIECE
        yield start, text[start:end]
        low = end - OVERLAP
        start = max(
            text.rfind(" ", low, end - OVERLAP // 2), text.rfind("\n", low, end - OVERLAP // 2)
        )
        start = start + 1 if start >= 0 else low
    yield start, text[start:]


def _is_example(span: Span, text: str) -> bool:
    return span.entity in _MADE and is_example(text[span.start : span.end])


def _member(source: Source) -> Iterator[Span]:
    """The whole value of a JSON member whose name says that it is a secret."""
    text = source.text
    if not source.key or len(text) < 3 or "\n" in text or is_no_value(text):
        return
    kind = kind_by_name(source.key)
    if kind == "PASSWORD" or (kind and " " not in text and looks_made(text)):
        yield Span(0, len(text), kind, SCORE, "member")
