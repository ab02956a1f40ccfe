"""Counting the tokens of a request: as the backend would get it, and nothing else is sent."""

import asyncio
from contextlib import suppress
from copy import deepcopy

from anyio import to_thread

from pipeline.core.backend import Call, CountsTokens
from pipeline.core.catalog import Tokens, estimated_tokens
from pipeline.core.dialect import Dialect
from pipeline.core.errors import ClientGone, Unavailable, UpstreamFailed
from pipeline.core.exchange import Exchange
from pipeline.core.jsonvalue import JsonObject
from pipeline.core.request import Request
from pipeline.core.target import Target


async def count(dialect: Dialect, target: Target, exchange: Exchange, body: JsonObject) -> Tokens:
    """The tokens of the request `body` once it has been through `pre`.

    The backend is asked if it counts and would get the request; otherwise, and if it fails, they
    are counted here, without what a model adds to each message, or estimated.
    """
    exchange.pipeline = target.pipeline
    tokens = Tokens(0)
    with suppress(ClientGone):
        async with target.chain.open(exchange) as run:
            request = _view(dialect, body)
            if target.chain.observe:
                await run.observe(_view(dialect, deepcopy(body)))
            else:
                await run.request(request)
                request.finish()
            texts = [one.text for one in request.texts()]
            tokens = Tokens(estimated_tokens(sum(map(len, texts))))
            if target.tokens is not None:
                tokens = Tokens(await to_thread.run_sync(target.tokens, texts), "tokenizer")
            if not target.terms.unmet(exchange.labels, tokens.count):
                asked = dialect.outgoing(body, target.model, stream=False)
                call = Call(dialect.name, asked, False, exchange)
                tokens = await _asked(target, call) or tokens
            # No step may take this for an exchange that went well.
            raise ClientGone("no reply follows a count")
    return tokens


def _view(dialect: Dialect, body: JsonObject) -> Request:
    return Request(body, dialect.layout, dialect.add_context)


async def _asked(target: Target, call: Call) -> Tokens | None:
    """What the backend says; None if it does not."""
    upstream = target.upstream
    if not isinstance(upstream, CountsTokens):
        return None
    with suppress(UpstreamFailed, Unavailable, TimeoutError):
        async with (
            asyncio.timeout(max(0.0, call.exchange.remaining)),
            target.lane.enter(call.exchange),
        ):
            return await upstream.count(call)
    return None
