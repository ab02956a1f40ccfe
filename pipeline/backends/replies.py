"""From a server's answer to a reply: its events, or why there are none.

What the client did wrong is passed on in the server's words, which go through the plugins. All else
is told in ours, so that nothing of a key, a proxy or a stack trace gets any further.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import ceil
from typing import Protocol, Self

import anyio
import httpx
from msgspec import Struct

from pipeline import Event, Reply, UpstreamFailed
from pipeline.backends.client import Answer, Client
from pipeline.core.backend import Call
from pipeline.core.errors import UpstreamBusy, UpstreamRefused
from pipeline.core.exchange import CHAT
from pipeline.core.jsonvalue import JsonObject, decode, encode

_MAX_ERROR = 64 * 1024
_MAX_ANSWER = 4 * 1024 * 1024
_MAX_RETRY_AFTER = 24 * 60 * 60
_PROBE_TIME = 3.0
_ASK_TIME = 10.0
_END_TIME = 0.05
_TOGETHER = 16 * 1024
"""Bytes of events after which no more are handled together: a few copies of them are held for a
client that reads slowly.
"""
_BUSY = 429
_PASSING = frozenset({408, 409, 425})
"""What RFC 9110 and RFC 8470 have clients try again, though it is called theirs."""
_MISSING = frozenset({404, 405})
_NOT_IMPLEMENTED = 501
_UNAVAILABLE = 503
_OVERLOADED = 529
"""Anthropic's own status, which others have taken up."""


class EventDecoder(Protocol):
    """Cuts bytes into events, wherever they were cut on the way."""

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that end in this piece; raises UpstreamFailed if one is too large."""
        ...


class Framing(Struct, frozen=True):
    """How a protocol streams: its media type, its decoder by the size that an event may have, and
    whether an event is the last one.
    """

    media: str
    decoder: Callable[[int], EventDecoder]
    last: Callable[[Event], bool]


class Poster:
    """Posts requests to one URL of a server, and reads their replies."""

    def __init__(
        self, client: Client, url: httpx.URL, framing: Framing, max_event: int, max_reply: int
    ):
        self._client = client
        self._url = url
        self._framing = framing
        self._max_event = max_event
        self._max_reply = max_reply

    async def send(self, call: Call, body: JsonObject, url: httpx.URL | None = None) -> Reply:
        """The reply to a call; `body` is what is sent for it. Raises UpstreamFailed.

        It goes to `url` if the place depends on the request.
        """
        answer = await self._client.send(
            "POST", url or self._url, encode(body), within=call.exchange.remaining, last=call.stream
        )
        if not 200 <= answer.status < 300:
            try:
                return await _refusal(answer, call.exchange.endpoint)
            finally:
                await answer.aclose()
        kind = answer.headers.get("content-type", "").lower()
        # Some servers answer in the other mode than they were asked in, and say so.
        if self._framing.media in kind or (call.stream and "json" not in kind):
            decoder = self._framing.decoder(self._max_event)
            return Reply(answer.status, _Stream(answer, decoder, self._framing.last))
        try:
            said = await answer.read_all(self._max_reply)
        except BaseException:
            await answer.aclose()
            raise
        return Reply(answer.status, _Given(Event(said, whole=True)))


async def probe(client: Client, url: httpx.URL) -> None:
    """Raise UpstreamFailed if the server is not there; whether it takes the key is not asked."""
    answer = await client.send("GET", url, within=_PROBE_TIME)
    await answer.aclose()
    if answer.status >= 500:
        raise UpstreamFailed(f"the backend answers with status {answer.status}")


async def ask(
    client: Client, method: str, url: httpx.URL, body: JsonObject | None = None
) -> JsonObject:
    """The JSON object that a server answers a short question with; raises UpstreamFailed, and
    UpstreamRefused if it does not know the question.
    """
    content = b"" if body is None else encode(body)
    answer = await client.send(method, url, content, within=_ASK_TIME)
    try:
        if answer.status != 200:
            refused = 400 <= answer.status < 500
            kind = UpstreamRefused if refused else UpstreamFailed
            raise kind(f"the backend does not say: it answers with status {answer.status}")
        found = _decoded(await answer.read_all(_MAX_ANSWER))
    finally:
        await answer.aclose()
    if found is None:
        raise UpstreamFailed("the backend answers with something that is no JSON object")
    return found


async def names(client: Client, url: httpx.URL, member: str, name: str) -> Sequence[str]:
    """The `name` of each object in the list that is a `member` of the server's answer."""
    found = (await ask(client, "GET", url)).get(member)
    if not isinstance(found, list):
        raise UpstreamFailed("the backend does not list its models")
    said = (one.get(name) for one in found if isinstance(one, dict))
    return [one for one in said if isinstance(one, str)]


