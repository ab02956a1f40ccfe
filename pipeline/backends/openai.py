"""The backend `openai`: any server that speaks OpenAI's chat completions over HTTP."""

from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Annotated, Self

import anyio
import httpx
from msgspec import Meta, field

from pipeline import Backend, Call, Event, Reply, Upstream, UpstreamFailed
from pipeline.backends.client import Answer, Client, Limits, open_transport, tls
from pipeline.backends.sse import MAX_EVENT, Decoder
from pipeline.core.backend import Streams
from pipeline.core.jsonvalue import decode, encode

Seconds = Annotated[float, Meta(gt=0)]
Positive = Annotated[int, Meta(gt=0)]

_MAX_ERROR = 64 * 1024
_MAX_RETRY_AFTER = 24 * 60 * 60
_PROBE_TIME = 3.0
_END_TIME = 0.05
_OURS = frozenset(
    "accept-encoding connection content-length content-type host te transfer-encoding".split()
)
_SECRET = frozenset({"key", "headers"})


class OpenAI(Backend, frozen=True, kw_only=True):
    """A server that speaks OpenAI's protocol: Ollama, vLLM, llama.cpp, OpenAI and many more."""

    url: str
    """The base that `/chat/completions` is appended to, such as `http://127.0.0.1:11434/v1`."""

    key: str | None = None
    """The key to go out as a bearer token."""

    key_file: str | None = None
    """A file that holds the key and nothing else; better than `key`."""

    headers: dict[str, str] = field(default_factory=dict[str, str])
    """Headers to send with every request."""

    streaming: Streams = "both"
    """Whether the server can stream, cannot (`never`), or does nothing else (`always`)."""

    connect: Seconds = 5.0
    """Seconds that a connection may take."""

    first_byte: Seconds = 600.0
    """Seconds until the reply begins."""

    idle: Seconds = 300.0
    """Seconds of silence in the middle of a reply."""

    max_event: Positive = MAX_EVENT
    """Bytes that one event of a stream may have."""

    max_reply: Positive = 16 * MAX_EVENT
    """Bytes that a reply may have that is not streamed."""

    connections: Positive = 256
    """How many connections may be open at once."""

    verify: bool = True
    """Whether a server behind `https` must prove who it is."""

    ca: str | None = None
    """A file of certificates, in PEM, to trust in place of the usual ones."""

    @property
    def streams(self) -> Streams:
        """What the option says; nobody can ask a server."""
        return self.streaming

    def problems(self) -> list[str]:
        """Everything that would make `start` or every request fail."""
        return [*self._url_problems(), *self._key_problems(), *self._header_problems()]

    async def start(self, stack: AsyncExitStack) -> Upstream:
        """Open the pool; nothing is sent before the first request."""
        key = self._read_key()
        headers = {
            "accept": "application/json, text/event-stream",
            "content-type": "application/json",
            "user-agent": "privet",
            **({"authorization": f"Bearer {key}"} if key else {}),
            **{name.lower(): value for name, value in self.headers.items()},
        }
        transport = open_transport(self.connections, tls(verify=self.verify, ca=self.ca))
        stack.push_async_callback(transport.aclose)
        limits = Limits(self.connect, self.first_byte, self.idle)
        return _OpenAI(self, Client(transport, headers, limits))

    def _read_key(self) -> str | None:
        if self.key_file is None:
            return self.key
        return Path(self.key_file).read_text(encoding="utf-8").strip()

    def _url_problems(self) -> Iterator[str]:
        try:
            url = httpx.URL(self.url)
        except httpx.InvalidURL:
            yield "url: not a URL; write one such as `http://127.0.0.1:11434/v1`"
            return
        if url.scheme not in ("http", "https") or not url.host:
            yield "url: neither http nor https; write one such as `http://127.0.0.1:11434/v1`"
        if url.userinfo:
            yield "url: holds a password; put it into `key` or `headers`"
        if url.query or url.fragment:
            yield "url: has a query or a fragment, which a base cannot have; leave it out"
        if self.ca is not None and not Path(self.ca).is_file():
            yield "ca: there is no such file; name one with certificates in PEM"
        if self.ca is not None and not self.verify:
            yield "ca: is of no use with `verify = false`; leave one of them out"

    def _key_problems(self) -> Iterator[str]:
        if self.key is not None and self.key_file is not None:
            yield "key: is given beside `key_file`; keep one of them"
            return
        name = "key" if self.key_file is None else "key_file"
        try:
            key = self._read_key()
        except (OSError, UnicodeDecodeError):
            yield "key_file: cannot be read; name a readable file that holds the key alone"
            return
        if key is not None and (not key or not _sendable(key)):
            yield f"{name}: is empty or has characters that no key has; see what is in it"

    def _header_problems(self) -> Iterator[str]:
        for name, value in self.headers.items():
            if name.lower() in _OURS:
                yield f"headers: `{name}` is set by Privet itself; leave it out"
            elif not name or not all(one.isalnum() or one in "-_" for one in name):
                yield "headers: a name has characters other than letters, digits, `-` and `_`"
            elif not _sendable(value):
                yield f"headers: the value of `{name}` has characters that a header cannot have"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        """The options without what is secret in them."""
        return [
            (name, "***" if name in _SECRET and getattr(self, name) else getattr(self, name))
            for name in self.__struct_fields__
        ]

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self.__rich_repr__())
        return f"{type(self).__name__}({fields})"


