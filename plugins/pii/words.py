"""A text together with what several recognisers ask of it, each worked out once."""

import re
from functools import cached_property

from plugins.pii.letters import caseless, runs
from plugins.pii.technical import Lines

_DIGITS = re.compile(r"\d+")
_ASCII_DIGITS = re.compile(r"[0-9]+")


class Text(str):
    """A text that keeps what was worked out; made for one analysis and gone with it."""

    @cached_property
    def caseless(self) -> str:
        """In lower case, with a plain letter for all that `regex.IGNORECASE` takes for it."""
        return caseless(self)

    @cached_property
    def words(self) -> frozenset[str]:
        """Its runs of letters, caseless: what begins with none of some words need not be tried."""
        return frozenset(runs(self))

    @cached_property
    def numbers(self) -> list[tuple[int, int]]:
        """Where its digits stand: the start and end of each row of them."""
        digits = _ASCII_DIGITS if self.isascii() else _DIGITS
        return [match.span() for match in digits.finditer(self)]

    @cached_property
    def lines(self) -> Lines:
        """Which of its lines are technical."""
        return Lines(self)


def text_of(text: str) -> Text:
    """The text itself, if it keeps things already."""
    return text if isinstance(text, Text) else Text(text)
