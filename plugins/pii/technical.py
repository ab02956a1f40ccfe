"""Which lines are code, logs or data rather than sentences.

A model takes every other identifier for a name. In such lines its guesses count only where a list
of names bears them out.
"""

import re
from collections.abc import Iterator

from plugins.pii.letters import count_words

_MARK = re.compile(
    r"[=(){}\[\];<>|\\^~#$%&*+`]|::|->|\w_\w|\b[a-z]+[A-Z]|\w\.\w|\b0x|\d\d:\d\d|^\s*@\w|\w/\w"
)
_MAYBE_MARK = re.compile(
    r"[=(){}\[\];<>|\\^~#$%&*+`_@:./xA-Z](?:(?<=[=(){}\[\];<>|\\^~#$%&*+`_@])|(?<=:)(?=[:\d])"
    r"|(?<=\w[./])(?=\w)|(?<=0x)|(?<=[a-z][A-Z]))"
)
"""One character of each mark, whatever the mark is; found in a tenth of the time."""
_MARKS = "=(){}[];<>|\\^~#$%&*+`_@:./xABCDEFGHIJKLMNOPQRSTUVWXYZ"
_NO_MARK = bytes(code for code in range(128) if chr(code) not in _MARKS)
"""The rest of ASCII, to be taken out of a line at once: what is left is all that may be marks."""
_ASIDE = re.compile(r"(?<!\S)\((?=[^\s()])[^()]*\)(?![^\s.,;:!?])")
"""What a sentence says in parentheses; code has no space before its own."""
_KEYWORD = re.compile(
    r"\s*(?:def|class|import|from \S+ import|return|raise|elif|else|except|try|finally|yield|async"
    r"|await|assert|lambda|for \S+ in|while|if not|at \w+\.|File \")\b"
)
_GLUE = frozenset("._/\\([{<=@#$%&*-:|~^+")
_NEAR = 150
"""Characters of a long line that are looked at together, times up to three."""

_SHARE = 2
"""Words for each mark, above which a line is a sentence with some marks in it."""


class Lines:
    """The lines of one text, each judged once."""

    def __init__(self, text: str):
        self._text = text
        self._judged: dict[int, bool] = {}

    def technical(self, at: int) -> bool:
        """Whether the line in which a place lies is code, a log or data."""
        text = self._text
        # Of a paragraph in one line, what is near.
        near = at - at % _NEAR
        start = max(text.rfind("\n", 0, at) + 1, near - _NEAR)
        if start not in self._judged:
            end = text.find("\n", at)
            line = text[start : min(end if end >= 0 else len(text), near + 2 * _NEAR)]
            self._judged[start] = is_technical(line)
        return self._judged[start]


def is_technical(line: str) -> bool:
    """Whether a line is code, a log or data."""
    if _KEYWORD.match(line):
        return True
    words = count_words(line)
    for most in _most_marks(line):
        if most < 2 or most * _SHARE < words:
            return False
    marks = len(_MARK.findall(line)) - 2 * len(_ASIDE.findall(line))
    return marks >= 2 and marks * _SHARE >= words


def _most_marks(line: str) -> Iterator[int]:
    """How many marks there are at most, the closer the longer it takes."""
    if line.isascii():
        yield len(line.encode().translate(None, _NO_MARK))
    yield len(_MAYBE_MARK.findall(line))


def glued(text: str, start: int, end: int) -> bool:
    """Whether a value is part of an identifier, a path or an expression."""
    before, after = text[start - 1 : start], text[end : end + 1]
    if before in ("_", "\\", "$", "/", "%") and before:
        return True
    if before == "." and text[start - 2 : start - 1].isalnum():
        return True
    if after in ("_", "\\", "(", "[", "=", "/") and after:
        return True
    return after == "." and text[end + 1 : end + 2].isalpha()
