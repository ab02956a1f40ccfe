"""The walk over a request's JSON by its dialect's layout.

Every string leaf ends up as a text, as fixed or as opaque, except structure whose value its layout
knows to be harmless. Nothing is left out because nobody thought of it.
"""

import re
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from pipeline.core.embedded import Embedded, leaves
from pipeline.core.errors import BadRequest, TooLarge
from pipeline.core.jsonvalue import Json, JsonObject, Place, decode
from pipeline.core.layout import FREE, TOKENS, UNKNOWN, Node
from pipeline.core.schemas import SCHEMA_KEYS, SCHEMA_MAPS, SCHEMA_TEXT, SCHEMA_TYPES
from pipeline.core.texts import Fixed, Keys, Opaque, Text, TextKind

MAX_DEPTH = 64
"""Deeper JSON is refused: nobody sends it in earnest, and every walk over it costs stack."""

MAX_TEXTS = 50_000
"""More strings, keys and numbers than anybody sends in earnest; each costs time in every plugin."""

_FILE = re.compile(r"\s*data:[^,\s]{0,100};base64,[\w+/=-]*\s*", re.IGNORECASE | re.ASCII)
"""A file written into a string (RFC 2397), which nobody can look into."""


class Walk:
    """Collects what one value holds, in document order."""

    def __init__(self) -> None:
        self.texts: list[Text] = []
        self.fixed: list[Fixed] = []
        self.opaque: list[Opaque] = []
        self.embedded: list[Embedded] = []
        self.keys: list[Keys] = []
        self._role = ""
        self._turn: int | None = None
        self._message: JsonObject = {}
        self._member = ""
        self._part: _Part | None = None

    def __add__(self, other: "Walk") -> "Walk":
        """What both found, the other's last."""
        both = Walk()
        both.texts = self.texts + other.texts
        both.fixed = self.fixed + other.fixed
        both.opaque = self.opaque + other.opaque
        both.embedded = self.embedded + other.embedded
        both.keys = self.keys + other.keys
        return both

    def object(self, value: JsonObject, node: Node, path: str = "", depth: int = 0) -> None:
        """Walk an object; `path` is where it stands."""
        _check(depth)
        if node.schema:
            self._schema(value, path, depth)
            return
        role = value.get("role")
        if isinstance(role, str):
            node = node.roles.get(role, node)
        kind = value.get("type") if node.types else None
        if isinstance(kind, str):
            node = node.types.get(kind, node)
        keys = Keys(value) if node.free else None
        if keys is not None:
            self.keys.append(keys)
        start = f"{path}." if path else ""
        for key, member in value.items():
            if value is self._message:
                self._member = key
            child = node.fields.get(key)
            if child is not None:
                self._value(member, child, value, key, start + key, depth)
                continue
            where = start + "*"
            if keys is not None:
                self._text(key, "key", keys, key, where)
            else:
                self._fix(where, key)
            child = node.others or (FREE if node.free else UNKNOWN)
            self._value(member, child, value, key, where, depth)

    def message(self, value: JsonObject, node: Node, path: str) -> None:
        """Walk one message."""
        role = value.get("role")
        self._role = role if isinstance(role, str) else ""
        self._message = value
        self.object(value, node, path, 1)
        self._role, self._message = "", {}

    def _value(
        self, value: Json, node: Node, place: Place, key: str | int, path: str, depth: int
    ) -> None:
        if node.role and node.role != self._role:
            outer, self._role = self._role, node.role
            self._value(value, node, place, key, path, depth)
            self._role = outer
        elif isinstance(value, str):
            self._string(value, node, place, key, path)
        elif isinstance(value, dict):
            self.object(value, node, path, depth + 1)
        elif isinstance(value, list):
            is_parts = key == "content" and isinstance(place, dict)
            self._array(value, node, path, depth + 1, place if is_parts else None)
        elif value is not None and not isinstance(value, bool) and node.numbers:
            if node.string == "name":
                self._fix(path, str(value))
            else:
                kind = "identity" if node.string == "identity" else "number"
                self._text(str(value), kind, place, key, path)

    def _array(
        self,
        value: list[Json],
        node: Node,
        path: str,
        depth: int,
        owner: Place | None = None,
    ) -> None:
        """Walk an array; `owner` is the object whose content it is, if its items are parts."""
        _check(depth)
        child = node.items or (FREE if node.free else node if node.tokens else UNKNOWN)
        if node.tokens and any(type(one) in (int, float) for one in value):
            self.opaque.append(Opaque(path, TOKENS, self._dropper(TOKENS)))
        outer = self._part
        for index, item in enumerate(value):
            where = f"{path}[{index}]"
            if isinstance(owner, dict) and isinstance(item, dict):
                self._part = _Part(owner, value, item)
            if node.turns and isinstance(item, dict):
                self._turn = index
                self.message(item, child, where)
                self._turn = None
            else:
                self._value(item, child, value, index, where, depth)
            self._part = outer

    def _string(self, value: str, node: Node, place: Place, key: str | int, path: str) -> None:
        match node.string:
            case "text":
                self._text(value, "text", place, key, path, free=node.free)
            case "identity":
                self._text(value, "identity", place, key, path)
            case "name":
                if value not in node.values:
                    self._fix(path, value)
            case "opaque" if not value:
                pass
            case "opaque":
                self.opaque.append(Opaque(path, node.opaque, self._dropper(node.opaque)))
                if node.link and not _FILE.match(value):
                    self._text(value, "text", place, key, path)
            case "json":
                self._embed(value, place, key, path)
            case "maybe_json":
                if _is_json(value):
                    self._embed(value, place, key, path)
                else:
                    self._text(value, "text", place, key, path)

    def _embed(self, value: str, place: Place, key: str | int, path: str) -> None:
        found = leaves(value)
        if found is None:
            self._text(value, "text", place, key, path)
            return
        embedded = Embedded(value, found, place, key)
        self.embedded.append(embedded)
        for index, leaf in enumerate(found):
            self._text(leaf.text, leaf.kind, embedded, index, f"{path}.*")

    def _text(
        self,
        value: str,
        kind: TextKind,
        place: Place | Embedded | Keys,
        key: str | int,
        path: str,
        *,
        free: bool = False,
    ) -> None:
        if not value:
            return
        if len(self.texts) == MAX_TEXTS:
            raise TooLarge(f"the request holds more than {MAX_TEXTS} texts; send fewer at once")
        text = Text(value, kind, path=path, role=self._role, turn=self._turn, place=place, key=key)
        if file := _FILE.match(value):
            is_all = file.end() == len(value)
            # User data keeps its shape, and so does what else the string says.
            inside = free or isinstance(place, Embedded | Keys) or not is_all or not self._part
            drop = partial(_cut_files, text, place) if inside else self._dropper("files")
            self.opaque.append(Opaque(path, "files", drop))
            if is_all:
                return
        self.texts.append(text)

    def _dropper(self, name: str) -> Callable[[], None]:
        """What takes out the part of a message that is walked now."""
        if self._part is not None:
            return partial(_drop_part, self._part, _removed(name))
        return partial(_drop_member, self._message, self._member, _removed(name))

    def _fix(self, path: str, value: str) -> None:
        if value:
            self.fixed.append(Fixed(path, value))

    def _schema(self, schema: JsonObject, path: str, depth: int) -> None:
        """Walk a JSON Schema: prose and example values are text, the rest is structure."""
        _check(depth)
        for key, value in schema.items():
            known = key in SCHEMA_KEYS
            where = _join(path, key if known else "*")
            if not known:
                self._fix(where, key)
            if key in SCHEMA_TEXT or not known:
                self._value(value, UNKNOWN, schema, key, where, depth)
            elif key in SCHEMA_MAPS and isinstance(value, dict):
                for name, member in value.items():
                    self._fix(_join(where, "*"), name)
                    self._structure(member, _join(where, "*"), depth + 1)
            else:
                self._structure(value, where, depth)

    def _structure(self, value: Json, path: str, depth: int) -> None:
        """Walk what stands where a schema has structure or further schemas."""
        _check(depth)
        if isinstance(value, str):
            if value not in SCHEMA_TYPES:
                self._fix(path, value)
        elif isinstance(value, dict):
            self._schema(value, path, depth + 1)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                self._structure(item, f"{path}[{index}]", depth + 1)