class _Stream:
    """The events of a streamed reply."""

    def __init__(self, answer: Answer, decoder: EventDecoder, last: Callable[[Event], bool]):
        self._answer = answer
        self._decoder = decoder
        self._last = last
        self._ready: Sequence[Event] = ()
        self._latest: Event | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        if not self._ready and not await self._arrival():
            raise StopAsyncIteration
        return self._take(1)[0]

    async def together(self) -> Sequence[Event]:
        """The next events, as far as they arrived together and are to be handled so."""
        if not self._ready and not await self._arrival():
            return ()
        ready, size, count = self._ready, 0, 0
        while count < len(ready) and size < _TOGETHER:
            size += len(ready[count].data)
            count += 1
        return self._take(count)

    async def _arrival(self) -> bool:
        """Wait for events; false after the last."""
        while piece := await self._answer.read():
            # No server means anything by an event without data; some keep a connection alive so.
            self._ready = [one for one in self._decoder.feed(piece) if one.data]
            if self._ready:
                return True
        return False

    def _take(self, count: int) -> Sequence[Event]:
        taken, self._ready = self._ready[:count], self._ready[count:]
        self._latest = taken[-1]
        return taken

    async def aclose(self) -> None:
        done = self._latest is not None and self._last(self._latest) and not self._ready
        if done and self._answer.reusable:
            # What ends the body on the wire often comes just after: wait for it, and the
            # connection can be used again.
            with anyio.move_on_after(_END_TIME, shield=True), suppress(UpstreamFailed):
                await self._answer.read()
        await self._answer.aclose()


class _Given:
    """The one event of a reply that is not streamed; there is nothing left to close."""

    def __init__(self, event: Event):
        self._event: Event | None = event

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        event, self._event = self._event, None
        if event is None:
            raise StopAsyncIteration
        return event


async def _refusal(answer: Answer, endpoint: str) -> Reply:
    """The client's own mistake is passed on with the server's words; all else is told in ours.

    `endpoint` is what was asked for. Many servers that chat offer nothing else.
    """
    status = answer.status
    retry_after = _retry_after(answer.headers)
    if status in (401, 403):
        raise UpstreamFailed(
            f"the backend refused Privet's key (status {status}); check `key` or `key_file`",
            lasting=True,
        )
    if 300 <= status < 400:
        raise UpstreamFailed(
            f"the backend redirects (status {status}), which is not followed; "
            "set `url` to where it really is",
            lasting=True,
        )
    if status == _NOT_IMPLEMENTED:
        raise _not_offered(endpoint, status)
    if status >= 500:
        overloaded = status == _OVERLOADED or (status == _UNAVAILABLE and retry_after is not None)
        raise UpstreamFailed(
            f"the backend failed with status {status}",
            retry_after=retry_after,
            unprocessed=overloaded,
        )
    body = await answer.read_all(_MAX_ERROR)
    said = _decoded(body)
    if status in _MISSING and endpoint != CHAT and "error" not in (said or ()):
        raise _not_offered(endpoint, status)
    if said is None:
        if status == _BUSY:
            raise UpstreamBusy(
                "the backend takes no more requests for now",
                retry_after=retry_after,
                unprocessed=True,
            )
        raise UpstreamFailed(
            f"the backend answered with status {status} and something that is not JSON; "
            "check `url`",
            retry_after=retry_after,
            lasting=status not in _PASSING,
        )
    headers = {} if retry_after is None else {"retry-after": str(retry_after)}
    return Reply(status, _Given(Event(body, whole=True)), headers)


def _not_offered(endpoint: str, status: int) -> UpstreamRefused:
    return UpstreamRefused(
        f"the backend does not offer {endpoint} for this model (status {status}); ask for another "
        "model, or see whether the server has to be told to offer it",
        param="model",
        unprocessed=True,
        lasting=True,
    )


def _decoded(body: bytes) -> JsonObject | None:
    """The object of a body; None if it is none."""
    try:
        found = decode(body)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _retry_after(headers: Mapping[str, str]) -> int | None:
    """Seconds, of a number or a date as RFC 9110 has them, capped; None for anything else."""
    value = headers.get("retry-after", "").strip()
    if value.isdecimal() and value.isascii() and len(value) < 20:
        return min(int(value), _MAX_RETRY_AFTER)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    seconds = (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return max(0, min(ceil(seconds), _MAX_RETRY_AFTER))