class _OpenAI:
    """The started backend."""

    def __init__(self, options: OpenAI, client: Client):
        base = options.url.rstrip("/")
        self._chat = httpx.URL(f"{base}/chat/completions")
        self._models = httpx.URL(f"{base}/models")
        self._max_event = options.max_event
        self._max_reply = options.max_reply
        self._client = client

    async def send(self, call: Call) -> Reply:
        body = encode(call.body)
        answer = await self._client.send("POST", self._chat, body, within=call.exchange.remaining)
        if not 200 <= answer.status < 300:
            try:
                return await _refusal(answer)
            finally:
                await answer.aclose()
        kind = answer.headers.get("content-type", "").lower()
        # Some servers answer in the other mode than they were asked in, and say so.
        if "event-stream" in kind or (call.stream and "json" not in kind):
            return Reply(answer.status, _Stream(answer, Decoder(self._max_event)))
        return Reply(answer.status, _Whole(answer, self._max_reply))

    async def probe(self) -> None:
        answer = await self._client.send("GET", self._models, within=_PROBE_TIME)
        await answer.aclose()
        if answer.status >= 500:
            raise UpstreamFailed(f"the backend answers with status {answer.status}")


class _Stream:
    """The events of a streamed reply."""

    def __init__(self, answer: Answer, decoder: Decoder):
        self._answer = answer
        self._decoder = decoder
        self._ready: deque[Event] = deque()
        self._done = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        while not self._ready:
            piece = await self._answer.read()
            if not piece:
                raise StopAsyncIteration
            # No server means anything by an event without data; some keep a connection alive so.
            self._ready.extend(one for one in self._decoder.feed(piece) if one.data)
        event = self._ready.popleft()
        self._done = event.data == b"[DONE]"
        return event

    async def aclose(self) -> None:
        if self._done and not self._ready:
            # What ends the body on the wire often comes just after: wait for it, and the
            # connection can be used again.
            with anyio.move_on_after(_END_TIME, shield=True), suppress(UpstreamFailed):
                await self._answer.read()
        await self._answer.aclose()


class _Whole:
    """The one event of a reply that is not streamed."""

    def __init__(self, answer: Answer, limit: int):
        self._answer = answer
        self._limit = limit
        self._read = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        if self._read:
            raise StopAsyncIteration
        self._read = True
        return Event(await self._answer.read_all(self._limit), whole=True)

    async def aclose(self) -> None:
        await self._answer.aclose()


async def _refusal(answer: Answer) -> Reply:
    """The client's own mistake is passed on with the server's words; all else is told in ours."""
    status = answer.status
    retry_after = _retry_after(answer.headers)
    if status in (401, 403):
        raise UpstreamFailed(
            f"the backend refused Privet's key (status {status}); check `key` or `key_file`"
        )
    if 300 <= status < 400:
        raise UpstreamFailed(
            f"the backend redirects (status {status}), which is not followed; "
            "set `url` to where it really is"
        )
    if status >= 500:
        raise UpstreamFailed(f"the backend failed with status {status}", retry_after=retry_after)
    body = await answer.read_all(_MAX_ERROR)
    try:
        readable = isinstance(decode(body), dict)
    except ValueError:
        readable = False
    if not readable:
        raise UpstreamFailed(
            f"the backend answered with status {status} and something that is not JSON; "
            "check `url`",
            retry_after=retry_after,
        )
    headers = {} if retry_after is None else {"retry-after": str(retry_after)}
    return Reply(status, _one(Event(body, whole=True)), headers)


async def _one(event: Event) -> AsyncIterator[Event]:
    yield event


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
    return max(0, min(int(seconds), _MAX_RETRY_AFTER))


def _sendable(value: str) -> bool:
    """Whether a header can carry it: printable ASCII, neither beginning nor ending with a space."""
    return value.isascii() and value.isprintable() and value == value.strip()
