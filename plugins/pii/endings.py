"""Patterns for what stands right before something, such as a street before its number."""

import regex


class Ending:
    """A pattern for the end of a stretch of text.

    Looked for backwards first, which fails at once where the end is another one; forwards, each
    place is tried as a beginning.
    """

    def __init__(self, pattern: str):
        self._forwards = regex.compile(f"(?:{pattern})$")
        self._backwards = regex.compile(pattern, regex.REVERSE)

    def search(self, text: str, start: int, end: int) -> "regex.Match[str] | None":
        """The longest match that ends at `end` and begins at `start` or later."""
        if not self._backwards.match(text, start, end):
            return None
        return self._forwards.search(text, start, end)
