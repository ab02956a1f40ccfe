"""Looking for a secret in whatever it may be encoded in."""

import html
import logging
from base64 import b64encode
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from json import dumps
from urllib.parse import quote

_ALIGNMENTS = 3
"""Base64 takes three bytes at a time, so a secret inside a longer text has three spellings."""


def leaked(secret: str, text: str) -> str:
    """The name of the spelling in which `secret` is in `text`, or an empty string."""
    lower = text.casefold()
    for name, spelling in _spellings(secret):
        exact = name == "base64"
        if (spelling in text) if exact else (spelling.casefold() in lower):
            return name
    return ""


@contextmanager
def logged() -> Generator[list[str]]:
    """Every line that is logged meanwhile, at any level, tracebacks included."""
    lines = _Lines()
    root = logging.getLogger()
    level = root.level
    root.addHandler(lines)
    root.setLevel(logging.DEBUG)
    try:
        yield lines.found
    finally:
        root.setLevel(level)
        root.removeHandler(lines)


class _Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(self.format(record))


def _spellings(secret: str) -> Iterator[tuple[str, str]]:
    yield "it is", secret
    data = secret.encode()
    once = dumps(secret)[1:-1]
    yield "JSON", once
    yield "JSON", dumps(secret, ensure_ascii=False)[1:-1]
    yield "JSON in JSON", dumps(once)[1:-1]
    yield "escapes", "".join(f"\\u{ord(one):04x}" for one in secret)
    yield "percent", quote(secret, safe="")
    yield "percent", quote(secret)
    yield "percent", "".join(f"%{byte:02x}" for byte in data)
    yield "HTML", html.escape(secret)
    yield "HTML", "".join(f"&#{ord(one)};" for one in secret)
    yield "hexadecimal", data.hex()
    yield "the bytes of an array", ",".join(map(str, data))
    for shift in range(_ALIGNMENTS):
        # Characters that also depend on what stands around are left out.
        whole = b64encode(b" " * shift + data + b" " * _ALIGNMENTS).decode()
        start, end = -(-shift * 8 // 6), (shift + len(data)) * 8 // 6
        if end - start >= 4:
            yield "base64", whole[start:end]
            yield "base64", whole[start:end].translate(str.maketrans("+/", "-_"))
