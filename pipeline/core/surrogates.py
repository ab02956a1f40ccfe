r"""Characters that a server cut in half.

JSON can spell a character outside the basic plane as two escapes, and a server that cuts its text
by code units puts them into two events. Strict JSON decoders refuse either half. Here they are read
all the same, joined where they belong together, and never let through unpaired.
"""

import json
import re
from typing import NoReturn, cast

from pipeline.core.jsonvalue import Json, JsonObject, put

_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_LONE = re.compile("[\ud800-\udfff]")
_HALF_AT_END = re.compile("[\ud800-\udbff]$")


def decode_loosely(data: bytes) -> Json:
    """The value of JSON that may hold halves of characters; ValueError if it is no JSON."""
    try:
        value = json.loads(data.decode(), parse_constant=_refuse, object_pairs_hook=_object)
        return cast(Json, value)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not valid JSON ({type(error).__name__})") from None


def join(held: str, text: str) -> tuple[str, str]:
    """Text without halves, and the half at its end that may find its other half later."""
    text = held + text
    half = _HALF_AT_END.search(text)
    if half:
        text = text[: half.start()]
    return clean(text), half.group() if half else ""


def clean(text: str) -> str:
    """Pairs joined; a half without its other becomes U+FFFD."""
    joined = _PAIR.sub(
        lambda pair: pair.group().encode("utf-16", "surrogatepass").decode("utf-16"), text
    )
    return _LONE.sub("\ufffd", joined)


def clean_all(value: Json) -> None:
    """Clean every string in an object or array, in place."""
    if isinstance(value, str) or value is None or isinstance(value, (int, float)):
        return
    members = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    for key, member in members:
        if isinstance(member, str):
            put(value, key, clean(member))
        else:
            clean_all(member)


def _object(members: list[tuple[str, Json]]) -> JsonObject:
    return {clean(key): value for key, value in members}


def _refuse(_constant: str) -> NoReturn:
    raise ValueError("not a JSON number")
