"""What the processes of one start of the service have in common."""

import secrets
from contextvars import ContextVar
from hashlib import blake2b
from typing import Self

from msgspec import Struct, field


def _secret() -> bytes:
    return secrets.token_bytes(32)


class Start(Struct, frozen=True):
    """One start of the service, which may be served by several worker processes.

    A client must not notice which of them answers: what a plugin or backend draws at random for as
    long as the service runs comes from `key`.
    """

    workers: int = 1
    """How many processes serve; each starts all plugins and backends for itself."""

    secret: bytes = field(default_factory=_secret)

    @classmethod
    def current(cls) -> "Start":
        """The start that a plugin or backend takes part in, when asked in its `start`; anywhere
        else a new one.
        """
        return _current.get() or cls()

    def key(self, purpose: str) -> bytes:
        """32 random bytes for this purpose, the same in all processes until the service ends."""
        return blake2b(purpose.encode(), key=self.secret, digest_size=32).digest()

    def begin(self) -> Self:
        """Make it the current one of this context."""
        _current.set(self)
        return self

    def __repr__(self) -> str:
        return f"{type(self).__name__}(workers={self.workers})"


_current: ContextVar[Start | None] = ContextVar("start", default=None)
