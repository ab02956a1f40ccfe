"""The way of one channel's text through the filters of all plugins.

A text channel goes through one set of filters. In a JSON channel every string is a text of its own:
it is decoded, goes through filters of its own, and is escaped again, so that no plugin ever quotes.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Protocol, TypeVar

from pipeline.core.errors import PluginFailed
from pipeline.core.lexer import Lexer, Token, escape
from pipeline.core.plugin import Channel, Maybe, TextFilter

T = TypeVar("T")

Filters = Sequence[tuple[str, TextFilter]]
"""Each plugin's filter with the plugin's name, in the order that text flows."""


class Caller(Protocol):
    """Calls a plugin by name, with a time limit and an error of our own if it fails."""

    def __call__(self, name: str, hook: Callable[[], Maybe[T]], /) -> Awaitable[T]:
        """Call `hook`."""
        ...


class Pipe(Protocol):
    """A channel's filters, one after the other."""

    async def feed(self, text: str) -> str:
        """What can be said for certain after this piece."""
        ...

    async def flush(self) -> str:
        """What was held back."""
        ...


def open_pipe(channel: Channel, make: Callable[[], Filters], call: Caller) -> Pipe | None:
    """The pipe of a channel, or None if no plugin wants it."""
    filters = make()
    if not filters:
        return None
    if channel.form == "json":
        return _JsonPipe(filters, make, call)
    return _TextPipe(filters, call)


class _TextPipe:
    def __init__(self, filters: Filters, call: Caller):
        self._filters = filters
        self._call = call

    async def feed(self, text: str) -> str:
        for name, one in self._filters:
            if not text:
                break
            text = await self._feed(name, one, text)
        return text

    async def flush(self) -> str:
        text = ""
        for name, one in self._filters:
            if text:
                text = await self._feed(name, one, text)
            text += _text(name, await self._call(name, one.flush))
        return text

    async def _feed(self, name: str, one: TextFilter, text: str) -> str:
        return _text(name, await self._call(name, lambda: one.feed(text)))


def _text(name: str, given: object) -> str:
    """What a filter gave, if it is text: anything else would be lost or end as another error."""
    if isinstance(given, str):
        return given
    raise PluginFailed(name, f"gave {type(given).__name__} where a filter gives text")


class _JsonPipe:
    def __init__(self, first: Filters, make: Callable[[], Filters], call: Caller):
        self._first: Filters | None = first
        self._make = make
        self._call = call
        self._lexer = Lexer()
        self._string: _TextPipe | None = None
        self._junk: _TextPipe | None = None

    async def feed(self, text: str) -> str:
        return await self._run(self._lexer.feed(text))

    async def flush(self) -> str:
        text = await self._run(self._lexer.flush())
        if self._string is not None:
            text += escape(await self._string.flush())
        return text + await self._end_junk()

    async def _run(self, tokens: Iterable[Token]) -> str:
        out: list[str] = []
        for kind, _start, _end, text in tokens:
            if kind == "junk":
                self._junk = self._junk or self._open()
                out.append(await self._junk.feed(text))
                continue
            if self._junk is not None:
                out.append(await self._end_junk())
            if kind == "text" and self._string is not None:
                out.append(escape(await self._string.feed(text)))
                continue
            if kind == "open":
                self._string = self._open()
            elif kind == "close" and self._string is not None:
                out.append(escape(await self._string.flush()))
                self._string = None
            out.append(text)
        return "".join(out)

    def _open(self) -> _TextPipe:
        filters, self._first = self._first or self._make(), None
        return _TextPipe(filters, self._call)

    async def _end_junk(self) -> str:
        if self._junk is None:
            return ""
        text, self._junk = await self._junk.flush(), None
        return text
