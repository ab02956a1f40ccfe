"""A client of the audited service, over HTTP."""

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple

import httpx

from pipeline.core.jsonvalue import JsonObject, encode

CHAT = "/v1/chat/completions"

_RECEIPTS = "/privet/receipts/"
_ID_HEADERS = ("x-privet-receipt", "x-privet-exchange")
_ERRORS = (b'data: {"error"', b'data: {"type":"error"')
_BETWEEN = re.compile(rb'"\}[^\n]*\n\ndata: [^\n]*?"content":"')
"""What stands between two pieces of a text in a stream."""

_PATIENCE = 120.0
"""Seconds: the service has deadlines of its own, and an audit ends by itself."""


class Answer(NamedTuple):
    """What came back."""

    status: int
    head: bytes
    body: bytes
    id: str

    @property
    def is_error(self) -> bool:
        """Whether an error was told, before the reply or in the middle of a stream."""
        return bool(self.error)

    @property
    def error(self) -> bytes:
        """What the client is told of an error, and not what was said before it in a stream."""
        if self.status >= 400:
            return self.body
        if b'"error"' not in self.body:
            return b""
        return b"\n".join(line for line in self.body.splitlines() if line.startswith(_ERRORS))

    @property
    def said(self) -> bytes:
        """The body with the pieces of a stream joined."""
        return _BETWEEN.sub(b"", self.body)

    @property
    def is_failure(self) -> bool:
        """Whether the service failed, rather than refused."""
        return self.is_error and (
            self.status >= 500 or b'"server_error"' in self.error or b'"api_error"' in self.error
        )


class Client:
    """Asks for one thing after the other."""

    def __init__(self, http: httpx.AsyncClient):
        self._http = http

    async def chat(self, body: JsonObject) -> Answer:
        """Send a chat request."""
        return await self.post(CHAT, encode(body))

    async def post(
        self, path: str, content: bytes, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send anything to anywhere."""
        headers = {"content-type": "application/json", **(headers or {})}
        return await self._ask("POST", path, content, headers)

    async def get(self, path: str) -> Answer:
        """Fetch a page."""
        return await self._ask("GET", path, b"", {})

    async def receipt(self, answer: Answer) -> Answer | None:
        """What the service has noted down about an exchange, if it shows that."""
        found = await self.get(_RECEIPTS + answer.id) if answer.id else None
        return found if found is not None and found.status == 200 else None

    async def is_stopping(self) -> bool:
        """Whether somebody else has told the service to stop."""
        try:
            return b'"draining"' in (await self.get("/health/ready")).body
        except httpx.HTTPError:
            return True

    async def _ask(
        self, method: str, path: str, content: bytes, headers: Mapping[str, str]
    ) -> Answer:
        reply = await self._http.request(method, path, content=content, headers=headers)
        head = b"\n".join(name + b": " + value for name, value in reply.headers.raw)
        ids = [reply.headers[name] for name in _ID_HEADERS if name in reply.headers]
        return Answer(reply.status_code, head, reply.content, ids[0] if ids else "")


@asynccontextmanager
async def client(url: str) -> AsyncGenerator[Client]:
    """A client of the service at `url`."""
    transport = httpx.AsyncHTTPTransport(retries=0)
    async with httpx.AsyncClient(
        base_url=url, transport=transport, trust_env=False, timeout=_PATIENCE
    ) as http:
        yield Client(http)
