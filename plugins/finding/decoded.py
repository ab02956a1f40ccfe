"""What is written in another code: escapes of URLs, JSON and HTML, base64, hexadecimal digits.

Escapes are decoded one by one, so that a finding covers the escapes of its own characters alone. Of
base64 and hexadecimal runs no part can be replaced: all characters come from the whole run.
"""

import binascii
import re
from html.entities import html5

import regex

from plugins.finding.shadow import Shadow

MOST = 64_000
"""Characters of a run that is still looked into."""

_ROUNDS = 2
"""Escapes within escapes that are undone: `%2540`, `&amp;#64;`, `\\\\u0040`."""

_PERCENT = re.compile(
    r"%(?:[0-7][0-9A-Fa-f]|[Cc][2-9A-Fa-f]%[89ABab][0-9A-Fa-f]|[Dd][0-9A-Fa-f]%[89ABab][0-9A-Fa-f]"
    r"|[Ee][0-9A-Fa-f](?:%[89ABab][0-9A-Fa-f]){2}|[Ff][0-4](?:%[89ABab][0-9A-Fa-f]){3}"
    r"|[89A-Fa-f][0-9A-Fa-f]|u[0-9A-Fa-f]{4})"
)
_BACKSLASH = re.compile(
    r"\\(?:u[Dd][89ABab][0-9A-Fa-f]{2}\\u[Dd][C-Fc-f][0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}"
    r"|u\{[0-9A-Fa-f]{1,6}\}|U[0-9A-Fa-f]{8}|x[0-9A-Fa-f]{2}|[nrt]|[!-/:-@\[-`{-~])"
)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7};?|#[xX][0-9A-Fa-f]{1,6};?|[A-Za-z][A-Za-z0-9]{1,31};)")
_SPACES = {"\\n": "\n", "\\r": "\n", "\\t": "\t"}

_RUN = re.compile(
    # Its first character comes first, so that others are passed over quickly.
    r"[A-Za-z0-9+/_-](?<![A-Za-z0-9+/].)(?:"
    r"(?<=[A-Za-z0-9+/])[A-Za-z0-9+/]{55,75}\r?\n(?:[A-Za-z0-9+/]{56,76}\r?\n)*+"
    r"[A-Za-z0-9+/]{1,76}={0,2}|[A-Za-z0-9+/_-]{11,}+={0,2})"
)
_BEGIN = re.compile(r"[A-Za-z0-9+/_-]{12}")
"""What all of those begin with; a text has few, if any."""
_PART = re.compile(r"[A-Za-z0-9]{12,}")
_HEX = re.compile(r"(?:0x)?((?:[0-9A-Fa-f]{2}){8,})")
_SPACE = re.compile(r"\s+")
_NO_TEXT = regex.compile(r"[\p{Cc}\p{Cs}\p{Co}\p{Cn}--\t\n\r]", regex.VERSION1)
_STANDARD = str.maketrans("-_", "+/")
_ASCII_FIRST = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef")
"""What four characters of base64 begin with if the first of their three bytes is ASCII."""
_CARD = 19
"""Digits of the longest card; so many are no hexadecimal numbers."""
_LONG = 24
"""Characters from which a run may have lost its beginning, or stand in a path."""


def unescaped(shadow: Shadow) -> Shadow:
    """With the characters that escapes stand for."""
    for _ in range(_ROUNDS):
        before = shadow
        if "%" in shadow.text:
            shadow = shadow.rewritten(_PERCENT, _percent)
        if "\\" in shadow.text:
            shadow = shadow.rewritten(_BACKSLASH, _backslash)
        if "&" in shadow.text:
            shadow = shadow.rewritten(_ENTITY, _entity)
        if shadow is before:
            break
    return shadow


def decoded(shadow: Shadow) -> Shadow:
    """With the text that runs of base64 and hexadecimal digits hold, if it is text."""
    first = _BEGIN.search(shadow.text)
    return shadow.rewritten(_RUN, _run, first.start()) if first else shadow


def _percent(written: str) -> str | None:
    if written[1] == "u":
        return _char(int(written[2:], 16))
    content = bytes.fromhex(written.replace("%", ""))
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _backslash(written: str) -> str | None:
    if len(written) == 2:
        return _SPACES.get(written, written[1])
    if len(written) == 12:
        high, low = int(written[2:6], 16), int(written[8:], 16)
        return chr(0x10000 + ((high - 0xD800) << 10) + low - 0xDC00)
    return _char(int(written[2:].strip("{}"), 16))


def _entity(written: str) -> str | None:
    name = written[1:]
    if name[0] != "#":
        return html5.get(name)
    digits = name[1:].rstrip(";")
    return _char(int(digits[1:], 16) if digits[0] in "xX" else int(digits))


def _char(number: int) -> str | None:
    return chr(number) if 0 < number < 0xD800 or 0xDFFF < number < 0x110000 else None


def _run(run: str) -> str | None:
    if len(run) > MOST:
        return None
    run = _SPACE.sub("", run)
    if hexadecimal := _HEX.fullmatch(run):
        digits = hexadecimal[1]
        return None if len(digits) <= _CARD and digits.isdecimal() else _text(bytes.fromhex(digits))
    bare = run.rstrip("=").translate(_STANDARD)
    if (text := _base64(bare)) is not None or len(bare) < _LONG:
        return text
    for shift in (1, 2, 3):
        if (text := _base64(bare[shift:])) is not None:
            return text
    parts = [part for match in _PART.finditer(bare) if (part := _base64(match.group()))]
    return " ".join(parts) or None


def _base64(run: str) -> str | None:
    """The text in a run without padding; one sign more than whole bytes is cut off."""
    if _ASCII_FIRST.isdisjoint(run[:12:4]):
        return None
    if len(run) % 4 == 1:
        run = run[:-1]
    return _text(binascii.a2b_base64(run + "=" * (-len(run) % 4)))


def _text(content: bytes) -> str | None:
    """What bytes say, if it is text: no controls, and for the most part ASCII."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    foreign = len(content) - len(text)
    return None if foreign * 3 > len(text) or _NO_TEXT.search(text) else text
