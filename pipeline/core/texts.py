"""What the walk over a request finds: texts, fixed strings and opaque content."""

from typing import Literal, NamedTuple

from pipeline.core.embedded import Embedded
from pipeline.core.errors import Rejected
from pipeline.core.jsonvalue import JsonObject, Place, put

TextKind = Literal["text", "key", "number", "identity"]


class Text:
    """One text of a request. Assign `text` to change it.

    `path` says where it is, with `*` for keys that are user data. `role` is the role of the message
    it belongs to, or empty; `turn` is that message's number, or None outside messages. `kind` tells
    what it was in the JSON: a changed `number` becomes a string, a changed `key` renames its
    member, and an `identity` names a person by its purpose.
    """

    __slots__ = ("_key", "_original", "_place", "kind", "path", "role", "text", "turn")

    def __init__(
        self,
        text: str,
        kind: TextKind = "text",
        *,
        path: str = "",
        role: str = "",
        turn: int | None = None,
        place: Place | Embedded | None = None,
        key: str | int = "",
    ):
        self.text = text
        self.kind: TextKind = kind
        self.path = path
        self.role = role
        self.turn = turn
        self._original = text
        self._place = place
        self._key = key

    @property
    def changed(self) -> bool:
        """Whether some plugin assigned another text."""
        return self.text != self._original

    def write(self) -> None:
        """Put a changed text where it belongs. For the runner."""
        if isinstance(self._place, Embedded):
            self._place.change(int(self._key), self.text)
        elif self.kind == "key" and isinstance(self._place, dict):
            _rename(self._place, str(self._key), self.text)
        elif self._place is not None:
            put(self._place, self._key, self.text)
        self._original = self.text


class Fixed(NamedTuple):
    """A string that must stay as it is: an id, a name, a schema's structure."""

    path: str
    text: str


class Opaque(NamedTuple):
    """Content that cannot be inspected; `name` is what the configuration calls it."""

    path: str
    name: str


def _rename(place: JsonObject, old: str, new: str) -> None:
    """Give a member another key and keep its position."""
    if new in place:
        raise Rejected("two keys of one object would get the same name; send them under others")
    members = list(place.items())
    place.clear()
    for key, value in members:
        place[new if key == old else key] = value
