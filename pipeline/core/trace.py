"""One message through a pipeline, written down step by step, for people to look at.

The steps of a chain, its backend and its reply are wrapped by ones that watch and change nothing.
"""

import time
from collections.abc import AsyncGenerator, Awaitable, Iterable
from contextlib import aclosing
from copy import deepcopy
from functools import partial
from typing import TypeVar, cast

from msgspec import Struct, field
from msgspec.structs import replace

from pipeline.core.backend import Call, Reply, Upstream
from pipeline.core.chain import Link
from pipeline.core.dialect import Dialect
from pipeline.core.errors import ClientGone, PrivetError
from pipeline.core.exchange import Exchange
from pipeline.core.frames import Event, Frame, Reader
from pipeline.core.jsonvalue import JsonObject
from pipeline.core.plugin import Channel, Maybe, Step, TextFilter
from pipeline.core.receipt import Placed, Span
from pipeline.core.relay import Relay
from pipeline.core.request import Request
from pipeline.core.target import Target
from pipeline.core.texts import Fixed, Text

T = TypeVar("T")

Texts = dict[str, str]
"""Texts by what they are: a role, a path or a channel."""

_EVENT = b"data: "
_END = b"\n\n"
"""How a server-sent event begins; a whole body does not."""


class Change(Struct):
    """A text before and after one step, and where in it the step says that it found something."""

    path: str
    role: str
    before: str
    after: str
    spans: list[Span]


class Stage(Struct):
    """The texts after one step; of a request, also what the step did to which of them."""

    plugin: str
    texts: Texts
    changes: list[Change] = field(default_factory=list[Change])


class Trace(Struct):
    """All stages of one exchange. `backend` is the request that the backend got, if it got one;
    `answer` is what the client got, one event each or a body; `error` is what ended it early.
    """

    sent: Texts
    pre: list[Stage] = field(default_factory=list[Stage])
    backend: JsonObject | None = None
    saw: Texts = field(default_factory=dict[str, str])
    reply: Texts = field(default_factory=dict[str, str])
    post: list[Stage] = field(default_factory=list[Stage])
    answer: list[bytes] = field(default_factory=list[bytes])
    got: Texts = field(default_factory=dict[str, str])
    failed: bool = False
    error: PrivetError | None = None


async def trace(dialect: Dialect, target: Target, body: JsonObject) -> Trace:
    """Send the request `body` to `target`, and write down what becomes of it."""
    facts = dialect.facts(body)
    found = Trace(_request_texts(dialect, body))
    exchange = Exchange(
        dialect=dialect.name,
        pipeline=target.pipeline,
        model=facts.model,
        stream=facts.stream,
        user=facts.user,
        deadline=time.monotonic() + target.deadline,
    )
    watched = _watch(target, dialect, found)
    relay = Relay(dialect, [watched], exchange, deepcopy(body), partial(deepcopy, body))
    try:
        async with relay:
            answer = await relay.start()
            if answer.stream:
                found.answer = [
                    one + _END async for some in relay.stream() for one in some.split(_END)[:-1]
                ]
            else:
                found.answer = [await relay.body()]
            relay.delivered()
    except PrivetError as error:
        found.error = error
        return found
    frames = list(_frames(dialect.reader(body), found.answer))
    found.got = _reply_texts(frames)
    found.failed = any(frame.end == "error" for frame in frames)
    return found


async def dry_run(dialect: Dialect, target: Target, exchange: Exchange, body: JsonObject) -> Trace:
    """Run the request `body` through `pre`, and write down what becomes of it. Nothing is sent."""
    found = Trace(_request_texts(dialect, body))
    chain = replace(_watch(target, dialect, found).chain, post=[], observe=False)
    request = Request(deepcopy(body), dialect.layout, dialect.add_context)
    try:
        async with chain.open(exchange) as run:
            await run.request(request)
            stream = target.streamed(exchange.stream)
            found.backend = dialect.outgoing(request.finish(), target.model, stream=stream)
            found.saw = _request_texts(dialect, found.backend)
            # No step may take this for an exchange that went well.
            raise ClientGone("nothing is sent in a dry run")
    except ClientGone:
        pass
    except PrivetError as error:
        found.error = error
    return found


def _frames(reader: Reader, answer: Iterable[bytes]) -> Iterable[Frame]:
    """What a client reads in an answer."""
    for one in answer:
        data = one.removeprefix(_EVENT)
        yield reader.read(Event(data.strip(), whole=not one.startswith(_EVENT)))


def _watch(target: Target, dialect: Dialect, trace: Trace) -> Target:
    """The same target, with everything that passes written into `trace`."""
    chain = target.chain
    links = {link.name: _watch_link(link, trace) for link in (*chain.pre, *chain.post)}
    watched = replace(
        chain,
        pre=[links[link.name] for link in chain.pre],
        post=[links[link.name] for link in chain.post],
    )
    return replace(target, chain=watched, upstream=_Upstream(target.upstream, dialect, trace))


