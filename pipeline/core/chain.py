"""The chain: runs the plugins of one pipeline over one exchange.

A request passes the `pre` plugins in order, a reply the `post` plugins in order. Whether a reply
comes whole or in pieces, every text of it goes through `feed … flush` of the same filters, so both
give the same result. Whatever a plugin does wrong ends the exchange: there is no way around one.
"""

from asyncio import CancelledError
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import TracebackType
from typing import Self, TypeAlias, TypeVar, cast

import anyio
from msgspec import Struct, field

from pipeline.core.channels import Pipe, Work, open_pipe
from pipeline.core.errors import PluginFailed, PrivetError, Rejected
from pipeline.core.exchange import Exchange
from pipeline.core.frames import Frame, Reader
from pipeline.core.guard import Guard
from pipeline.core.plugin import Channel, Step, TextFilter
from pipeline.core.receipt import identifier
from pipeline.core.request import Request
from pipeline.core.texts import Opaque, Policy
from pipeline.core.watch import Watch

T = TypeVar("T")

_Given: TypeAlias = tuple[str, object]
"""What a filter gave that is no text, or not yet, and the name of its plugin."""


class Link(Struct, frozen=True):
    """A started plugin in a pipeline: its profile's name, and in which of the two lists it is."""

    name: str
    make: Callable[[Exchange], Step]
    pre: bool
    post: bool


class Chain(Struct, frozen=True):
    """The plugins of a pipeline, in the order of `pre` and in the order of `post`.

    `uninspected` says what becomes of content that cannot be looked at, by its name. `timeout`
    bounds each call of a hook, in seconds. A chain that only `observe`s changes nothing.
    """

    pre: Sequence[Link]
    post: Sequence[Link]
    watch: Watch
    uninspected: Mapping[str, Policy] = field(default_factory=dict[str, Policy])
    timeout: float = 30.0
    observe: bool = False

    def open(self, exchange: Exchange) -> "Run":
        """The steps for one exchange; use it as an async context manager."""
        return Run(self, exchange)


