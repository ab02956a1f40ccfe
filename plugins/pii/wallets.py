"""Addresses of crypto currencies: by their check sums, else by forms that nothing else has."""

import hashlib
import re

import regex
from presidio_analyzer import RecognizerResult
from presidio_analyzer.nlp_engine import NlpArtifacts

from plugins.pii.results import Loaded, result

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_RIPPLE = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz"
_CANDIDATE = regex.compile(
    r"(?<![\w/+=-])(?:(?:0x[0-9a-fA-F]{40})|(?P<bech>(?:bc1|tb1|ltc1|addr1|cosmos1)[02-9ac-hj-np-z]{30,100})"
    r"|(?P<monero>[48][0-9AB][1-9A-HJ-NP-Za-km-z]{93})"
    r"|(?P<base>[13LMDTr9A-DX][1-9A-HJ-NP-Za-km-z]{24,34}))(?![\w+/=-])"
)
_LONG = re.compile(r"[0-9A-Za-z]{25}")
"""What every address holds and little else does."""


class Wallet(Loaded):
    """Bitcoin, Litecoin, Dogecoin, Tron, Ripple, Ethereum, Cardano, Monero."""

    def __init__(self) -> None:
        super().__init__(["CRYPTO"], name="Wallet")

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: NlpArtifacts | None = None
    ) -> list[RecognizerResult]:
        """Every address in a text."""
        found: list[RecognizerResult] = []
        if not _LONG.search(text):
            return found
        for match in _CANDIDATE.finditer(text):
            checked = match["base"] is not None
            if not checked or _checks(match[0], _BASE58) or _checks(match[0], _RIPPLE):
                found.append(result(self, *match.span(), 1.0 if checked else 0.8))
        return found


def _checks(value: str, alphabet: str) -> bool:
    """Whether the last four bytes are the check sum of the 21 before: Base58Check.

    Both alphabets have the same letters, which are those of a candidate.
    """
    number = 0
    for char in value:
        number = number * 58 + alphabet.index(char)
    content = number.to_bytes((number.bit_length() + 7) // 8, "big").rjust(25, b"\0")
    digest = hashlib.sha256(hashlib.sha256(content[:21]).digest()).digest()
    return digest[:4] == content[21:]
