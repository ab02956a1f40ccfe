"""What the service may know of plugins at work: which one runs, and which one failed."""

from collections.abc import Callable

from msgspec import Struct


def _nobody(_plugin: str, _hook: str, _error: BaseException) -> None:
    """Nobody listens."""


class Watch(Struct):
    """`doing` names the plugin that has the event loop now; `failed` is told of every failure.

    The error that `failed` is given may hold message text: only its type and place may be kept.
    """

    doing: str = ""
    failed: Callable[[str, str, BaseException], None] = _nobody
