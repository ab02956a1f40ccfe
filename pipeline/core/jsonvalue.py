"""JSON as Python values, decoded strictly.

A value is decoded once and encoded once; the bytes that a client sent are never forwarded, because
what reads them otherwise than we do would see other text.
"""

import json
from typing import TypeAlias

from msgspec import DecodeError
from msgspec import json as msgjson

from pipeline.core.errors import BadRequest

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
JsonObject: TypeAlias = dict[str, "Json"]
Place: TypeAlias = dict[str, "Json"] | list["Json"]

_decoder = msgjson.Decoder()
_encoder = msgjson.Encoder()


def decode(data: bytes) -> Json:
    """The value of `data`; raises ValueError, without any of the text, if it is not valid JSON."""
    try:
        return _decoder.decode(data)
    except (DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"not valid JSON ({type(error).__name__})") from None


def decode_object(data: bytes) -> JsonObject:
    """The object that a request's body is; raises BadRequest if it is anything else."""
    try:
        value = decode(data)
    except ValueError:
        raise BadRequest("the body is not valid JSON; send one JSON object in UTF-8") from None
    if not isinstance(value, dict):
        raise BadRequest("the body is not a JSON object; send one")
    if may_repeat(data, value) and _repeats(data):
        raise BadRequest("an object in the body has a key twice; send it once")
    return value


def may_repeat(data: bytes, value: Json) -> bool:
    """Whether some object in `data`, which says `value`, may have a key twice: then a colon is
    gone, or was hidden before.

    It is quick, and false for what programs write.
    """
    return data.count(b":") != encode(value).count(b":") or b"\\u003" in data


def _repeats(data: bytes) -> bool:
    """Whether some object of valid JSON has a key twice."""
    repeats = False

    def look(pairs: list[tuple[str, object]]) -> None:
        nonlocal repeats
        repeats = repeats or len(pairs) != len({key for key, _ in pairs})

    try:
        json.loads(data, object_pairs_hook=look)
    except RecursionError:
        return True  # nobody can tell
    return repeats


def encode(value: Json) -> bytes:
    """The JSON text of `value` in UTF-8."""
    return _encoder.encode(value)


def put(place: Place, key: str | int, value: Json) -> None:
    """Assign to a member of an object or an item of an array."""
    if isinstance(place, dict):
        place[str(key)] = value
    else:
        place[int(key)] = value
