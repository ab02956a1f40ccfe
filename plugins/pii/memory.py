"""What was worked out about texts and may be wanted again, remembered without the texts."""

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from msgspec import msgpack

T = TypeVar("T")


class Digests:
    """Digests of texts with a key that only this process has."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def of(self, text: str, kind: bytes = b"") -> bytes:
        """The digest of a text for one kind of use; raises UnicodeEncodeError for half a pair."""
        return hashlib.blake2b(text.encode(), key=self._key, person=kind, digest_size=32).digest()


class Memory(Generic[T]):
    """Remembers at most `most` values of a `kind` by digest, and forgets those used least.

    They are kept as MessagePack, in a tenth of the memory that the objects would take.
    """

    def __init__(self, most: int, kind: type[T]):
        self._most = most
        self._decode = msgpack.Decoder(kind).decode
        self._values: OrderedDict[bytes, bytes] = OrderedDict()

    def get(self, digest: bytes) -> T | None:
        """The value of a digest."""
        value = self._values.get(digest)
        if value is None:
            return None
        self._values.move_to_end(digest)
        return self._decode(value)

    def put(self, digest: bytes, value: T) -> T:
        """Remember a value."""
        self._values[digest] = msgpack.encode(value)
        while len(self._values) > self._most:
            self._values.popitem(last=False)
        return value

    def known_or(self, digest: bytes, make: Callable[[], T]) -> T:
        """The value of a digest, made and remembered if it is not known."""
        value = self.get(digest)
        return self.put(digest, make()) if value is None else value
