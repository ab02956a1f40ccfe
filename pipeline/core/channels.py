"""The way of one channel's text through the filters of all plugins.

A text channel goes through one set of filters. In a JSON channel every string is a text of its own:
it is decoded, goes through filters of its own, and is escaped again, so that no plugin ever quotes.
"""

from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Protocol, TypeAlias

from pipeline.core.lexer import Lexer, Token, escape
from pipeline.core.plugin import Channel, TextFilter

Filters: TypeAlias = Sequence[tuple[str, TextFilter]]
"""Each plugin's filter with the plugin's name, in the order that text flows."""

Work: TypeAlias = Generator[tuple[str, TextFilter, str | None], str, str]
"""Filtering a text. It yields what is to be done: the plugin's name, its filter, and a text to feed
or None to flush. It is sent what that gave, and returns the text. So only who does it has to wait,
and only where there is need to.
"""


class Pipe(Protocol):
    """A channel's filters, one after the other."""

    def feed(self, text: str) -> Work:
        """What can be said for certain after this piece."""
        ...

    def flush(self) -> Work:
        """What was held back."""
        ...


def open_pipe(channel: Channel, make: Callable[[], Filters]) -> Pipe | None:
    """The pipe of a channel, or None if no plugin wants it."""
    filters = make()
    if not filters:
        return None
    return _JsonPipe(filters, make) if channel.form == "json" else _TextPipe(filters)


class _TextPipe:
    def __init__(self, filters: Filters):
        self._filters = filters

    def feed(self, text: str) -> Work:
        for name, one in self._filters:
            if not text:
                break
            text = yield name, one, text
        return text

    def flush(self) -> Work:
        text = ""
        for name, one in self._filters:
            if text:
                text = yield name, one, text
            text += yield name, one, None
        return text


class _JsonPipe:
    def __init__(self, first: Filters, make: Callable[[], Filters]):
        self._first: Filters | None = first
        self._make = make
        self._lexer = Lexer()
        self._string: _TextPipe | None = None
        self._junk: _TextPipe | None = None

    def feed(self, text: str) -> Work:
        return self._run(self._lexer.feed(text))

    def flush(self) -> Work:
        text = yield from self._run(self._lexer.flush())
        if self._string is not None:
            text += escape((yield from self._string.flush()))
        return text + (yield from self._end_junk())

    def _run(self, tokens: Iterable[Token]) -> Work:
        out: list[str] = []
        for kind, _start, _end, text in tokens:
            if kind == "junk":
                self._junk = self._junk or self._open()
                out.append((yield from self._junk.feed(text)))
                continue
            if self._junk is not None:
                out.append((yield from self._end_junk()))
            if kind == "text" and self._string is not None:
                out.append(escape((yield from self._string.feed(text))))
                continue
            if kind == "open":
                self._string = self._open()
            elif kind == "close" and self._string is not None:
                out.append(escape((yield from self._string.flush())))
                self._string = None
            out.append(text)
        return "".join(out)

    def _open(self) -> _TextPipe:
        filters, self._first = self._first or self._make(), None
        return _TextPipe(filters)

    def _end_junk(self) -> Work:
        if self._junk is None:
            return ""
        text, self._junk = (yield from self._junk.flush()), None
        return text
