"""How placeholders are seen in a text."""

import re
from collections.abc import Iterable
from functools import lru_cache

WORD = r"(?:[A-Za-z0-9_]|\\_)"
_WORD_AFTER = re.compile(r"(?:\\?_)*[A-Za-z0-9]")


def token_pattern(tokens: Iterable[str]) -> str:
    """A pattern for placeholders by their prefixes; the numbers are looked up."""
    return _prefix_pattern(frozenset([token.rpartition("_")[0] for token in tokens]))


@lru_cache(maxsize=256)
def _prefix_pattern(prefixes: frozenset[str]) -> str:
    """Kept, as most exchanges have the same: names of entities, and nobody's words."""
    names = "|".join(map(re.escape, sorted(prefixes, key=len, reverse=True))).replace("_", r"\\?_")
    return rf"(?:{names})\\?_[0-9]+[a-z]*"


def is_word(before: str, after: str) -> bool:
    r"""Whether a placeholder between the two is a word of its own; `_` around it is Markdown's."""
    last = before[-1:]
    if last == "_":
        last = before.replace("\\_", "_").rstrip("_")[-1:]
    return not ((last.isascii() and last.isalnum()) or _WORD_AFTER.match(after))
