"""The promises that every dialect must keep."""

from collections.abc import Iterator, Sequence
from itertools import count
from json import dumps, loads
from typing import cast

from pipeline.core.dialect import Dialect
from pipeline.core.jsonvalue import Json, JsonObject, Place, decode_object, encode, put
from pipeline.core.request import Request
from pipeline.testing.bench import exchange
from pipeline.testing.script import read_script

_CANARY = "canary"


def check_coverage(dialect: Dialect, request: JsonObject) -> None:
    """Law 2: whatever string is put anywhere in the request, plugins are shown it.

    Each string in turn becomes a canary, inside JSON in strings too, and each object in turn gets a
    member that nobody knows. A plugin must find it in `texts()`, `fixed()` or `opaque()`.
    """
    for path, planted in _planted(request):
        view = Request(planted, dialect.layout, dialect.add_context)
        shown = [*view.texts(), *view.fixed()]
        if any(_CANARY in one.text for one in shown):
            continue
        if not any(one.path == path for one in view.opaque()):
            raise AssertionError(f"law 2: a string at {path} reaches no plugin")


def check_lossless(dialect: Dialect, request: JsonObject, reply: Sequence[JsonObject]) -> None:
    """Law 3: without plugins, backend and client get what was sent, frame for frame.

    `reply` is a stream's chunks; what they say together is tried as a whole body too.
    """
    for stream in (True, False):
        body = {**request, "stream": stream}
        result = exchange([], body, reply, dialect=dialect)
        if result.saw != body:
            raise AssertionError("law 3: the backend got another request")
        if not result.done:
            raise AssertionError("law 3: the client did not get the whole reply")
        whole, _ = read_script(dialect, body, reply)
        want = list(reply) if stream else [whole]
        got = [frame.data for frame in result.frames() if frame.data is not None]
        if len(got) != len(want):
            raise AssertionError(f"law 3: {len(want)} frames were sent and {len(got)} arrived")
        for number, pair in enumerate(zip(want, got, strict=True)):
            if pair[0] != pair[1]:
                raise AssertionError(f"law 3: frame {number} arrived otherwise, stream={stream}")


def _planted(request: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    """The request with a canary in each position in turn, and where that is."""
    for number in count():
        planted = decode_object(encode(request))
        positions = list(_positions(planted, ""))
        if number >= len(positions):
            return
        path, place, key, value = positions[number]
        put(place, key, value)
        yield path, planted


def _positions(value: Json, path: str) -> Iterator[tuple[str, Place, str | int, Json]]:
    """Every change that plants a canary: where, and what to put there."""
    if isinstance(value, dict):
        members = list(value.items())
        yield f"{path}.*", value, "nobody knows", {"nested": [_CANARY]}
        yield f"{path}.*", value, _CANARY, 1
    elif isinstance(value, list):
        members = list(enumerate(value))
    else:
        return
    for key, member in members:
        at = f"{path}[{key}]" if isinstance(key, int) else f"{path}.{key}".lstrip(".")
        if isinstance(member, str):
            yield at, value, key, _CANARY
            for text in _inside(member):
                yield f"{at}.*", value, key, text
        yield from _positions(member, at)


def _inside(text: str) -> Iterator[str]:
    """JSON text with a canary in each of its positions, whole and broken off after it."""
    try:
        value = loads(text)
    except ValueError:
        return
    if not isinstance(value, (dict, list)):
        return
    for _, planted in _planted({"": cast(Json, value)}):
        if "" in planted and len(planted) == 1:
            source = dumps(planted[""])
            yield source
            yield source[: source.find(_CANARY) + len(_CANARY)]
