"""Every position of a request that a text can stand in.

They are found in a sample without the help of the dialect's layout, which is what is audited. Only
how to try a position is taken from there: one that must not be rewritten needs a request of its
own, because the refusal that it should cause would hide what becomes of all others.
"""

import re
from collections.abc import Callable, Mapping
from json import dumps, loads
from typing import Literal, NamedTuple, cast

from msgspec import Struct

from pipeline.audit.shapes import HARMLESS, Shape
from pipeline.core.dialect import Dialect
from pipeline.core.jsonvalue import Json, JsonObject
from pipeline.core.layout import Node
from pipeline.core.request import Request

Kind = Literal["text", "number", "key"]
Role = Literal["text", "name", "setting"]
"""Whether a place can be rewritten, must stay as it is, or holds a number of the protocol's own."""

_ROLES: Mapping[Role, str] = {
    "text": "texts",
    "name": "ids, names and other structure",
    "setting": "settings that are numbers",
}
_NEW_NAME = "the name of an unknown member"
_NEW_KEY = "a key in a user's own object"
_NEW_MEMBER = "an unknown member"
_FILLER = "filler"
_NEW = "nobody_knows"
_MARK = "canary"
_NUMBER = 7_240_311


class Place(NamedTuple):
    """Where something can be planted. A `key` is a new member of the object at `path`."""

    path: str
    kind: Kind


class Position(Struct, frozen=True):
    """A place, and how it is to be tried."""

    place: Place
    role: Role

    @property
    def label(self) -> str:
        """What people call it; places of one kind share a label."""
        path, kind = self.place
        if kind == "key":
            return _NEW_NAME if self.role == "name" else _NEW_KEY
        if f".{_NEW}[" in f".{path}" and self.role == "text":
            return _NEW_MEMBER
        return re.sub(r"\[\d+\]", "[]", path) + (" (number)" if kind == "number" else "")

    @property
    def area(self) -> str:
        """The part of the request that it belongs to, and how it may be treated there."""
        if self.label in (_NEW_NAME, _NEW_KEY, _NEW_MEMBER):
            return self.label
        return f"{_top(self.place.path)[0]}: {_ROLES[self.role]}"


class Sample:
    """A request with a filler in every position, and its positions."""

    def __init__(self, shape: Shape):
        self._shape = shape
        self._body = cast(JsonObject, _with_unknown(shape.maximal(_FILLER)))
        self.positions = [
            Position(place, self._role(shape.dialect, place)) for place in places(self._body)
        ]

    def planted(self, texts: Mapping[Place, Json], model: str) -> JsonObject:
        """The whole request with texts in some places."""
        body = self._rebuilt(self._body, texts, "")
        assert isinstance(body, dict), "as the sample is"
        return {**body, "model": _model(model, texts)}

    def planted_alone(self, place: Place, text: Json, model: str) -> JsonObject:
        """The part of the request that is needed for a text in one place."""
        texts = {place: text}
        body: JsonObject = {"model": _model(model, texts), **self._shape.saying([HARMLESS])}
        top, turn = _top(place.path)
        if turn is not None:
            messages = self._body["messages"]
            assert isinstance(messages, list), "as in the sample"
            body["messages"] = [self._rebuilt(messages[turn], texts, f"messages[{turn}]")]
        elif not top:
            body[str(text)] = True
        elif top != "model":
            body[top] = self._rebuilt(self._body[top], texts, top)
        return body

    def _rebuilt(self, value: Json, texts: Mapping[Place, Json], path: str) -> Json:
        return rebuilt(value, lambda path, kind: texts.get(Place(path, kind)), path)

    def _role(self, dialect: Dialect, place: Place) -> Role:
        mark: Json = _NUMBER if place.kind == "number" else _MARK
        body = self.planted_alone(place, mark, "audit")
        view = Request(body, dialect.layout, dialect.add_context)
        if any(str(mark) in one.text for one in view.fixed()):
            return "name"
        if place.kind == "number" and not _numbers_count(dialect.layout, place.path):
            return "setting"
        return "text"


def places(body: Json) -> list[Place]:
    """Every place in a value, in document order."""
    found: list[Place] = []

    def note(path: str, kind: Kind) -> None:
        found.append(Place(path, kind))

    rebuilt(body, note)
    return found


def rebuilt(value: Json, say: Callable[[str, Kind], Json], path: str = "") -> Json:
    """A value with what `say` gives for its places; None leaves a place as it is."""
    if isinstance(value, dict):
        made = {key: rebuilt(one, say, f"{path}.{key}".lstrip(".")) for key, one in value.items()}
        if (key := say(path, "key")) is not None:
            made[str(key)] = True
        return made
    if isinstance(value, list):
        return [rebuilt(one, say, f"{path}[{index}]") for index, one in enumerate(value)]
    if isinstance(value, str):
        return _rebuilt_text(value, say, path)
    if value is None or isinstance(value, bool):
        return value
    number = say(path, "number")
    return value if number is None else number


def _rebuilt_text(value: str, say: Callable[[str, Kind], Json], path: str) -> Json:
    if (inner := _json(value)) is not None:
        return dumps(rebuilt(inner, say, path))
    text = say(path, "text")
    if text is None:
        return value
    return value.replace(_FILLER, str(text)) if _FILLER in value else text


def _json(text: str) -> Json:
    """The object or array that a text says, if it does."""
    try:
        value = cast(Json, loads(text))
    except ValueError:
        return None
    return value if isinstance(value, dict | list) else None


def _with_unknown(value: Json) -> Json:
    """A value with a member in each object that no protocol knows."""
    if isinstance(value, list):
        return [_with_unknown(one) for one in value]
    if isinstance(value, dict):
        return {**{key: _with_unknown(one) for key, one in value.items()}, _NEW: [_FILLER]}
    return value


def _model(model: str, texts: Mapping[Place, Json]) -> str:
    """A route has to match; behind its name a client may write anything."""
    said = texts.get(Place("model", "text"))
    return model if said is None else f"{model} {said}"


def _top(path: str) -> tuple[str, int | None]:
    """The member of the request that a path leads into, and which message, if it is one."""
    match = re.match(r"([^.\[]*)(?:\[(\d+)\])?", path)
    assert match is not None, "it matches anything"
    is_turn = match[1] == "messages" and match[2] is not None
    return match[1], int(match[2]) if is_turn else None


def _numbers_count(layout: Node, path: str) -> bool:
    """Whether the dialect looks at a number, which it does not if it is a setting of its own."""
    node: Node | None = layout
    for part in re.findall(r"\[|[^.\[\]0-9][^.\[\]]*", path):
        node = node.items if part == "[" else node.fields.get(part)
        if node is None:
            return True
    return node.numbers
