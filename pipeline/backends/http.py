"""What all backends on HTTP have in common: their options, and the client made of them."""

import re
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, ClassVar

import httpx
from msgspec import Meta, field

from pipeline import Backend
from pipeline.backends.client import Client, Limits, tls
from pipeline.backends.sockets import Sockets
from pipeline.backends.sse import MAX_EVENT

Seconds = Annotated[float, Meta(gt=0)]
Positive = Annotated[int, Meta(gt=0)]

_OURS = frozenset(
    "accept-encoding connection content-length content-type host te transfer-encoding".split()
)
_SECRET = frozenset({"key", "headers"})
_KEY_HEADERS = frozenset({"authorization", "x-api-key", "api-key"})
_KEYED = re.compile(r"https?://api\.(?:anthropic|openai)\.com(?:[:/].*)?", re.IGNORECASE)
"""Servers that answer nobody without a key."""

_ENDPOINTS = (
    *("/chat/completions", "/completions", "/responses", "/embeddings", "/models"),
    *("/v1/messages", "/messages", "/api/chat", "/api/generate", "/api/embed", "/api/tags"),
)
"""What people copy from an API's documentation together with its base."""


class HTTPBackend(Backend, frozen=True, kw_only=True):
    """A server that is asked over HTTP."""

    no_ends: ClassVar[tuple[str, ...]] = _ENDPOINTS
    """What a base does not end in, because it would be there twice."""

    url: str
    """Where the server is: what its paths are appended to."""

    key: str | None = None
    """The key that the server wants."""

    key_file: str | None = None
    """A file that holds the key and nothing else; better than `key`."""

    headers: dict[str, str] = field(default_factory=dict[str, str])
    """Headers to send with every request."""

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

    reuse: bool | None = None
    """Whether a connection is used again after a stream. If this is left out, it is with TLS, where
    a new one is dear, and not without: some local servers close it although they said that they
    would not, and the next request would fail.
    """

    verify: bool = True
    """Whether a server behind `https` must prove who it is."""

    ca: str | None = None
    """A file of certificates, in PEM, to trust in place of the usual ones."""

    def own_headers(self, key: str | None) -> Mapping[str, str]:
        """The headers of this protocol, with the key in one of them if there is a key."""
        return {"authorization": f"Bearer {key}"} if key else {}

    def problems(self) -> list[str]:
        """Everything that would make `start` or every request fail."""
        return [*self._url_problems(), *self._key_problems(), *self._header_problems()]

    def open(self, stack: AsyncExitStack) -> Client:
        """Open the pool; nothing is sent before the first request."""
        headers = {
            "accept": "application/json, text/event-stream",
            "content-type": "application/json",
            "user-agent": "privet",
            **self.own_headers(self._read_key()),
            **{name.lower(): value for name, value in self.headers.items()},
        }
        context = tls(verify=self.verify, ca=self.ca)
        limits = Limits(self.connect, self.first_byte, self.idle)
        transport = Sockets(self.connections, self.connect, context)
        stack.push_async_callback(transport.aclose)
        once: Sockets | None = None
        reuse = self.url.startswith("https:") if self.reuse is None else self.reuse
        if not reuse:
            once = Sockets(self.connections, self.connect, context, reuse=False)
            stack.push_async_callback(once.aclose)
        return Client(transport, headers, limits, once)

    def at(self, path: str) -> httpx.URL:
        """The URL of a path, which begins with a slash."""
        return httpx.URL(self.url.rstrip("/") + path)

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
        path = url.path.rstrip("/")
        if end := next((one for one in self.no_ends if path.endswith(one)), ""):
            yield f"url: ends in `{end}`, but is what paths are appended to; leave `{end}` out"
        if self.ca is not None and not Path(self.ca).is_file():
            yield "ca: there is no such file; name one with certificates in PEM"
        if self.ca is not None and not self.verify:
            yield "ca: is of no use with `verify = false`; leave one of them out"

    def _key_problems(self) -> Iterator[str]:
        if self.key is not None and self.key_file is not None:
            yield "key: is given beside `key_file`; keep one of them"
            return
        if self.key is None and self.key_file is None:
            given = any(name.lower() in _KEY_HEADERS for name in self.headers)
            if not given and _KEYED.fullmatch(self.url):
                yield "key: is missing, and this server answers nobody without; set it"
            return
        name = "key" if self.key_file is None else "key_file"
        try:
            key = self._read_key()
        except (OSError, UnicodeDecodeError):
            yield "key_file: cannot be read; name a readable file that holds the key alone"
            return
        if key is not None and (not key or not sendable(key)):
            yield f"{name}: is empty or has characters that no key has; see what is in it"

    def _header_problems(self) -> Iterator[str]:
        for name, value in self.headers.items():
            if name.lower() in _OURS:
                yield f"headers: `{name}` is set by Privet itself; leave it out"
            elif not name or not all(one.isalnum() or one in "-_" for one in name):
                yield "headers: a name has characters other than letters, digits, `-` and `_`"
            elif not sendable(value):
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


def sendable(value: str) -> bool:
    """Whether a header can carry it: printable ASCII, neither beginning nor ending with a space."""
    return value.isascii() and value.isprintable() and value == value.strip()
