"""Addresses: what leads somewhere, and what around a placeholder makes it part of such a thing."""

import re
from collections.abc import Callable, Iterator

_LONGEST_TARGET = 500
ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]{0,30}://|www\.|mailto:)[^\s<>\"'`]+", re.IGNORECASE)
MAIL = re.compile(r"[\w.+-]+@[\w.-]+")
_END = re.compile(r"[\s<>]")
_TO_END = re.compile(r".*[\s<>]", re.DOTALL)
_ALONE = re.compile(r"[^\s<>@]?(?:[\s<>]|\Z)")
"""At most a sign between a placeholder and the next space: of itself it makes no address."""
_OPENING = "([{*_\"'`"
_TRAILING = ").,;:!?*_]}\"'`"
_URL_BEFORE = re.compile(
    r"//|www\.|mailto:|xmpp:|&(?:#|sol|colon|commat|period)|\w\.[^\W\d_][\w-]*[/?#:&]|"
    r"[\w.+-]@[\w.-]*$",
    re.IGNORECASE,
)
"""What in the characters before a placeholder, since the last space, makes an address of them."""
REACH = 64
"""Characters behind a placeholder that may tell that it is part of a name in an address."""
_PUNCTUATION = (
    r".,:;!?\"'()\[\]{}<>@#%&*/\u2010-\u205e\u3000-\u303f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff65"
)
_LABEL = rf"[^\s{_PUNCTUATION}]"
_REST = re.compile(rf"(?:{_LABEL}|[.,:;\"@#&]){{0,{REACH}}}")
_URL_AFTER = re.compile(
    rf"(?:{_LABEL}|\.(?!\.))*(?:\.\\?\w|&(?:#|commat|period))|(?:(?!\|){_LABEL}|\.)*@|"
    rf"{_LABEL}{{{REACH}}}",
    re.IGNORECASE,
)
_MAIL_AFTER = re.compile(r"[^|@]*@")
"""What behind a placeholder makes it part of a host name or of a mail address."""


def rest_at(text: str, at: int) -> str:
    """The characters behind a placeholder that may belong to an address with it."""
    match = _REST.match(text, at)
    return match.group() if match else ""


def is_address(before: str, after: str, restored: Callable[[str], str]) -> bool:
    """Whether what stands around a placeholder makes it part of an address.

    `restored` puts values into what comes after it.
    """
    if len(before) < 2 and len(after) < 2:
        return after == "@"
    if _URL_BEFORE.search(before.replace("\\", "")):
        return True
    rest = rest_at(after, 0)
    return bool(_MAIL_AFTER.match(rest) or _URL_AFTER.match(restored(rest)))


def addresses(text: str, token: re.Pattern[str], restored: Callable[[str], str]) -> Iterator[str]:
    """The addresses around placeholders in a text, without the punctuation of their sentence."""
    start = end = done = 0
    for one in token.finditer(text):
        at, behind = one.span()
        if at < done:
            continue
        if at >= end:
            if _is_alone(text, at, behind):
                continue
            start = max(end, at - _LONGEST_TARGET)
            if space := _TO_END.match(text, start, at):
                start = space.end()
            space = _END.search(text, behind, behind + _LONGEST_TARGET)
            end = space.start() if space else min(len(text), behind + _LONGEST_TARGET)
        if found := ADDRESS.search(text, start, end):
            address = found.group().rstrip(_TRAILING)
        elif is_address(restored(text[start:at]), text[behind:end], restored):
            address = text[start:end].lstrip(_OPENING).rstrip(_TRAILING)
        else:
            continue
        done = end
        if len(address) <= _LONGEST_TARGET and token.search(address):
            yield address


def _is_alone(text: str, start: int, end: int) -> bool:
    """Whether there is at most a sign to either side of a placeholder, as nearly everywhere."""
    before = text[max(0, start - 2) : start]
    return (len(before) < 2 or _END.search(before) is not None) and bool(_ALONE.match(text, end))
