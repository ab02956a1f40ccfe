"""What becomes of the members of an object that is translated: nothing is dropped in silence.

A member is carried over, or is listed here with the reason why nothing is lost without it, or has
a value that asks for nothing, such as `"n": 1`. Every other one, an unknown one too, is refused.
"""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from pipeline.core.errors import BadRequest
from pipeline.core.jsonvalue import Json, JsonObject
from pipeline.core.receipt import identifier


class Members(Struct, frozen=True):
    """The members of one kind of object.

    `harmless` says of each member that is left out why that is no loss. `neutral` has the values
    that ask for nothing; null always does.
    """

    carried: frozenset[str]
    harmless: Mapping[str, str] = {}
    neutral: Mapping[str, tuple[Json, ...]] = {}

    def check(self, value: JsonObject, path: str, target: str) -> None:
        """Raise BadRequest for a member of the object at `path` that cannot be carried over."""
        for name, member in value.items():
            if member is None or name in self.carried or name in self.harmless:
                continue
            if member not in self.neutral.get(name, ()):
                raise not_carried(below(path, name), target)


def not_carried(path: str, target: str, remedy: str = "leave it out") -> BadRequest:
    """What refuses the part of a request at `path`."""
    return BadRequest(f"`{path}` cannot be carried over to {target}; {remedy}", param=path)


def wrong(path: str, what: str) -> BadRequest:
    """What refuses a request that is none in its own dialect."""
    return BadRequest(f"`{path}` must be {what}", param=path)


def below(path: str, name: str) -> str:
    """The path of a member; a name that is no identifier may be text, and is not shown."""
    return f"{path}.{identifier(name)}" if path else identifier(name)


def string(value: Json, path: str) -> str:
    """A member that must be a string."""
    if not isinstance(value, str):
        raise wrong(path, "a string")
    return value


def record(value: Json, path: str) -> JsonObject:
    """A member that must be an object."""
    if not isinstance(value, dict):
        raise wrong(path, "an object")
    return value


def records(value: Json, path: str) -> Iterator[tuple[JsonObject, str]]:
    """The objects of a list, each with its path; none if there is no list."""
    if value is None:
        return
    if not isinstance(value, list):
        raise wrong(path, "a list")
    for index, one in enumerate(value):
        at = f"{path}[{index}]"
        yield record(one, at), at
