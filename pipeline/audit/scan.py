"""Whether a canary can still be read in something that was written.

What was written is decoded in all the ways that a program may have encoded it in, and of every
version only letters and digits are kept. That is coarser than what is audited, and shares no code
with it: it may see a canary that nobody would read, and must not miss one that somebody would.
"""

import binascii
import html
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from urllib.parse import unquote

from pipeline.audit.canaries import Canary

_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "b": "", "f": ""}
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{8,}")
_STANDARD = str.maketrans("-_", "+/")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){6,}")
_NUMBERS = re.compile(r"\d{1,3}(?:,\s?\d{1,3}){5,}")
_SIGNS = re.compile(r"[\W_]+")
_END = 6
"""Characters that the shortest tell has."""

_FEW = 50
"""Canaries that are as quickly looked for one by one."""

_PART = 262_144
_OVERLAP = 4_096
"""Bytes: large things are looked through in parts, which share more than any canary takes."""

_DEEPEST = 3
"""Escapes within escapes that are undone."""


class Writing:
    """Something that was written, ready to be looked through, for `many` canaries or a few."""

    def __init__(self, data: bytes | str, *, many: bool = False):
        self._many = many
        self._text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data

    def shows(self, canary: Canary, pieces: Sequence[str] = ()) -> bool:
        """Whether the canary is in it, or all the pieces that somebody wrote it in."""
        if any(self._has(_compact(tell)) for tell in canary.tells):
            return True
        return bool(pieces) and all(any(one in view for view in self._views) for one in pieces)

    def _has(self, tell: str) -> bool:
        # Thousands of canaries are looked for in one log, and nearly none is there.
        return (not self._many or tell[-_END:] in self._ends) and tell in self._compact

    @cached_property
    def _ends(self) -> set[str]:
        text = self._compact
        return {text[at : at + _END] for at in range(len(text) - _END + 1)}

    @cached_property
    def _views(self) -> list[str]:
        """The text, and what it says with escapes undone."""
        views = [self._text]
        for _ in range(_DEEPEST):
            plainer = unquote(html.unescape(_ESCAPE.sub(_unescaped, views[-1])))
            if plainer == views[-1]:
                break
            views.append(plainer)
        return views

    @cached_property
    def _compact(self) -> str:
        views = [*self._views, *_decoded(self._views[-1])]
        return "|".join(map(_compact, views))


def shown(data: bytes, canaries: Iterable[Canary]) -> list[str]:
    """The names of the canaries that can be read in something."""
    canaries = list(canaries)
    found: dict[str, None] = {}
    for at in range(0, max(1, len(data)), _PART):
        writing = Writing(data[at : at + _PART + _OVERLAP], many=len(canaries) > _FEW)
        found |= dict.fromkeys(one.entity for one in canaries if writing.shows(one))
    return [*found]


def _decoded(text: str) -> Iterator[str]:
    """What is written in base64, hexadecimal digits, or as the numbers of bytes. Only ASCII is kept
    of it: most is noise, and values are ASCII.
    """
    for run in _BASE64.findall(text):
        for shift in range(4):
            part = str(run[shift:]).translate(_STANDARD)
            # One sign more than whole bytes says nothing.
            part = part[:-1] if len(part) % 4 == 1 else part
            yield _ascii(binascii.a2b_base64(part + "=" * (-len(part) % 4)))
    for run in _HEX.findall(text):
        yield _ascii(bytes.fromhex(run))
        yield _ascii(bytes.fromhex(run[1:-1]))
    for run in _NUMBERS.findall(text):
        numbers = [int(one) for one in run.split(",")]
        yield _ascii(bytes(one for one in numbers if one < 256))


def _ascii(data: bytes) -> str:
    return data.decode("ascii", "ignore")


def _compact(text: str) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return _SIGNS.sub("", text).casefold()


def _unescaped(match: re.Match[str]) -> str:
    if match[1]:
        return chr(int(match[1], 16))
    return _CONTROLS.get(match[2], match[2])