class Run:
    """One exchange on its way through a chain."""

    def __init__(self, chain: Chain, exchange: Exchange):
        self._chain = chain
        self._exchange = exchange
        self._steps: dict[str, Step] = {}
        self._pipes: dict[Channel, Pipe | None] = {}
        self._guards: dict[str, Guard] = {}
        self.waited = False
        """Whether a plugin was ever waited for."""

    async def __aenter__(self) -> Self:
        if self._chain.observe:
            return self
        try:
            self._open(*self._chain.pre, *self._chain.post)
        except BaseException as error:
            await self._close(error)
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._close(error)

    async def request(self, request: Request) -> None:
        """Run the request through the plugins of `pre`."""
        self._settle_opaque(request, may_drop=True)
        for index, link in enumerate(self._chain.pre):
            await self._on_request(link, request)
            while (added := request.take_added()) is not None:
                self._settle_opaque(added, may_drop=False)
                for earlier in self._chain.pre[:index]:
                    await self._on_request(earlier, added)

    async def observe(self, request: Request) -> None:
        """Run a copy of the request through `pre`, and note what would have become of it."""
        receipt = self._exchange.receipt
        try:
            self._open(*self._chain.pre)
            await self.request(request)
            request.finish()
            receipt.would_be = "ok"
        except PrivetError as error:
            receipt.would_be = identifier(error.code)

    async def reply(self, frame: Frame, reader: Reader) -> list[Frame]:
        """Run one frame through the plugins of `post`; the frames that can go out now, in order."""
        if self._chain.observe or not self._chain.post:
            return [frame]
        had_text = has_text = False
        for piece in frame.pieces:
            pipe = self._pipe(piece.channel, once=piece.once)
            before = text = piece.text
            if pipe is not None:
                frame.alike = ()
                had_text = had_text or before != ""
                work = pipe.feed(before)
                given = self._filter(work)
                text = given if isinstance(given, str) else await self._filter_on(work, given)
                if piece.once:
                    text += await self._flushed(pipe)
                if text != before:
                    piece.change(text)
            has_text = has_text or text != ""
        for copy in frame.copies:
            if self._pipe(copy.channel) is not None:
                copy.drop()
        out = await self._close_channels(frame, reader) if frame.closes else []
        if frame.bare and had_text and not has_text:
            return out
        out.append(frame)
        return out

    def _open(self, *links: Link) -> None:
        for link in links:
            if link.name not in self._steps:
                with self._guard(link.name):
                    self._steps[link.name] = link.make(self._exchange)

    async def _close_channels(self, frame: Frame, reader: Reader) -> list[Frame]:
        made: list[Frame] = []
        own = {piece.channel: piece for piece in frame.pieces if not piece.once}
        for channel in frame.closes:
            # One that never had any text is a text too, and an empty one.
            pipe = self._pipe(channel)
            self._pipes.pop(channel, None)
            tail = await self._flushed(pipe) if pipe is not None else ""
            if not tail:
                continue
            if channel in own:
                own[channel].change(own[channel].text + tail)
            else:
                made.append(reader.make(channel, tail))
        return made

    def _settle_opaque(self, request: Request, *, may_drop: bool) -> None:
        """Do as the policy says with what cannot be inspected, before any plugin sees the rest."""
        dropped: list[Opaque] = []
        for one in request.opaque():
            policy = self._policy(one)
            if policy == "block" or (policy == "drop" and not may_drop):
                raise self._refusal(one)
            self._exchange.receipt.uninspected(one.path, one.name, policy)
            if policy == "drop":
                dropped.append(one)
        if dropped:
            request.drop(dropped)
            for one in request.opaque():
                if self._policy(one) != "pass":
                    raise self._refusal(one)

    def _policy(self, one: Opaque) -> Policy:
        # Where nothing is inspected, nothing has to be.
        return self._chain.uninspected.get(one.name, "block" if self._chain.pre else "pass")

    def _refusal(self, one: Opaque) -> Rejected:
        self._exchange.receipt.uninspected(one.path, one.name, "block")
        return Rejected(
            f"{one.path}: `{one.name}` cannot be inspected for personal data; leave it out, or "
            f'write `uninspected = {{ {one.name} = "pass" }}` or `"drop"` in the pipeline',
            param=one.path,
        )

    async def _on_request(self, link: Link, request: Request) -> None:
        step = self._steps[link.name]
        with self._guard(link.name):
            given: object = step.on_request(request)
        given = await self._settled(link.name, given)
        if given is not None:
            what = f"gave {type(given).__name__} where `on_request` changes the request in place"
            raise PluginFailed(link.name, what)

    def _pipe(self, channel: Channel, *, once: bool = False) -> Pipe | None:
        """The filters of a channel; None if no plugin wants it."""
        if not once and channel in self._pipes:
            return self._pipes[channel]

        def make() -> list[tuple[str, TextFilter]]:
            found: list[tuple[str, TextFilter]] = []
            for link in self._chain.post:
                with self._guard(link.name):
                    one = self._steps[link.name].on_text(channel)
                if one is not None:
                    found.append((link.name, one))
            return found

        pipe = open_pipe(channel, make)
        if not once:
            self._pipes[channel] = pipe
        return pipe

    async def _flushed(self, pipe: Pipe) -> str:
        """What a pipe held back."""
        work = pipe.flush()
        text = self._filter(work)
        return text if isinstance(text, str) else await self._filter_on(work, text)

    def _filter(self, work: Work, given: str | None = None) -> str | _Given:
        """Do what a pipe asks for: the text that comes of it, or what is to be waited for first."""
        try:
            name, one, text = next(work) if given is None else work.send(given)
            while True:
                with self._guard(name):
                    result: object = one.flush() if text is None else one.feed(text)
                if not isinstance(result, str):
                    return name, result
                name, one, text = work.send(result)
        except StopIteration as done:
            return done.value

    async def _filter_on(self, work: Work, given: str | _Given) -> str:
        """The same from something to wait for on, whatever there is to be waited for still."""
        while not isinstance(given, str):
            name, found = given
            result = await self._settled(name, found)
            if not isinstance(result, str):
                # It would be lost, or end as another error.
                what = f"gave {type(result).__name__} where a filter gives text"
                raise PluginFailed(name, what)
            given = self._filter(work, result)
        return given

    async def _settled(self, name: str, given: object) -> object:
        """What a plugin gave; waited for if it must be, no longer than the plugin may take."""
        if not isinstance(given, Awaitable):
            return given
        self.waited = True
        with self._guard(name):
            limit = min(self._chain.timeout, self._exchange.remaining)
            with anyio.fail_after(max(0.0, limit)):
                return await self._chain.watch.follow(name, cast(Awaitable[object], given))

    def _guard(self, name: str) -> Guard:
        guard = self._guards.get(name)
        if guard is None:
            guard = self._guards[name] = Guard(name, self._exchange, self._chain.watch)
        return guard

    async def _close(self, error: BaseException | None) -> None:
        """Tell every opened step, last first, whatever the others do."""
        for name, step in reversed(self._steps.items()):
            self._exchange.receipt.at = name
            given = self._told(name, step, error)
            if not isinstance(given, Awaitable):
                continue
            with anyio.move_on_after(self._chain.timeout, shield=True) as scope:
                try:
                    await given
                except (Exception, CancelledError) as failure:
                    if scope.cancel_called:
                        raise
                    self._chain.watch.failed(name, "on_done", failure)
        self._steps = {}
        self._pipes = {}

    def _told(self, name: str, step: Step, error: BaseException | None) -> object:
        """What a step gave that was told of the end: nothing, or what to wait for."""
        try:
            return step.on_done(error)
        except (Exception, CancelledError) as failure:
            self._chain.watch.failed(name, "on_done", failure)
            return None
