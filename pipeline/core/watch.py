"""What the service may know of plugins at work: which one runs, and which one failed."""

from collections.abc import Awaitable, Callable, Coroutine, Generator
from functools import partial
from inspect import iscoroutine
from typing import Any, TypeVar

from msgspec import Struct

T = TypeVar("T")


def _nobody(_plugin: str, _hook: str, _error: BaseException) -> None:
    """Nobody listens."""


class Watch(Struct):
    """`doing` names the plugin that has the event loop now; `failed` is told of every failure.

    The error that `failed` is given may hold message text: only its type and place may be kept.
    """

    doing: str = ""
    failed: Callable[[str, str, BaseException], None] = _nobody

    def follow(self, plugin: str, work: Awaitable[T]) -> Awaitable[T]:
        """The same work, but named in `doing` only while it runs, and not while it waits."""
        self.doing = ""
        return _Followed(self, plugin, work) if iscoroutine(work) else work


class _Followed(Awaitable[T]):
    """Runs a coroutine from one wait to the next."""

    def __init__(self, watch: Watch, plugin: str, work: Coroutine[Any, Any, T]):
        self._watch = watch
        self._plugin = plugin
        self._work = work

    def __await__(self) -> Generator[Any, Any, T]:
        run = partial(self._work.send, None)
        while True:
            self._watch.doing = self._plugin
            try:
                awaited = run()
            except StopIteration as done:
                return done.value
            finally:
                self._watch.doing = ""
            try:
                yield awaited
            except BaseException as error:
                run = partial(self._work.throw, error)
            else:
                run = partial(self._work.send, None)
