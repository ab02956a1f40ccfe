"""Whether a canary can still be read in something that was written.

It looks for the spellings that a program may turn a value into, and for what is left of a text once
everything but letters and digits is gone. That is coarser than what it audits, and shares no code
with it: it may see a canary that nobody would read, and must not miss one that somebody would.
"""

import html
import re
import unicodedata
from collections.abc import Sequence
from functools import cached_property
from urllib.parse import unquote

from pipeline.audit.canaries import Canary
from pipeline.testing.leaks import leaked

_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_SIGNS = re.compile(r"[\W_]+")
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "b": "", "f": ""}
_DEEPEST = 3
"""Escapes within escapes that are undone."""


class Writing:
    """Something that was written, ready to be looked through."""

    def __init__(self, data: bytes | str):
        self._text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data

    def shows(self, canary: Canary, pieces: Sequence[str] = ()) -> bool:
        """Whether the canary is in it, or all the pieces that somebody wrote it in."""
        if any(
            _compact(tell) in self._compact or leaked(tell, self._text) for tell in canary.tells
        ):
            return True
        views = self._views
        return bool(pieces) and all(any(one in view for view in views) for one in pieces)

    @cached_property
    def _views(self) -> list[str]:
        views = [self._text]
        for _ in range(_DEEPEST):
            plainer = unquote(html.unescape(_ESCAPE.sub(_unescaped, views[-1])))
            if plainer == views[-1]:
                break
            views.append(plainer)
        return views

    @cached_property
    def _compact(self) -> str:
        return "|".join(map(_compact, self._views))


def _compact(text: str) -> str:
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return _SIGNS.sub("", text).casefold()


def _unescaped(match: re.Match[str]) -> str:
    if match[1]:
        return chr(int(match[1], 16))
    return _CONTROLS.get(match[2], match[2])
