"""Runs plugins as the service does, with a scripted backend and no server."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, contextmanager
from copy import deepcopy
from functools import partial
from random import Random
from typing import TypeAlias, TypeVar, cast

from anyio.from_thread import BlockingPortal, start_blocking_portal
from msgspec.structs import replace

from pipeline.core.backend import Streams
from pipeline.core.chain import Chain, Link
from pipeline.core.dialect import Dialect
from pipeline.core.errors import PrivetError
from pipeline.core.exchange import Exchange
from pipeline.core.frames import Frame, Piece
from pipeline.core.jsonvalue import JsonObject, decode_object, encode
from pipeline.core.plugin import Channel, Plugin, Step
from pipeline.core.relay import Relay
from pipeline.core.request import Request
from pipeline.core.target import Target
from pipeline.core.watch import Watch
from pipeline.testing.cuts import cuts as all_cuts
from pipeline.testing.cuts import pieces
from pipeline.testing.result import Result
from pipeline.testing.samples import OPENAI, plain_request
from pipeline.testing.script import Script, ScriptedBackend

T = TypeVar("T")

Make: TypeAlias = Callable[[Exchange], Step]

CONTENT = Channel("content")


class Started:
    """Plugins at work, started once for many runs; made by `started`."""

    def __init__(self, portal: BlockingPortal, chain: Chain):
        self.chain = chain
        self._portal = portal

    def run(self, work: Callable[[Chain], Awaitable[T]]) -> T:
        """Do `work` with the plugins' chain on their event loop."""

        async def main() -> T:
            return await work(self.chain)

        return self._portal.call(main)


Plugins: TypeAlias = Plugin | Sequence[Plugin] | Started
Said: TypeAlias = str | JsonObject


@contextmanager
def started(
    plugins: Plugins,
    post: Sequence[Plugin] | None = None,
    *,
    timeout: float = 10.0,
    uninspected: Sequence[str] = (),
) -> Generator[Started]:
    """Start plugins on an event loop of their own, and stop them at the end.

    `post` is the order for replies, if it is another one. `timeout`, in seconds, bounds each call
    of a hook, and `uninspected` names content that may pass without being looked at.
    """
    if isinstance(plugins, Started):
        yield plugins
        return
    pre = [plugins] if isinstance(plugins, Plugin) else list(plugins)
    post = pre if post is None else list(post)
    with (
        start_blocking_portal("asyncio") as portal,
        portal.wrap_async_context_manager(_links([*pre, *post])) as links,
    ):
        yield Started(
            portal,
            Chain(
                [links[id(one)] for one in pre],
                [links[id(one)] for one in post],
                Watch(),
                dict.fromkeys(uninspected, "pass"),
                timeout,
            ),
        )


@asynccontextmanager
async def _links(plugins: Sequence[Plugin]) -> AsyncGenerator[dict[int, Link], None]:
    """A link of each plugin, by the plugin's identity: two equal ones are still two."""
    links: dict[int, Link] = {}
    async with AsyncExitStack() as stack:
        for plugin in plugins:
            if id(plugin) in links:
                continue
            made = plugin.start(stack)
            make = await cast(Awaitable[Make], made) if isinstance(made, Awaitable) else made
            name = type(plugin).__name__.lower()
            if any(link.name == name for link in links.values()):
                name = f"{name}_{len(links) + 1}"
            sides = plugin.sides()
            links[id(plugin)] = Link(name, make, "pre" in sides, "post" in sides)
        yield links


def exchange(
    plugins: Plugins,
    request: Said,
    reply: Script = "",
    *,
    stream: bool | None = None,
    streams: Streams = "both",
    dialect: Dialect = OPENAI,
) -> Result:
    """One whole exchange with a backend that says `reply`.

    `stream` is how the client asks, if not as its request says; `streams` is what the backend can.
    Chunks are followed by the stream's ordinary end; a list of `Event` is the stream as it is, and
    an exception in it is raised there.
    """
    with started(plugins) as one:
        return one.run(
            lambda chain: exchange_on(chain, request, reply, stream, streams, dialect=dialect)
        )


