"""What a reply says of its tokens."""

from pipeline.core.catalog import Usage
from pipeline.core.jsonvalue import Json

_SENT = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
"""What a cache read or wrote is counted beside the rest of a request."""


class Counted:
    """The figures of one reply; in a stream each overwrites the one before."""

    def __init__(self) -> None:
        self._figures: dict[str, int] = {}
        self._final = False

    @property
    def usage(self) -> Usage | None:
        """The tokens, once the backend has said all of them."""
        sent = sum(self._figures.get(name, 0) for name in _SENT)
        made = self._figures.get("output_tokens")
        return Usage(sent, made) if self._final and sent and made is not None else None

    def note(self, said: Json, *, final: bool = False) -> None:
        """Note the figures of an event; `final` ones count the whole reply."""
        if not isinstance(said, dict):
            return
        self._final = self._final or final
        for name in (*_SENT, "output_tokens"):
            figure = said.get(name)
            # Some servers send zeros for what they have said before.
            if isinstance(figure, int) and figure >= 0 and (figure or name not in self._figures):
                self._figures[name] = figure
