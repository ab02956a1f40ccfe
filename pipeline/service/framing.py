"""Whether a request's head says in one way only where the request ends and whom it is for."""

import re
from collections.abc import Iterable

_OFFER = re.compile(rb"\r\nupgrade:[ \t]*h2c[ \t]*(?=\r\n)", re.IGNORECASE)


def without_offer(data: bytes) -> bytes:
    """The beginning of a request without the offer to go on in HTTP/2, which nobody need take up.

    Java's own client makes it with every request, and the parser would lose the body behind it.
    """
    end = data.find(b"\r\n\r\n")
    offer = _OFFER.search(data, 0, end + 2) if end >= 0 else None
    return data[: offer.start()] + data[offer.end() :] if offer is not None else data


def is_plain(version: str, headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether every server on the way reads a head as this one does; names are in lower case.

    What this refuses beside the parser is what servers differ on, which is how requests are
    smuggled past proxies (RFC 9112, sections 3.2, 6.1 and 6.3): a length beside a transfer coding,
    two of them, lengths with more than digits, codings that nobody undoes here, a coding in
    HTTP/1.0, no host or two.
    """
    lengths = codings = hosts = 0
    for name, value in headers:
        if name == b"content-length":
            lengths += 1
            if not value.isdigit():
                return False
        elif name == b"transfer-encoding":
            codings += 1
            if value.lower() != b"chunked":
                return False
        elif name == b"host":
            hosts += 1
    if lengths + codings > 1:
        return False
    if version == "1.0":
        return not codings and hosts <= 1
    return version == "1.1" and hosts == 1


def has_body(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether a body follows the head."""
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in headers)
