"""Adds system text to a request: fixed, from a template, from files, from a folder of documents."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from string import Template
from typing import ClassVar
from zoneinfo import ZoneInfo

import anyio.to_thread

from pipeline import Exchange, Plugin, Request, Step
from plugins.context.documents import documents, read, read_folder
from plugins.context.index import Index
from plugins.context.question import asked, to_query

FACTS = ("date", "time", "user", "model", "session")
"""The names that a template may use."""


class Adding(Step):
    """Adds the context to one request, once."""

    __slots__ = ("_added", "_exchange", "_files", "_index", "_options")

    def __init__(self, options: "Context", files: list[str], index: Index | None, to: Exchange):
        self._options = options
        self._files = files
        self._index = index
        self._exchange = to
        self._added = False

    async def on_request(self, request: Request) -> None:
        """Put everything that there is to say into one system text."""
        # The second call brings what a later plugin added, and asks for no context of its own.
        if self._added:
            return
        self._added = True
        options = self._options
        parts = [options.text, options.filled(self._exchange), *self._files]
        parts.append(await self._retrieved(request))
        text = "\n\n".join(part.strip() for part in parts if part.strip())
        if text:
            request.add_context(text)

    async def _retrieved(self, request: Request) -> str:
        if self._index is None:
            return ""
        query = to_query(asked(request.texts()), self._options.ignore)
        found = await self._index.search(query, self._options.passages) if query else []
        if not found:
            return ""
        parts = [self._options.heading]
        for one in found:
            parts.append(f"[{one.source}]\n{one.text}" if self._options.sources else one.text)
        return "\n\n".join(parts)


class Context(Plugin, frozen=True):
    """System text for every request; works in `pre`.

    Texts, files and the passages that are found become one system text. Documents are cut and
    indexed in memory at start; later changes are seen after a restart. The passages that fit the
    words of the user's last message best are added. If none has any of the words, or only the
    commonest of English, none is added.

    Put it before `pii` in `pre`, so that it searches for the user's own words; `pii` then sees what
    was added. Relative paths are relative to the working directory.
    """

    step: ClassVar[type[Step] | None] = Adding

    text: str = ""
    """Added as it is."""

    template: str = ""
    """Added after it is filled in, by the rules of Python's `string.Template`, with `$date`
    (2026-11-20), `$time` (14:05), `$user`, `$model` and `$session`; what is not known is `unknown`.
    `$user` and `$session` are what the client sent, and go out like other text: redacted if a
    plugin recognises them.
    """

    timezone: str = "UTC"
    """The zone of date and time, such as `Europe/Berlin`."""

    files: tuple[str, ...] = ()
    """Files to add, in UTF-8; read at start."""

    folder: str = ""
    """A folder of documents to search: .txt and .md in UTF-8, also in folders below, but not hidden
    ones.
    """

    passages: int = 3
    """The most passages that are added."""

    passage_length: int = 1000
    """The most characters that a passage has."""

    heading: str = "Passages from documents that may help to answer:"
    """What stands above the passages."""

    sources: bool = True
    """Whether each passage stands under its file's name."""

    ignore: frozenset[str] = frozenset()
    """More words that are not searched for."""

    @property
    def retrieves(self) -> bool:
        """Whether it searches by the words of the request, and so belongs before `pii`."""
        return bool(self.folder)

    def problems(self) -> list[str]:
        """What cannot work, found without reading the documents."""
        found: list[str] = []
        if not (self.text.strip() or self.template.strip() or self.files or self.folder):
            found.append(
                "nothing is configured; set `text`, `template`, `files` or `folder`, or leave the "
                "plugin out"
            )
        found += _template_problems(self.template)
        found += [
            f"files: there is no file `{name}`; correct the path or leave it out"
            for name in self.files
            if not Path(name).is_file()
        ]
        if self.folder:
            found += _folder_problems(Path(self.folder))
        if not _is_zone(self.timezone):
            found.append(
                f"timezone: no time zone is called `{self.timezone}`; use a name of the IANA "
                "database, such as `Europe/Berlin`"
            )
        for name, value in (("passages", self.passages), ("passage_length", self.passage_length)):
            if value < 1:
                found.append(f"{name}: {value} is too small; use 1 or more")
        return found

    async def start(self, stack: AsyncExitStack) -> Callable[[Exchange], Step]:
        """Read the files and index the folder."""
        files = await anyio.to_thread.run_sync(lambda: [read(Path(name)) for name in self.files])
        index = None
        if self.folder:
            index = await anyio.to_thread.run_sync(self._build)
            stack.callback(index.close)
        return lambda exchange: Adding(self, files, index, exchange)

    def filled(self, exchange: Exchange) -> str:
        """The template with the facts of an exchange."""
        if not self.template:
            return ""
        now = datetime.now(_zone(self.timezone))
        facts = {"user": exchange.user, "model": exchange.model, "session": exchange.session}
        return Template(self.template).substitute(
            {name: " ".join((fact or "unknown").split()) for name, fact in facts.items()},
            date=now.date().isoformat(),
            time=f"{now:%H:%M}",
        )

    def _build(self) -> Index:
        return Index(read_folder(Path(self.folder), self.passage_length))


def _zone(name: str) -> tzinfo:
    # UTC is there even where the system has no database of time zones.
    return UTC if name == "UTC" else ZoneInfo(name)


def _is_zone(name: str) -> bool:
    try:
        _zone(name)
    except (ValueError, OSError, KeyError):
        return False
    return True


def _folder_problems(folder: Path) -> list[str]:
    if not folder.is_dir():
        return [f"folder: there is no folder `{folder}`; correct the path"]
    if not any(documents(folder)):
        return [f"folder: `{folder}` holds no .txt or .md file; add one or correct the path"]
    return []


def _template_problems(text: str) -> list[str]:
    template = Template(text)
    if not template.is_valid():
        return ["template: a `$` starts no name; write `$$` for a dollar sign"]
    known = ", ".join(f"`${name}`" for name in FACTS)
    return [
        f"template: nothing is called `${name}`; use {known}, or `$$` for a dollar sign"
        for name in template.get_identifiers()
        if name not in FACTS
    ]
