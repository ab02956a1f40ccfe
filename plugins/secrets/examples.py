"""What looks like a secret and is none: examples, tables of characters, what is sealed already."""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from plugins.finding.spans import Span

_EXAMPLE = re.compile(
    r"EXAMPLE|(?:example){2}|[xX]{8,}|\*{6,}"
    r"|(?<![A-Za-z])(?i:example|placeholder|dummy|(?:goes|put|insert)[-_. ]here)(?![A-Za-z])"
)
"""What no machine writes into a key and everybody into the example of one."""

_RESERVED = re.compile(
    r"@(?:[\w-]+\.)*(?:example\.(?:com|net|org)|example|test|invalid)\.?(?=[:/?#,]|$)",
    re.IGNORECASE,
)
"""Hosts that exist only in examples (RFC 2606)."""

_TUTORIAL = frozenset("hunter2 s3cr3t secret letmein changeme foo bar pass:word 1234 12345".split())
"""What examples have for a password. With a host that does not exist, it is nobody's."""

_SEALED = re.compile(
    r"""ENC(?:\[[A-Z0-9_]{3,20},data:[^\]\n]{1,4000}\]|\([A-Za-z0-9+/=]{8,4000}\))  # SOPS, Jasypt
    |\{cipher\}[A-Za-z0-9+/=]{8,4000}                       # Spring Cloud Config
    |vault:v\d{1,4}:[A-Za-z0-9+/=]{8,4000}                  # Vault's transit engine
    |\$ANSIBLE_VAULT;[\d.]{1,5};AES256[;\w-]{0,40}""",
    re.VERBOSE,
)
"""Values that a tool has encrypted so that they may be shown."""
_MAY_BE_SEALED = ("ENC", "{cipher}", "vault:v", "$ANSIBLE")

_LEAST_TABLE = 30
_ORDERED = 0.9


def is_example(value: str) -> bool:
    """Whether a key says of itself that it is an example, or is a table of characters in order."""
    return _EXAMPLE.search(value) is not None or _is_table(value)


def is_example_address(address: str, password: str) -> bool:
    """Whether an address with a password is an example: password and host are."""
    if _EXAMPLE.search(password):
        return True
    return password.casefold() in _TUTORIAL and _RESERVED.search(address) is not None


def unsealed(text: str, spans: Iterable[Span]) -> Iterator[Span]:
    """The spans, but for those in what is sealed."""
    if not any(mark in text for mark in _MAY_BE_SEALED):
        return iter(spans)
    sealed = [match.span() for match in _SEALED.finditer(text)]
    return (
        one
        for one in spans
        if not any(one.start < end and start < one.end for start, end in sealed)
    )


def _is_table(value: str) -> bool:
    """Whether each character follows the one before it, as in `0123456789abcdef…`."""
    letters = [ord(char) for char in value if char.isalnum()]
    if len(letters) < _LEAST_TABLE:
        return False
    ordered = sum(after - before == 1 for before, after in pairwise(letters))
    return ordered >= _ORDERED * (len(letters) - 1)
