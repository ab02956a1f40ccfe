"""One exchange, from a client's request to the bytes of the reply.

Client and backend choose independently whether they stream. What is between them is always frames,
one or many, and all of them go through the chain; only the last step, to the client, differs.
"""

from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Self

from msgspec import Struct

from pipeline.core.attempts import Attempts, Begun
from pipeline.core.catalog import Usage, estimated_tokens
from pipeline.core.dialect import Dialect
from pipeline.core.errors import ClientGone, PrivetError, UpstreamFailed, UpstreamRefused
from pipeline.core.exchange import Exchange
from pipeline.core.frames import Frame
from pipeline.core.jsonvalue import JsonObject
from pipeline.core.target import Target


class Answer(Struct, frozen=True):
    """How the reply begins: HTTP's status, whether it is a stream, headers for the client."""

    status: int
    stream: bool
    headers: Mapping[str, str] = {}


class Relay:
    """One exchange, which says whether its client wants a stream. Enter it, `start` it, then take
    `stream` or `body` as the answer says.

    Call `delivered` once the client has all of it: only then do plugins hear of success.
    """

    def __init__(
        self,
        dialect: Dialect,
        targets: Sequence[Target],
        exchange: Exchange,
        body: JsonObject,
        again: Callable[[], JsonObject],
    ):
        self._dialect = dialect
        self._exchange = exchange
        self._body = body
        self._attempts = Attempts(dialect, targets, exchange, body, again)
        self._begun: Begun | None = None
        self._came: Sequence[Frame] = ()
        self._broken: PrivetError | None = None
        self._ended = False
        self._said = 0
        self._delivered = False
        self._failure: BaseException | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._count()
        await self._attempts.close(error or self.failure)

    @property
    def failure(self) -> BaseException | None:
        """What ended the exchange, or None if it went well."""
        if self._failure is None and not self._delivered:
            return ClientGone("the client went away")
        return self._failure

    def delivered(self) -> None:
        """The client was sent the whole reply, its terminal event included."""
        self._delivered = True

    @property
    def target(self) -> Target:
        """The target that replies, or was tried last."""
        return self._attempts.target

    async def start(self) -> Answer:
        """Run the request through the chain, send it, and wait for the reply's first frame.

        Raises PrivetError while there is still a status to tell the client.
        """
        try:
            begun = self._begun = await self._attempts.begin()
            if begun.status < 400:
                self._came = [begun.first]
                return Answer(200, self._exchange.stream, begun.headers)
            # The backend's own refusal goes through the chain like any text.
            frames = await begun.run.reply(begun.first, begun.incoming.reader)
            self._came = frames[-1:]
            self._failure = UpstreamRefused("the backend refused the request")
            return Answer(begun.status, False, begun.headers)
        except Exception as error:
            self._failure = error
            raise

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """The reply as server-sent events, those together that came together.

        A failure ends it with an error and no terminator.
        """
        try:
            while not self._ended:
                if frames := await self._frames():
                    yield self._written(frames)
        except PrivetError as error:
            self._failure = error
            yield self._dialect.error_event(error)
        except Exception as error:
            self._failure = error
            # What went wrong may quote message text, so the client is told nothing of it.
            yield self._dialect.error_event(PrivetError("an internal error ended the reply"))

    async def body(self) -> bytes:
        """The whole reply."""
        try:
            if self._started.status >= 400:
                return self._dialect.encode(self._came[0])
            found: list[Frame] = []
            while not self._ended:
                found += await self._frames()
            if found[-1].end == "error":
                raise UpstreamFailed("the backend ended its reply with an error")
            return self._dialect.encode(found[0] if found[0].whole else self._dialect.join(found))
        except Exception as error:
            self._failure = error
            raise

    @property
    def _started(self) -> Begun:
        assert self._begun is not None, "a reply is read after `start`"
        return self._begun

    async def _frames(self) -> Sequence[Frame]:
        """Some more frames of the reply, as they leave the chain; perhaps none yet."""
        if self._broken is not None:
            raise self._broken
        run, incoming = self._started.run, self._started.incoming
        came = self._came or await incoming.frames()
        self._came = ()
        out: list[Frame] = []
        for number, frame in enumerate(came, 1):
            for piece in frame.pieces:
                self._said += len(piece.text)
            try:
                out += await run.reply(frame, incoming.reader)
            except PrivetError as error:
                # What was done before it goes out first.
                self._broken = error
                return out
            if run.waited and out and number < len(came):
                self._came = came[number:]
                return out
        self._ended = came[-1].end != ""
        if came[-1].end == "error":
            self._failure = UpstreamFailed("the backend ended its reply with an error")
        return out

    def _written(self, frames: Sequence[Frame]) -> bytes:
        """What the client is sent of these."""
        if len(frames) == 1 and not (frames[0].whole or frames[0].alike):
            return self._dialect.encode(frames[0])
        return b"".join([self._dialect.encode(one) for one in self._to_client(frames)])

    def _to_client(self, frames: Sequence[Frame]) -> Iterator[Frame]:
        for frame in frames:
            yield from self._dialect.split(frame, self._body) if frame.whole else frame.apart()

    def _count(self) -> None:
        """Note the tokens of the exchange: the backend's figures, or an estimate."""
        begun = self._begun
        if begun is None or begun.status >= 400:
            return
        self._exchange.usage = begun.incoming.reader.usage or Usage(
            begun.tokens, estimated_tokens(self._said), estimated=True
        )
