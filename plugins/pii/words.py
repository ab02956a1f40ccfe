"""A text together with what several recognisers ask of it, each worked out once."""

from functools import cached_property

from plugins.pii.letters import caseless, runs
from plugins.pii.technical import Lines


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
    def lines(self) -> Lines:
        """Which of its lines are technical."""
        return Lines(self)


def text_of(text: str) -> Text:
    """The text itself, if it keeps things already."""
    return text if isinstance(text, Text) else Text(text)
