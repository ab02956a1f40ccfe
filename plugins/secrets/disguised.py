"""Secrets that a text holds in disguise: escaped, in other signs, spaced out, cut by a line end.

Plain text pays next to nothing for this: it is looked at once more only if folding changes it, and
what is cut only around the cuts.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from plugins.finding.decoded import decoded
from plugins.finding.fold import fold
from plugins.finding.shadow import Edit, Shadow, whole_graphemes
from plugins.finding.spans import Span

Find = Callable[[str, bool], Sequence[Span]]
"""What is found in a text; the flag says whether what stands around a value counts."""

_PLAIN = (
    r"[\t\n\r -~\u00a1-\u00ac\u00ae-\u024f\u05d0-\u05ea\u0620-\u063f\u0641-\u064a"
    r"\u2014\u2018-\u201f\u2026\u20ac\u3041-\u30ff\u4e00-\u9fff\uac00-\ud7a3]*+"
)
_ALIKE = r"(?<![0-9A-Za-z_])[\u0370-\u0482\u048a-\u04ff]++(?![0-9A-Za-z_])"
_ORDINARY = re.compile(rf"{_PLAIN}(?:{_ALIKE}{_PLAIN})*+")
"""Nothing that looks like a letter or digit of a key, but for words of Greek and Cyrillic ones."""
_ESCAPE = re.compile(
    r"%[0-9A-Fa-f]{2}|%u[0-9A-Fa-f]{4}|&(?:#|[A-Za-z]{2,10};)|\\(?:[uUx][0-9A-Fa-f{]|[/_.:@=+~-])"
)
"""What may stand for a character of a key; line ends and quotes in strings hide none."""

_CODE = re.compile(r"[A-Za-z0-9+/_-]{16}")
_SPACED = re.compile(r"(?<!\S)\S(?:[ ]\S){7,400}(?!\S)")
_SPACE = re.compile(" ")
_KEY = r"[A-Za-z0-9_+/=.~-]"
_CUT = re.compile(
    rf"(?<![^\s\"'`=:,;(\[<>])(?=[A-Za-z]){_KEY}{{8,120}}"
    rf"(?P<gap>[ \t]{{0,8}}\r?\n[ \t]{{0,8}}){_KEY}{{4,120}}(?![^\s\"'`,;)\]<>])"
)
_DIGIT = re.compile(r"[0-9]")
_NO_BASE64 = re.compile(r"[._~-]")
_LINE = 48
"""Characters of a line in a longer text in base64, which is no key with a cut."""
_AROUND = 100
"""Characters on both sides of a cut key that may say what it is."""


def disguised(find: Find, text: str, free: bool, plain: Sequence[Span]) -> Iterator[Span]:
    """What `find` finds behind the disguises of a text, beyond what it found without (`plain`)."""
    ordinary = _ORDINARY.fullmatch(text) and not _ESCAPE.search(text)
    shadow = Shadow(text) if ordinary else fold(text, codes=False)
    seen = text
    for view in (shadow, decoded(shadow) if _CODE.search(shadow.text) else shadow):
        if view.text != seen:
            yield from _back(text, view, find(view.text, free))
            seen = view.text
    if runs := list(_SPACED.finditer(shadow.text)):
        spaces = (at.span() for run in runs for at in _SPACE.finditer(run.string, *run.span()))
        tight = shadow.edited(Edit(start, end, "") for start, end in spaces)
        yield from _back(text, tight, find(tight.text, free))
    if "\n" in text:
        yield from uncut(find, text, plain)


def _back(text: str, shadow: Shadow, found: Iterable[Span]) -> Iterator[Span]:
    for one in found:
        start, end = whole_graphemes(text, *shadow.back(one.start, one.end))
        yield one._replace(start=start, end=end)


def uncut(find: Find, text: str, plain: Sequence[Span]) -> Iterator[Span]:
    """Keys with a line end inside: what is one only when the lines are joined."""
    for cut in _CUT.finditer(text):
        gap, end = cut.span("gap"), cut.end()
        long = gap[0] - cut.start() >= _LINE and end - gap[1] >= _LINE
        if not _DIGIT.search(cut[0]) or (long and not _NO_BASE64.search(cut[0])):
            continue
        known = max(
            (one.score for one in plain if one.start < gap[1] and gap[0] <= one.end), default=0.0
        )
        start = max(0, cut.start() - _AROUND)
        window = Shadow(text[start : end + _AROUND])
        joined = window.edited([Edit(gap[0] - start, gap[1] - start, "")])
        for one in find(joined.text, False):
            begin, stop = joined.back(one.start, one.end)
            if one.score > known and begin + start < gap[0] and gap[1] < stop + start:
                yield one._replace(start=begin + start, end=stop + start)
