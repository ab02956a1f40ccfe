"""What the walk over a request finds: texts, fixed strings and opaque content."""

from collections.abc import Callable
from typing import Literal, NamedTuple

from pipeline.core.embedded import Embedded
from pipeline.core.errors import Rejected
from pipeline.core.jsonvalue import JsonObject, Place, put

TextKind = Literal["text", "key", "number", "identity"]
Policy = Literal["block", "pass", "drop"]
"""What becomes of content that cannot be inspected."""


class Text:
    """One text of a request. Assign a string to `text` to change it.

    `path` says where it is, with `*` for keys that are user data. `role` is the role of the message
    it belongs to, or empty; `turn` is that message's number, or None outside messages. `kind` tells
    what it was in the JSON: a changed `number` becomes a string, a changed `key` renames its
    member, and an `identity` names a person by its purpose.
    """

    __slots__ = ("_key", "_original", "_place", "_text", "kind", "path", "role", "turn")

    def __init__(
        self,
        text: str,
        kind: TextKind = "text",
        *,
        path: str = "",
        role: str = "",
        turn: int | None = None,
        place: "Place | Embedded | Keys | None" = None,
        key: str | int = "",
    ):
        self._text = text
        self.kind: TextKind = kind
        self.path = path
        self.role = role
        self.turn = turn
        self._original = text
        self._place = place
        self._key = key

    @property
    def text(self) -> str:
        """The text as it is by now."""
        return self._text

    @text.setter
    def text(self, text: str) -> None:
        # Anything else would go out as it is, or be lost inside a string of JSON.
        if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"a text is a str, not {type(text).__name__}")
        self._text = text

    @property
    def changed(self) -> bool:
        """Whether some plugin assigned another text."""
        return self._text != self._original

    def write(self) -> None:
        """Put a changed text where it belongs. For the runner."""
        if isinstance(self._place, Embedded):
            self._place.change(int(self._key), self._text)
        elif isinstance(self._place, Keys):
            self._place.change(str(self._key), self._text)
        elif self._place is not None:
            put(self._place, self._key, self._text)
        self._original = self._text


class Keys:
    """The keys of an object whose members are user data."""

    def __init__(self, place: JsonObject):
        self._place = place
        self._changes: dict[str, str] = {}

    def change(self, key: str, text: str) -> None:
        """Let the member `key` be called `text` from now on."""
        self._changes[key] = text

    def write(self) -> None:
        """Give the members their new names, all at once; they keep their positions."""
        if not self._changes:
            return
        renamed: JsonObject = {
            self._changes.get(key, key): value for key, value in self._place.items()
        }
        if len(renamed) < len(self._place):
            raise Rejected("two keys of one object would get the same name; send them under others")
        self._place.clear()
        self._place.update(renamed)


class Fixed(NamedTuple):
    """A string that must stay as it is: an id, a name, a schema's structure."""

    path: str
    text: str


class Opaque(NamedTuple):
    """Content that cannot be inspected; `name` is what the configuration calls it.

    `drop` takes it out of the request's JSON. For the runner.
    """

    path: str
    name: str
    drop: Callable[[], None]
