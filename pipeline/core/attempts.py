"""The request's side of an exchange: targets are tried in order until one begins to reply.

A target whose pipeline has run already gets the redacted request as it is. One with another
pipeline, because it is trusted less or more, starts again from what the client sent, with steps of
its own. Nothing is sent a second time unless the first backend certainly did nothing with it, or
the route says that this does no harm.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from copy import deepcopy
from typing import TypeVar

from msgspec import Struct

from pipeline.core.backend import Call, Reply
from pipeline.core.catalog import estimated_tokens
from pipeline.core.chain import Chain, Run
from pipeline.core.dialect import Dialect
from pipeline.core.errors import (
    BadRequest,
    PrivetError,
    Rejected,
    Unavailable,
    UpstreamBusy,
    UpstreamFailed,
)
from pipeline.core.exchange import Attempt, Exchange
from pipeline.core.frames import Frame
from pipeline.core.incoming import Incoming, late
from pipeline.core.jsonvalue import JsonObject
from pipeline.core.patience import Patience
from pipeline.core.request import Request
from pipeline.core.target import Pass, Target

E = TypeVar("E", bound=PrivetError)

_BUSY = 429
_UNFIT = "no backend of this model takes the request: {}"


class Begun(Struct, frozen=True):
    """A reply that has begun: its status, its first frame, and the chain that it goes through."""

    target: Target
    run: Run
    incoming: Incoming
    first: Frame
    status: int
    headers: Mapping[str, str]
    tokens: int


class Attempts:
    """Let it `begin`; it holds what the attempt that succeeded needs, and is to be closed.

    `again` gives what the client sent once more; the object `body` is used up by the first chain.
    `target` is the one that was tried last.
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
        self._targets = targets
        self._exchange = exchange
        self._body: JsonObject | None = body
        self._again = again
        self._run: Run | None = None
        self._done: tuple[Chain, Run, JsonObject] | None = None
        self._tokens = 0
        self._way: AbstractAsyncContextManager[Pass] | None = None
        self._patience = Patience(until=exchange.deadline)
        self._incoming: Incoming | None = None
        self.target = targets[0]

    async def close(self, error: BaseException | None) -> None:
        """Let go of everything, and tell the steps and the lane how it went."""
        self._patience.close()
        try:
            await self._leave(error)
        finally:
            await self._close_run(error)

    async def begin(self) -> Begun:
        """The first reply to begin; raises PrivetError if none does."""
        failed: Unavailable | UpstreamFailed | None = None
        unfit: PrivetError | None = None
        for target in self._targets:
            self.target = target
            try:
                leave = await self._enter(target)
            except Unavailable as error:
                failed = self._note(target, error)
                continue
            # What fails in a chain is no backend's failure: it ends the exchange.
            run, asked = await self._through(target)
            if why := target.terms.unmet(self._exchange.labels, self._tokens):
                unfit = Rejected(_UNFIT.format(why), param="model")
                await self._leave(None)
                continue
            try:
                return await self._ask(target, leave, run, asked)
            except BadRequest as error:
                # It cannot be said in the backend's dialect; in another one it may be.
                unfit = error
                await self._leave(error)
            except UpstreamFailed as error:
                failed = self._note(target, error)
                await self._leave(error)
                if not (target.replay or error.unprocessed):
                    break
        raise failed or unfit or Rejected(_UNFIT.format("there is none"), param="model")

    async def _enter(self, target: Target) -> Pass:
        if self._exchange.remaining <= 0:
            raise late(target)
        way = target.lane.enter(self._exchange)
        try:
            with self._patience:
                leave = await way.__aenter__()
        except TimeoutError:
            raise late(target) from None
        self._way = way
        return leave

    async def _ask(self, target: Target, leave: Pass, run: Run, asked: JsonObject) -> Begun:
        stream = target.streamed(self._exchange.stream)
        body = self._dialect.outgoing(asked, target.model, stream=stream)
        reply = await self._send(
            target, leave, Call(self._dialect.name, body, stream, self._exchange)
        )
        reader = self._dialect.reader(body)
        incoming = self._incoming = Incoming(reply.events, reader, target, self._patience)
        if reply.status >= 400:
            if reply.status == _BUSY and target is not self._targets[-1]:
                raise UpstreamBusy("the backend takes no more requests for now", unprocessed=True)
            first = await incoming.refusal(self._dialect)
        else:
            first = await incoming.frame()
            if first.end == "error":
                raise UpstreamFailed("the backend answered with an error instead of a reply")
        return Begun(target, run, incoming, first, reply.status, reply.headers, self._tokens)

    async def _send(self, target: Target, leave: Pass, call: Call) -> Reply:
        try:
            with self._patience:
                return await leave.send(target.upstream, call, elsewhere=self._elsewhere(target))
        except TimeoutError:
            raise late(target) from None

    def _elsewhere(self, target: Target) -> bool:
        """Whether a later target would take the exchange, at another backend."""
        later = self._targets[self._targets.index(target) + 1 :] if len(self._targets) > 1 else ()
        return any(
            one.backend != target.backend
            and one.lane.open
            and not one.terms.unmet(self._exchange.labels, self._tokens)
            for one in later
        )

    async def _through(self, target: Target) -> tuple[Run, JsonObject]:
        """Run the request through the target's chain, unless it has been through that one."""
        if self._done is not None and self._done[0] is target.chain:
            return self._done[1:]
        if self._run is not None:
            await self._close_run(_another())
        self._exchange.pipeline = target.pipeline
        run = target.chain.open(self._exchange)
        self._run = await run.__aenter__()
        body = self._body if self._body is not None else self._again()
        self._body = None
        request = Request(body, self._dialect.layout, self._dialect.add_context)
        if target.chain.observe:
            copy = deepcopy(body)
            await run.observe(Request(copy, self._dialect.layout, self._dialect.add_context))
            asked = body
        else:
            await run.request(request)
            asked = request.finish()
        self._tokens = estimated_tokens(sum([len(one.text) for one in request.texts()]))
        self._done = target.chain, run, asked
        return run, asked

    async def _leave(self, error: BaseException | None) -> None:
        """Let go of the target that was tried last, and tell its lane how it went."""
        incoming, self._incoming = self._incoming, None
        way, self._way = self._way, None
        try:
            if incoming is not None:
                await incoming.aclose()
        finally:
            if way is not None:
                await way.__aexit__(type(error) if error else None, error, None)

    async def _close_run(self, error: BaseException | None) -> None:
        run, self._run, self._done = self._run, None, None
        if run is not None:
            await run.__aexit__(type(error) if error else None, error, None)

    def _note(self, target: Target, error: E) -> E:
        """Keep a failure, and let it say which backend it is about, as receipts do."""
        self._exchange.attempts.append(Attempt(target.backend, error.code))
        error.message = f"backend `{target.backend}`: {error.message}"
        return error


def _another() -> UpstreamFailed:
    """What the steps of a chain are told whose target failed while another one goes on."""
    return UpstreamFailed("the backend failed, and another one is tried")