class _Part(NamedTuple):
    """A part of a content, in an array, and the object whose content the array is."""

    owner: JsonObject
    parts: list[Json]
    part: JsonObject


def _drop_part(part: _Part, note: str) -> None:
    part.parts[:] = [one for one in part.parts if one is not part.part]
    if not part.parts:
        # Some protocols know no empty content.
        part.owner["content"] = note


def _drop_member(message: JsonObject, member: str, note: str) -> None:
    message.pop(member, None)
    if not message.get("content"):
        message["content"] = note


def _cut_files(text: Text, place: Place | Embedded | Keys) -> None:
    """Replace the files that a string begins with."""
    end = 0
    while file := _FILE.match(text.text, end):
        end = file.end()
    text.text = f"{_removed('files')} {text.text[end:]}".rstrip()
    text.write()
    if isinstance(place, Embedded | Keys):
        place.write()


def _removed(name: str) -> str:
    return f"[{name} removed]"


def _check(depth: int) -> None:
    if depth > MAX_DEPTH:
        raise BadRequest(f"the JSON is nested deeper than {MAX_DEPTH} levels; flatten it")


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _is_json(value: str) -> bool:
    if not value.lstrip().startswith(("{", "[")):
        return False
    try:
        decode(value.encode())
    except ValueError:
        return False
    return True
