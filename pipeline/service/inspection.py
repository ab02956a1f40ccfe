"""`POST /privet/inspect`: a dry run over HTTP. It calls no backend and leaves no receipt behind."""

from collections.abc import Mapping
from urllib.parse import parse_qs

from litestar.types import HTTPScope, Receive

from pipeline.core.dialect import Dialect
from pipeline.core.errors import BadRequest
from pipeline.core.inspection import inspect, told
from pipeline.core.jsonvalue import Json
from pipeline.service.errors import NotFound
from pipeline.service.gate import Gate
from pipeline.service.logs import event
from pipeline.service.single import Single


class Inspect(Single):
    """One dry run for one client. `dialects` are those that it may ask for, the default first."""

    def __init__(self, gate: Gate, dialects: Mapping[str, Dialect]):
        super().__init__(gate, next(iter(dialects.values())))
        self._dialects = dialects

    async def _answer(self, scope: HTTPScope, receive: Receive) -> bytes:
        if not self._gate.config.inspects:
            raise NotFound("inspection is off; set `inspect = true` in `[service]`")
        running = self._gate.enter(self)
        self._dialect = self._asked(scope)
        body = await self._body(scope, receive)
        target = running.targets(self._dialect.facts(body))[0]
        _, made = await inspect(self._dialect, target, self._exchange, body, self._gate.seal)
        return told(made)

    def _asked(self, scope: HTTPScope) -> Dialect:
        """The dialect that the query names, or the default."""
        names = parse_qs(scope["query_string"].decode("latin-1")).get("dialect", [])
        if not names:
            return self._dialect
        # The name is the client's text, so it is not repeated.
        if names[-1] not in self._dialects:
            known = ", ".join(f"`{name}`" for name in self._dialects)
            raise BadRequest(f"`dialect` is none that is known; there is {known}", param="dialect")
        return self._dialects[names[-1]]

    def _log(self, **fields: Json) -> None:
        event("inspected", **fields)
