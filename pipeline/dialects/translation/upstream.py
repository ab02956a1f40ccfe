"""A backend that is asked in dialects which it does not speak itself."""

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from functools import partial
from typing import Self

from msgspec.structs import replace

from pipeline.core.backend import Call, CountsTokens, ListsModels, Reply, Upstream
from pipeline.core.catalog import Tokens
from pipeline.core.errors import BadRequest
from pipeline.core.frames import Event
from pipeline.core.jsonvalue import JsonObject
from pipeline.core.receipt import identifier
from pipeline.core.translator import ReplyTranslator, Translator
from pipeline.dialects.known import dialects as known_dialects
from pipeline.dialects.translation.registry import TRANSLATORS, way

_REFUSED = 400


def translated(
    upstream: Upstream,
    dialects: Collection[str],
    translators: Sequence[Translator] = TRANSLATORS,
) -> Upstream:
    """The upstream itself if it speaks all that can be asked in, else one that translates."""
    if known_dialects().keys() | {one.source for one in translators} <= frozenset(dialects):
        return upstream
    return Translated(upstream, dialects, translators)


class Translated:
    """An upstream that speaks `dialects`, and is asked in others too.

    It counts tokens and lists models only if the one behind it does.
    """

    def __init__(
        self,
        upstream: Upstream,
        dialects: Collection[str],
        translators: Sequence[Translator] = TRANSLATORS,
    ):
        self._upstream = upstream
        self._dialects = frozenset(dialects)
        self._all = translators
        if isinstance(upstream, CountsTokens):
            self.count = partial(self._count, upstream)
        if isinstance(upstream, ListsModels):
            self.models = upstream.models

    async def send(self, call: Call) -> Reply:
        """Send a call on, translated if need be.

        Raises BadRequest for what cannot be carried over, or if there is no way at all.
        """
        asked, steps = self._translated(call)
        reply = await self._upstream.send(asked)
        if not steps:
            return reply
        if reply.status >= _REFUSED:
            events: AsyncIterator[Event] = _Refusal(reply.events, [one for one, _ in steps])
        else:
            events = _Events(reply.events, [one.reply(body) for one, body in steps])
        return replace(reply, events=events)

    async def probe(self) -> None:
        """Ask the upstream whether it is there."""
        await self._upstream.probe()

    async def _count(self, upstream: CountsTokens, call: Call) -> Tokens:
        asked, _ = self._translated(call)
        return await upstream.count(asked)

    def _translated(self, call: Call) -> tuple[Call, list[tuple[Translator, JsonObject]]]:
        """The call for the backend; each translator with the request that it was given, the one
        next to the backend first.
        """
        translators = way(call.dialect, self._dialects, self._all)
        if translators is None:
            raise BadRequest(
                f"this model's backend cannot be asked in the dialect `{identifier(call.dialect)}`"
                f"; it speaks {', '.join(f'`{one}`' for one in sorted(self._dialects))}",
                param="model",
            )
        steps: list[tuple[Translator, JsonObject]] = []
        for one in translators:
            steps.insert(0, (one, call.body))
            call = replace(call, dialect=one.target, body=one.request(call.body))
        return call, steps


class _Events:
    """A reply's events, through one translator after the other."""

    def __init__(self, events: AsyncIterator[Event], translators: Sequence[ReplyTranslator]):
        self._events = events
        self._translators = translators
        self._ready: list[Event] = []
        self._ended = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        while not self._ready:
            if self._ended:
                raise StopAsyncIteration
            event = await anext(self._events, None)
            self._ended = event is None
            self._ready = self._last() if event is None else self._through([event])
        return self._ready.pop(0)

    async def aclose(self) -> None:
        """Close what is behind."""
        await _close(self._events)

    def _through(self, events: Iterable[Event], first: int = 0) -> list[Event]:
        for one in self._translators[first:]:
            events = [said for event in events for said in one.feed(event)]
        return list(events)

    def _last(self) -> list[Event]:
        """What all translators have left to say, each after those before it."""
        said: list[Event] = []
        for number, one in enumerate(self._translators, 1):
            said += self._through(one.eof(), number)
        return said


class _Refusal:
    """The one event of a refusal, translated."""

    def __init__(self, events: AsyncIterator[Event], translators: Sequence[Translator]):
        self._events = events
        self._translators = translators

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        event = await anext(self._events)
        for one in self._translators:
            event = one.error(event)
        return event

    async def aclose(self) -> None:
        """Close what is behind."""
        await _close(self._events)


async def _close(events: AsyncIterator[Event]) -> None:
    close = getattr(events, "aclose", None)
    if close is not None:
        await close()