def redact(plugins: Plugins, request: Said, *, dialect: Dialect = OPENAI) -> Said:
    """What the backend gets to see of a text or of a request; raises what refuses it."""
    result = exchange(plugins, request, dialect=dialect, stream=False)
    if result.saw is None:
        raise result.error or AssertionError("the backend was not called, and nobody says why")
    return result.asked if isinstance(request, str) else result.saw


def run_text(
    plugins: Plugins,
    text: str,
    cuts: Sequence[int] = (),
    *,
    channel: Channel = CONTENT,
    request: Said | None = None,
    dialect: Dialect = OPENAI,
) -> str:
    """What the client gets of a text of the reply that comes cut at `cuts`.

    The plugins see `request` first, if one is given.
    """
    with started(plugins) as one:
        return one.run(lambda chain: _run_text(chain, text, cuts, channel, request, dialect))


def run_text_in_every_cut(
    plugins: Plugins, text: str, channel: Channel, request: Said, dialect: Dialect
) -> list[tuple[tuple[int, ...], str]]:
    """Each way to cut a text, the uncut one first, with what it gives."""

    async def run(chain: Chain) -> list[tuple[tuple[int, ...], str]]:
        return [
            (at, await _run_text(chain, text, at, channel, request, dialect))
            for at in all_cuts(text)
        ]

    with started(plugins) as one:
        return one.run(run)


async def _run_text(
    chain: Chain,
    text: str,
    cuts: Sequence[int],
    channel: Channel,
    request: Said | None,
    dialect: Dialect,
) -> str:
    body = whole_request(dialect, "" if request is None else request)
    reader = dialect.reader(body)
    out: list[str] = []
    async with chain.open(Exchange(dialect=dialect.name)) as run:
        if request is not None:
            await run.request(Request(body, dialect.layout, dialect.add_context))
        parts = pieces(text, cuts)
        for number, part in enumerate(parts, 1):
            place: JsonObject = {"text": part}
            ends = (channel,) if number == len(parts) else ()
            frame = Frame(place, pieces=[Piece(channel, part, place, "text")], closes=ends)
            out += [one.pieces[0].text for one in await run.reply(frame, reader)]
    return "".join(out)


async def exchange_on(
    chain: Chain,
    request: Said,
    reply: Script,
    stream: bool | None = None,
    streams: Streams = "both",
    *,
    dialect: Dialect = OPENAI,
    random: Random | None = None,
) -> Result:
    """`exchange` for work that is on the event loop already; `random` lets others run between."""
    body = whole_request(dialect, request)
    if stream is not None:
        body["stream"] = stream
    facts = dialect.facts(body)
    asked = decode_object(encode(body))
    listener = _Listener()
    chain = replace(chain, post=[*chain.post, Link("the test", lambda _: listener, False, True)])
    backend = ScriptedBackend(dialect, body, reply, random)
    raw: list[bytes] = []
    is_stream = False
    try:
        async with Relay(
            dialect,
            [
                Target(
                    route="test",
                    pipeline="test",
                    chain=chain,
                    deadline=60.0,
                    backend="test",
                    upstream=backend,
                    streams="always" if backend.only_streams else streams,
                    model=facts.model,
                )
            ],
            Exchange(dialect=dialect.name, pipeline="test", stream=facts.stream),
            body,
            partial(deepcopy, body),
        ) as relay:
            is_stream = (await relay.start()).stream
            if is_stream:
                async with aclosing(relay.stream()) as parts:
                    async for part in parts:
                        raw.append(part)
            else:
                raw.append(await relay.body())
            relay.delivered()
    except Exception as error:
        listener.error = listener.error or error
        known = error if isinstance(error, PrivetError) else PrivetError("an internal error")
        raw, is_stream = [encode(dialect.error(known))], False
    return Result(dialect, asked, backend.saw, b"".join(raw), is_stream, listener.error)


class _Listener(Step):
    """Hears how the exchange ended."""

    __slots__ = ("error",)

    def __init__(self) -> None:
        self.error: BaseException | None = None

    def on_done(self, error: BaseException | None) -> None:
        self.error = error


def whole_request(dialect: Dialect, request: Said) -> JsonObject:
    """A request as a body of its own, to be changed at will."""
    if isinstance(request, str):
        return plain_request(dialect, request)
    return decode_object(encode(request))
