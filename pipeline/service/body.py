"""Reading a request's body, within bounds of size and time."""

import asyncio
import time

from litestar.types import HTTPScope, Receive

from pipeline.core.errors import ClientGone, TooLarge
from pipeline.service.caller import caller_of
from pipeline.service.errors import BadEncoding, TooSlow


async def read_body(scope: HTTPScope, receive: Receive, limit: int, seconds: float) -> bytes:
    """The body, at most `limit` bytes, sent within `seconds` of the request's beginning.

    Raises BadRequest or one of its kind, and ClientGone if the client went away.
    """
    _check_headers(scope, limit)
    caller = caller_of(scope)
    if caller.complete:
        return await _read(receive, limit)
    try:
        async with asyncio.timeout(caller.begun + seconds - time.monotonic()):
            return await _read(receive, limit)
    except TimeoutError:
        raise TooSlow(
            f"the request was not complete after {seconds:g} seconds; "
            "send it faster, or raise `service.header_timeout`"
        ) from None


def _check_headers(scope: HTTPScope, limit: int) -> None:
    for name, value in scope["headers"]:
        if name == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
            raise BadEncoding("compressed requests are not accepted; leave `content-encoding` out")
        # It has digits alone: the protocol refuses others.
        if name == b"content-length" and (len(value) > 18 or int(value) > limit):
            raise _too_large(limit)


async def _read(receive: Receive, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientGone("the client went away before its request was complete")
        part = message["body"]
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        parts.append(part)
        if not message["more_body"]:
            return b"".join(parts)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(
        f"the body is larger than {limit} bytes; send less, or raise `service.max_body`"
    )
