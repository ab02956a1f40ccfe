"""Errors of HTTP itself, and how every error is told to a client: in its dialect."""

from collections.abc import Mapping
from typing import ClassVar

from pipeline.core.dialect import Dialect
from pipeline.core.errors import BadRequest, PrivetError
from pipeline.core.jsonvalue import encode


class NotFound(BadRequest):
    """There is nothing at this path."""

    status: ClassVar[int] = 404
    code: ClassVar[str] = "not_found"


class NotAllowed(BadRequest):
    """The path does not take this method."""

    status: ClassVar[int] = 405
    code: ClassVar[str] = "method_not_allowed"


class TooSlow(BadRequest):
    """The client did not send its request in time."""

    status: ClassVar[int] = 408
    code: ClassVar[str] = "request_timeout"


class HeadTooLarge(BadRequest):
    """The request's line and headers are above what the service reads."""

    status: ClassVar[int] = 431
    code: ClassVar[str] = "headers_too_large"


class BadEncoding(BadRequest):
    """The request's body is compressed; what it unpacks to is not bounded by its length."""

    status: ClassVar[int] = 415
    code: ClassVar[str] = "unsupported_encoding"


class Unexpected(PrivetError):
    """Something raised that nobody thought of. The log says what and where, the client nothing."""

    def __init__(self) -> None:
        super().__init__("an internal error ended the exchange; the service's log says where")


def told(dialect: Dialect, error: PrivetError) -> tuple[bytes, Mapping[str, str]]:
    """An error's body in the client's dialect, and its headers."""
    headers = {} if error.retry_after is None else {"retry-after": str(error.retry_after)}
    if isinstance(error, TooSlow):
        headers["connection"] = "close"  # nobody waits for the rest
    return encode(dialect.error(error)), headers
