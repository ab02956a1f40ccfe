"""Comparing what two exchanges came to."""

from pipeline.core.frames import Frame
from pipeline.core.jsonvalue import Json
from pipeline.testing.result import Result


def complete(result: Result) -> Result:
    """The result, if there is a whole reply to look at."""
    if result.error is not None or not result.done:
        kind = type(result.error).__name__
        raise AssertionError(f"the exchange ended with {kind}; nothing can be checked on it")
    return result


def normal(result: Result) -> Json:
    """The reply as a body, in the form that both ways of sending one come to."""
    frame = Frame(result.whole, whole=True)
    return result.dialect.join(list(result.dialect.split(frame, {}))).data


def difference(one: Json, other: Json, path: str = "reply") -> tuple[str, Json, Json] | None:
    """The first place where two values differ, and the two values there."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        pairs = ((f"{path}.{key}", one[key], other[key]) for key in one)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = ((f"{path}[{n}]", *both) for n, both in enumerate(zip(one, other, strict=True)))
    else:
        return None if one == other else (path, one, other)
    return next((found for where, a, b in pairs if (found := difference(a, b, where))), None)


def broken(where: str, expected: Json, got: Json, show: bool) -> AssertionError:
    """What a check raises: it quotes the two values only if it may show them."""
    if show:
        return AssertionError(f"{where}\n  expected: {expected!r}\n  got:      {got!r}")
    return AssertionError(f"{where}; pass show=True to see the texts")
