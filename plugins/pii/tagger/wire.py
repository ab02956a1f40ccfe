"""As much of Protocol Buffers' encoding as it takes to change a few nodes of an ONNX file.

A message is a run of fields, each a number, a kind and a value. What is not understood is copied.
https://protobuf.dev/programming-guides/encoding/
"""

from collections.abc import Iterator
from typing import NamedTuple

_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5
_FIXED = {_EIGHT: 8, _FOUR: 4}


class Malformed(ValueError):
    """It is no message."""


class Field(NamedTuple):
    """One field of a message; `whole` is how it is written."""

    number: int
    value: int | memoryview
    whole: memoryview

    @property
    def content(self) -> memoryview:
        """The value of a string, of bytes or of a message."""
        if isinstance(self.value, int):
            raise Malformed
        return self.value

    @property
    def text(self) -> str:
        """The value of a string."""
        return str(self.content, "utf-8")


def fields(message: memoryview) -> Iterator[Field]:
    """The fields of a message, in order; raises Malformed."""
    at = 0
    while at < len(message):
        start = at
        key, at = _read(message, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = _read(message, at)
            yield Field(key >> 3, value, message[start:at])
            continue
        size, at = _read(message, at) if kind == _BYTES else (_FIXED.get(kind, -1), at)
        if size < 0 or at + size > len(message):
            raise Malformed
        at += size
        yield Field(key >> 3, message[at - size : at], message[start:at])


def integers(one: Field) -> Iterator[int]:
    """The values of a repeated integer, whether they are packed in one field or not."""
    if isinstance(one.value, int):
        yield one.value
        return
    at = 0
    while at < len(one.value):
        value, at = _read(one.value, at)
        yield value


def written(number: int, value: int | str | bytes) -> bytes:
    """A field."""
    if isinstance(value, int):
        return _varint(number << 3 | _VARINT) + _varint(value)
    content = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | _BYTES) + _varint(len(content)) + content


def _read(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(message):
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise Malformed


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
