"""Judges a user's regular expression before it meets anybody's text."""

import re
from importlib import import_module
from typing import Protocol, cast

_LENGTH = 4_000
_SECONDS = 0.25


class _Compiled(Protocol):
    def fullmatch(self, string: str) -> object: ...

    def finditer(self, string: str, *, timeout: float) -> object: ...


class _Regex(Protocol):
    error: type[Exception]

    def compile(self, pattern: str, flags: int) -> _Compiled: ...


def problem_of_regex(pattern: str) -> str | None:
    """What is wrong with a pattern, to be read after "the regex …", or None.

    Whether it may take exponential time is found out by trying: on repetitions of what patterns
    are made of, and of the pattern's own letters. What slips through meets the batch's timeout.
    """
    # Imported here because only configurations with own patterns need it.
    regex = cast(_Regex, import_module("regex"))
    try:
        compiled = regex.compile(pattern, re.DOTALL | re.MULTILINE | re.IGNORECASE)
    except regex.error as error:
        return f"is not valid: {error}; correct it"
    if compiled.fullmatch(""):
        return "matches the empty text; make it ask for at least one character"
    own = "".join(char for char in pattern if char.isalnum())
    for unit in ("a", "0", " ", "-", "a ", "0-", "a.", "a1", own):
        # The pattern itself comes last so that what it requires is there, if in vain.
        if unit and _hangs(compiled, f"{unit * (_LENGTH // len(unit))}!{pattern}"):
            return "takes too long on a long text; avoid repetitions inside repetitions"
    return None


def _hangs(compiled: _Compiled, text: str) -> bool:
    """Whether a search takes too long."""
    try:
        for _ in cast("list[object]", compiled.finditer(text, timeout=_SECONDS)):
            pass
    except TimeoutError:
        return True
    return False
