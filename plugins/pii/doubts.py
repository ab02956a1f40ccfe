"""Whether what a model takes for a name is one, and where it begins and ends."""

import re
from collections.abc import Iterator, Sequence

from plugins.pii.lexicon import Lexicon
from plugins.pii.people import PARTICLES, words_of

_TOWARDS = re.compile(r"\b(?:in|from|to|at|near|with|for|by|of|and|called|named) $")
_INSIDE = re.compile(r"[a-z,] $")
_LINE = re.compile(r"[^\n\r\t]+")
_TITLE = re.compile(
    r"(?:(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Sir|Herr|Frau|Señor|Señora|Mme|Madame|M)\b\.?\s+)+",
    re.IGNORECASE,
)
_POSSESSIVE = re.compile(r"['\u2019]s?$", re.IGNORECASE)


class Doubts:
    """What speaks against a model's guess."""

    def __init__(self, lexicon: Lexicon):
        self._lexicon = lexicon

    def borne_out(self, words: Sequence[str], value: str) -> bool:
        """Whether the lists know a word of it for a name and nothing else."""
        known = self._lexicon
        if not value.replace(" ", "").replace("-", "").replace(".", "").isalpha():
            return False
        if known.place(" ".join(words)):
            return True
        sure = any(known.sure(word) for word in words)
        return sure or (len(words) > 1 and known.given(words[0]) and known.family(words[-1]))

    def clear(self, text: str, start: int, words: Sequence[str]) -> bool:
        """Whether a guess in lower case, where every unknown word looks like a name, is one."""
        known = self._lexicon
        if known.town(" ".join(words)) or any(map(known.sure, words)):
            return True
        if any(known.plain(word) for word in words):
            return False
        return (
            len(words) > 1
            or known.family(words[0])
            or bool(_TOWARDS.search(text[max(0, start - 8) : start]))
        )

    def may_be_a_name(self, text: str, start: int, words: Sequence[str], value: str) -> bool:
        """Whether a guess at a person is more than ordinary words with capitals."""
        known = self._lexicon
        if any(char.isdigit() for char in value):
            return False
        if not known.knows_words:
            return True
        if any(known.sure(word) or known.family(word) for word in words):
            return True
        if not all(known.plain(word) or len(word) < 2 for word in words):
            return True
        # A word with a capital where no sentence begins: "when Trump said".
        return (
            len(words) == 1
            and value[0].isupper()
            and _INSIDE.search(text[max(0, start - 3) : start]) is not None
        )

    def is_a_place(self, words: Sequence[str]) -> bool:
        """Whether what was taken for a person is known as a place, and as nothing else."""
        known = self._lexicon
        if not known.town(" ".join(words)):
            return False
        return not any(known.given(one) or known.family(one) or known.plain(one) for one in words)

    def core(self, text: str, start: int, end: int, entity: str) -> tuple[int, int]:
        """A guess without the ordinary words at its ends, which models take along.

        Of a name with capitals those are words in lower case, and of any the stop words.
        """
        words = [(start + at, start + to) for at, to, _ in words_of(text[start:end])]
        capitals = any(text[at].isupper() for at, _ in words)
        while len(words) > 1 and self._ordinary(text[slice(*words[-1])], entity, capitals):
            words.pop()
            end = words[-1][1]
        while len(words) > 1 and self._ordinary(text[slice(*words[0])], entity, capitals):
            words.pop(0)
            start = words[0][0]
        return start, end

    def _ordinary(self, word: str, entity: str, capitals: bool) -> bool:
        if not word.islower():
            return False
        known = self._lexicon
        if known.given(word) or known.family(word) or word in PARTICLES:
            return False
        if entity == "PERSON" and capitals:
            return known.plain(word)
        return known.stop(word)


def pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The lines of a finding, trimmed: a name never goes on in the next line, a label begins it."""
    for line in _LINE.finditer(text, start, end):
        begin, stop = _trimmed(text, *line.span())
        if begin == stop or not any(char.isalnum() for char in text[begin:stop]):
            continue
        if line.start() > start and text[stop : stop + 2].lstrip().startswith(":"):
            continue
        yield begin, stop


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Without titles, possessive endings and punctuation around it."""
    if title := _TITLE.match(text, start, end):
        start = title.end()
    while start < end and not text[start].isalnum():
        start += 1
    while start < end and not (text[end - 1].isalnum() or text[end - 1] == "."):
        end -= 1
    if ending := _POSSESSIVE.search(text, start, end):
        end = ending.start()
    # The dot of an initial belongs to it, the dot of a sentence does not.
    if text[start:end].endswith(".") and not re.search(r"\b\w\.$", text[start:end]):
        end -= 1
    return start, end
