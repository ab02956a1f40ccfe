"""Gives replies the form that a client wants."""

import re
from typing import Literal, Protocol

import msgspec

from pipeline import Channel, Plugin, Scanner, Taken, TextFilter, UpstreamFailed, Whole
from plugins.format.plain import parser, plain

_LINE_END = re.compile(r"\r\n?|\n")
_LINE = re.compile(r"[^\r\n]+")
_OPENING = re.compile(r"(`{3,}|~{3,})[ \t]*(?:json[a-z0-9]*)?[ \t]*\r?", re.IGNORECASE)
_INDENT = {"compact": -1, "pretty": 2}


class Format(Plugin, frozen=True):
    """Rewrites the content of a reply. Comes after what restores values and before `sanitize`.

    `to` is the form that the reply, which is taken to be Markdown, gets:

    - `none`: it stays as it is, and streams.
    - `html`: HTML of CommonMark with tables and strikethrough; raw HTML in it is shown as text.
    - `text`: plain text without any Markdown syntax.
    - `json`: it must be JSON, or the exchange ends with an error.

    All but `none` need the whole reply.

    An empty reply, such as one that only calls tools, stays empty: nothing is put around it, and it
    need not be JSON. Content of form JSON is for programs already and is left alone.
    """

    to: Literal["none", "html", "text", "json"] = "none"
    """The form of the reply."""

    fence: Literal["strip", "keep"] = "strip"
    """What becomes of a Markdown fence around JSON."""

    layout: Literal["as is", "compact", "pretty"] = "as is"
    """How JSON is written; numbers and strings keep their spelling."""

    line_ends: Literal["\n", "\r\n"] | None = None
    """What every line end becomes; without it they stay as they are."""

    prefix: str = ""
    """What is put before each content text."""

    suffix: str = ""
    """What is put behind each content text."""

    @property
    def whole(self) -> bool:
        """Whether the complete reply is needed: unless `to` is `none`."""
        return self.to != "none"

    def problems(self) -> list[str]:
        """Options that contradict one another."""
        found: list[str] = []
        if self.to == "json":
            found += [
                f'`{name}` would make the reply something other than JSON; with to = "json" leave '
                "it out"
                for name in ("prefix", "suffix")
                if getattr(self, name)
            ]
        else:
            found += [
                f'`{name}` does nothing with to = "{self.to}"; set to = "json" or leave it out'
                for name, default in (("fence", "strip"), ("layout", "as is"))
                if getattr(self, name) != default
            ]
        if self.fence == "keep" and self.layout != "as is":
            found.append('`layout` cannot write what a fence is kept around; set fence = "strip"')
        if self == Format():
            found.append("nothing is set to be done; set `to`, `line_ends`, `prefix` or `suffix`")
        return found

    def on_text(self, channel: Channel) -> TextFilter | None:
        """A filter for content of form text, if there is anything to do."""
        if channel.kind != "content" or channel.form != "text":
            return None
        inner = self._inner()
        if self.prefix or self.suffix:
            return _Around(inner or Scanner(_as_is, 1), self.prefix, self.suffix)
        return inner

    def _inner(self) -> "_Filter | None":
        ends = self.line_ends
        if self.to == "none":
            return None if ends is None else _LineEnds(ends)
        return Whole(lambda text: _with_ends(self._change(text), ends) if text else "")

    def _change(self, text: str) -> str:
        match self.to:
            case "html":
                return parser().render(text)
            case "text":
                return plain(text)
            case "json":
                return self._to_json(text)
            case "none":
                return text

    def _to_json(self, text: str) -> str:
        bare = _unfenced(text)
        try:
            written = msgspec.json.format(bare.encode(), indent=_INDENT.get(self.layout, -1))
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            # The cause quotes none of the text, but has nothing to add either.
            raise UpstreamFailed(
                "the reply is not valid JSON; ask the model for JSON alone, or take "
                '`to = "json"` out of the plugin `format`'
            ) from None
        if self.fence == "keep":
            return text
        return bare if self.layout == "as is" else written.decode()


class _Filter(Protocol):
    """A text filter that never needs to wait."""

    def feed(self, text: str, /) -> str: ...
    def flush(self) -> str: ...


class _Around:
    """Puts a prefix and a suffix around a text that is not empty."""

    def __init__(self, inner: _Filter, prefix: str, suffix: str):
        self._inner = inner
        self._prefix = prefix
        self._suffix = suffix
        self._begun = False

    def feed(self, text: str, /) -> str:
        return self._begin(self._inner.feed(text))

    def flush(self) -> str:
        text = self._begin(self._inner.flush())
        return text + self._suffix if self._begun else text

    def _begin(self, text: str) -> str:
        if self._begun or not text:
            return text
        self._begun = True
        return self._prefix + text


class _LineEnds(Scanner):
    """Makes every line end the same; holds back a carriage return until it is known to be one."""

    def __init__(self, ends: str):
        super().__init__(None, 2)
        self._ends = ends

    def _take(self, text: str, at: int, final: bool, /) -> Taken | None:
        if line := _LINE.match(text, at):
            return Taken(len(line[0]), line[0])
        if text[at] == "\r" and at + 1 == len(text) and not final:
            return None
        end = _LINE_END.match(text, at)
        return Taken(len(end[0]) if end else 1, self._ends)


def _unfenced(text: str) -> str:
    """The text inside a Markdown fence that is all there is, or else the text itself."""
    first, _, rest = text.strip().partition("\n")
    body, _, last = rest.rpartition("\n")
    opening = _OPENING.fullmatch(first)
    last = last.strip()
    if opening is None or len(last) < len(opening[1]) or last.strip(opening[1][0]):
        return text
    return body


def _as_is(text: str, at: int, final: bool) -> Taken:
    return Taken(len(text) - at, text[at:])


def _with_ends(text: str, ends: str | None) -> str:
    return text if ends is None else _LINE_END.sub(lambda _end: ends, text)
