"""`POST /v1/messages/count_tokens`: the tokens of a request as its backend would get it."""

import time

from litestar.types import HTTPScope, Receive

from pipeline.core.counting import count
from pipeline.core.jsonvalue import Json, JsonObject, encode
from pipeline.service.logs import event
from pipeline.service.single import Single


class Count(Single):
    """One count for one client."""

    async def _answer(self, scope: HTTPScope, receive: Receive) -> bytes:
        running = self._gate.enter(self)
        body = await self._body(scope, receive)
        facts = self._dialect.facts(body)
        target = running.targets(facts)[0]
        exchange = self._exchange
        exchange.dialect = self._dialect.name
        exchange.model, exchange.user = facts.model, facts.user
        exchange.deadline = time.monotonic() + target.deadline
        tokens = await count(self._dialect, target, exchange, body)
        # A client that bills by the figure should know that it is not the provider's.
        said: JsonObject = {} if tokens.source == "provider" else {"source": tokens.source}
        return encode({"input_tokens": tokens.count, **said})

    def _log(self, **fields: Json) -> None:
        event("counted", **fields)
