"""The shadow of a text: what it says once its disguises are undone.

Undone are invisible characters, escapes of URLs, JSON and HTML, base64 and hexadecimal runs, other
digits and spaces and dashes, compatibility forms, letters that imitate Latin ones, and accents that
are no spelling. Recognising looks at the shadow; what is found there is mapped back, and the text
itself stays as it is. The time is linear in the text, and next to nothing for plain text.
"""

import re

from plugins.finding.decoded import decoded, unescaped
from plugins.finding.shadow import Shadow
from plugins.finding.signs import folded_signs, is_usual

_SHAPED = (
    "\u0600-\u109f\u1700-\u1aaf\u1b00-\u1c4f\u1cd0-\u1cff\ua800-\uab2f\uabc0-\uabff\ufb50-\ufdff"
    "\ufe70-\ufefe"
)
"""Scripts that write joiners between letters: Arabic, Indic and their relatives."""

_INVISIBLE = re.compile(
    "(?:["
    # Controls, but for those that are white space.
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f"
    # Format characters, fillers, and selectors of variants.
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
    f"|(?<![{_SHAPED}])[\u200c\u200d]|[\u200c\u200d](?![{_SHAPED}]))+"
)
_TAGS = re.compile(r"[\U000e0020-\U000e007e]{6,}")
"""Invisible doubles of ASCII. A few are part of a flag; a run of them is text for models alone."""


def fold(text: str, *, codes: bool = True) -> Shadow:
    """The shadow of a text; its text is the same object if nothing is disguised.

    Without `codes`, base64 and hexadecimal runs stay: a JSON Web Token is one as it stands.
    """
    usual = is_usual(text)
    shadow = unescaped(Shadow(text) if usual else _visible(Shadow(text)))
    if codes:
        shadow = decoded(shadow)
    if usual and shadow.text is text:
        return shadow
    return folded_signs(_visible(shadow))


def _visible(shadow: Shadow) -> Shadow:
    if not shadow.text.isascii():
        shadow = shadow.rewritten(_TAGS, _untagged)
    return shadow.without(_INVISIBLE)


def _untagged(run: str) -> str:
    return "".join(chr(ord(char) - 0xE0000) for char in run)