def _request_texts(dialect: Dialect, body: JsonObject) -> Texts:
    return _texts(Request(deepcopy(body), dialect.layout, dialect.add_context))


def _reply_texts(frames: Iterable[Frame]) -> Texts:
    found: Texts = {}
    for frame in frames:
        _add(frame, found)
    return found


def _texts(request: Request) -> Texts:
    found: Texts = {}
    for one in request.texts():
        name = f"{one.role} {one.path}" if one.role else one.path
        # Places inside user data share their path.
        found[name] = f"{found[name]}\n{one.text}" if name in found else one.text
    return found


def _add(frame: Frame, texts: Texts) -> None:
    for piece in frame.pieces:
        if not piece.once or frame.end == "error":
            name = _name(piece.channel)
            texts[name] = texts.get(name, "") + piece.text


def _name(channel: Channel) -> str:
    """A channel as people call it: with its numbers only where they are not 0."""
    numbers = [
        f"{what} {number}"
        for what, number in (("choice", channel.choice), ("part", channel.part))
        if number
    ]
    return " ".join([channel.name or channel.kind, *numbers])


def _watch_link(link: Link, trace: Trace) -> Link:
    def make(exchange: Exchange) -> Step:
        return _Step(link.name, link.make(exchange), trace, exchange)

    return replace(link, make=make)


class _Step(Step):
    """Does what another step does, and writes down what came of it."""

    def __init__(self, name: str, inner: Step, trace: Trace, exchange: Exchange):
        self._name = name
        self._inner = inner
        self._trace = trace
        self._receipt = exchange.receipt

    async def on_request(self, request: Request) -> None:
        before = {id(one): one.text for one in request.texts()}
        spans: dict[int | str, list[Span]] = {}

        def listen(where: str | Placed, span: Span) -> None:
            spans.setdefault(where if isinstance(where, str) else id(where), []).append(span)

        self._receipt.listen = listen
        try:
            await _result(self._inner.on_request(request))
        finally:
            self._receipt.listen = None
            changes = [
                _change(one, before.get(id(one), ""), spans)
                for one in (*request.texts(), *request.fixed())
            ]
            changes = [one for one in changes if one.spans or one.before != one.after]
            self._trace.pre.append(Stage(self._name, _texts(request), changes))

    def on_text(self, channel: Channel) -> TextFilter | None:
        inner = self._inner.on_text(channel)
        if inner is None:
            return None
        stage = next((one for one in self._trace.post if one.plugin == self._name), None)
        if stage is None:
            stage = Stage(self._name, {})
            self._trace.post.append(stage)
        name = _name(channel)
        if name in stage.texts:
            # Another string of the same JSON.
            stage.texts[name] += "\n"
        return _Filter(inner, name, stage.texts)

    def on_done(self, error: BaseException | None) -> Maybe[None]:
        return self._inner.on_done(error)


def _change(one: Text | Fixed, before: str, spans: dict[int | str, list[Span]]) -> Change:
    found = [*spans.pop(id(one), []), *spans.pop(one.path, [])]
    if isinstance(one, Fixed):
        return Change(one.path, "", one.text, one.text, found)
    return Change(one.path, one.role, before, one.text, found)


class _Filter:
    """Does what another filter does, and writes down what came out of it."""

    def __init__(self, inner: TextFilter, name: str, texts: Texts):
        self._inner = inner
        self._name = name
        self._texts = texts

    async def feed(self, text: str) -> str:
        return self._keep(await _result(self._inner.feed(text)))

    async def flush(self) -> str:
        return self._keep(await _result(self._inner.flush()))

    def _keep(self, text: str) -> str:
        self._texts[self._name] = self._texts.get(self._name, "") + text
        return text


class _Upstream:
    """Does what another upstream does, and writes down what it was asked and what it said."""

    def __init__(self, inner: Upstream, dialect: Dialect, trace: Trace):
        self._inner = inner
        self._dialect = dialect
        self._trace = trace

    async def send(self, call: Call) -> Reply:
        self._trace.backend = deepcopy(call.body)
        self._trace.saw = _request_texts(self._dialect, call.body)
        reply = await self._inner.send(call)
        return replace(reply, events=self._events(call, reply))

    async def probe(self) -> None:
        await self._inner.probe()

    async def _events(self, call: Call, reply: Reply) -> AsyncGenerator[Event, None]:
        reader = self._dialect.reader(call.body)
        async with aclosing(cast(AsyncGenerator[Event, None], reply.events)) as events:
            async for event in events:
                frame = (
                    self._dialect.error_frame(event) if reply.status >= 400 else reader.read(event)
                )
                _add(frame, self._trace.reply)
                yield event


async def _result(found: Maybe[T]) -> T:
    return await cast(Awaitable[T], found) if isinstance(found, Awaitable) else found
