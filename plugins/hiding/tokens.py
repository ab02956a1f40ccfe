"""How placeholders are seen in a text."""

import re
from collections.abc import Iterable

WORD = r"(?:[A-Za-z0-9_]|\\_)"
_WORD_AFTER = re.compile(r"(?:\\?_)*[A-Za-z0-9]")


def token_pattern(tokens: Iterable[str]) -> str:
    """A pattern for placeholders by their prefixes; the numbers are looked up."""
    prefixes = sorted({token.rpartition("_")[0] for token in tokens}, key=len, reverse=True)
    names = "|".join(map(re.escape, prefixes)).replace("_", r"\\?_")
    return rf"(?:{names})\\?_[0-9]+[a-z]*"


def is_word(before: str, after: str) -> bool:
    r"""Whether a placeholder between the two is a word of its own; `_` around it is Markdown's."""
    last = before[-1:]
    if last == "_":
        last = before.replace("\\_", "_").rstrip("_")[-1:]
    return not ((last.isascii() and last.isalnum()) or _WORD_AFTER.match(after))
