"""The demonstration: one message through a running pipeline, and who saw what of it.

The message takes the way of any request, in the process that serves; only the backend is watched,
for nothing that it is sent can be seen from outside.
"""

import re
import shutil
import textwrap
import time
from collections.abc import Sequence
from itertools import zip_longest

import click
import msgspec
from msgspec import Struct

from pipeline.core.backend import Call, Reply, Upstream
from pipeline.core.errors import PrivetError
from pipeline.core.exchange import Exchange
from pipeline.core.jsonvalue import JsonObject
from pipeline.core.relay import Relay
from pipeline.dialects.openai import OpenAIChat
from pipeline.setup.build import Running

_PLACEHOLDER = re.compile(r"\b[A-Z]+(?:_[A-Z]+)*_\d+\b")
_NARROW = 72
"""Below this width, in characters, three columns are too narrow to read."""
_WIDE = 132
_BETWEEN = " │ "


class Shown(Struct, frozen=True):
    """What each of those on the way had before their eyes."""

    sent: str
    seen: str
    received: str


async def demo(running: Running, text: str) -> str:
    """Send `text` as a user's message to the first model; a table to print, for a terminal."""
    try:
        return side_by_side(
            await observe(running, text), shutil.get_terminal_size((100, 24)).columns
        )
    except PrivetError as error:
        return click.style(f"The demonstration failed: {error.message}", fg="red")


async def observe(running: Running, text: str) -> Shown:
    """Send `text` as a user's message to the first model; raises PrivetError."""
    dialect = OpenAIChat()
    model = next(iter(running.models()), "demo")
    target = running.target(model)
    witness = _Witness(target.upstream)
    exchange = Exchange(
        dialect=dialect.name,
        pipeline=target.pipeline,
        model=model,
        deadline=time.monotonic() + target.deadline,
    )
    body: JsonObject = {"model": model, "messages": [{"role": "user", "content": text}]}
    watched = msgspec.structs.replace(target, upstream=witness)
    async with Relay(dialect, watched, exchange, body) as relay:
        answer = await relay.start()
        reply = await relay.body()
        relay.delivered()
    if answer.status >= 400:
        raise PrivetError(f"the backend `{target.backend}` answered with status {answer.status}")
    return Shown(text, _said(witness.seen), _said([one.message for one in _choices(reply)]))


def side_by_side(shown: Shown, width: int) -> str:
    """The three texts as columns, or one below the other where `width` is too small for that."""
    titles = ("what the client sent", "what the backend saw", "what the client got back")
    texts = (shown.sent, shown.seen, shown.received)
    if width < _NARROW:
        blocks = zip(titles, (_wrap(text, width) for text in texts), strict=True)
        return "\n\n".join(
            "\n".join([_title(title), *map(_mark, lines)]) for title, lines in blocks
        )
    column = (min(width, _WIDE) - 2 * len(_BETWEEN)) // 3
    head = _BETWEEN.join(_title(title.ljust(column)) for title in titles)
    rule = "─┼─".join(["─" * column] * 3)
    rows = zip_longest(*(_wrap(text, column) for text in texts), fillvalue="")
    return "\n".join(
        [head, rule, *(_BETWEEN.join(_mark(cell.ljust(column)) for cell in row) for row in rows)]
    )


class _Witness:
    """An upstream that remembers the messages it was sent."""

    def __init__(self, upstream: Upstream):
        self._upstream = upstream
        self.seen: Sequence[_Message] = ()

    async def send(self, call: Call) -> Reply:
        """Remember the request and send it on."""
        self.seen = msgspec.convert(call.body, _Request).messages
        return await self._upstream.send(call)

    async def probe(self) -> None:
        """Ask the backend itself."""
        await self._upstream.probe()


class _Message(Struct, frozen=True):
    role: str = ""
    content: str | None = None


class _Request(Struct, frozen=True):
    messages: Sequence[_Message]


class _Choice(Struct, frozen=True):
    message: _Message


class _Completion(Struct, frozen=True):
    choices: Sequence[_Choice]


def _choices(reply: bytes) -> Sequence[_Choice]:
    return msgspec.json.decode(reply, type=_Completion).choices


def _said(messages: Sequence[_Message]) -> str:
    """The messages' text, each with its role if there is more than one."""
    if len(messages) == 1:
        return messages[0].content or ""
    return "\n\n".join(f"{one.role}: {one.content or ''}" for one in messages)


def _wrap(text: str, width: int) -> Sequence[str]:
    return [
        line
        for paragraph in text.splitlines()
        for line in textwrap.wrap(paragraph, width, break_on_hyphens=False) or [""]
    ]


def _title(text: str) -> str:
    return click.style(text, bold=True)


def _mark(line: str) -> str:
    """Make placeholders stand out."""
    return _PLACEHOLDER.sub(lambda found: click.style(found[0], fg="green", bold=True), line)
