"""Presidio's pattern recognisers, with defaults that suit a redactor.

Presidio scores for an analyst who reads a list; here a finding is replaced, and what is not found
leaks. So shapes that nothing else has score above the default threshold on their own; shapes that
order numbers and dates have too score below it, and count only after a context word. A check digit
that one number in ten passes by chance proves nothing.
"""

import ipaddress
import re
from collections.abc import Sequence

import regex
from presidio_analyzer import EntityRecognizer, Pattern, PatternRecognizer, RecognizerResult
from presidio_analyzer.predefined_recognizers import (
    IbanRecognizer,
    IpRecognizer,
    MacAddressRecognizer,
    NhsRecognizer,
    UrlRecognizer,
    UsBankRecognizer,
    UsLicenseRecognizer,
    UsPassportRecognizer,
    UsSsnRecognizer,
)

from plugins.pii.accounts import Account
from plugins.pii.address import Address
from plugins.pii.ages import AgeBeside
from plugins.pii.contacts import Disguised, Email, Handle, Username, explained
from plugins.pii.coordinates import Coordinates
from plugins.pii.dates import Age, Birth, date
from plugins.pii.identity import Identity
from plugins.pii.lexicon import Lexicon
from plugins.pii.organisations import Organisations
from plugins.pii.phones import Phone
from plugins.pii.results import Hinted, result
from plugins.pii.wallets import Wallet
from plugins.pii.words import Text, text_of

WEAK = 0.2
"""Counts only after a context word."""


def corrected(regions: Sequence[str], lexicon: Lexicon) -> list[EntityRecognizer]:
    """Our recognisers; each stands in for Presidio's of the same entity."""
    return [
        Account(lexicon),
        Address(lexicon),
        AgeBeside(lexicon),
        Coordinates(),
        Disguised(lexicon),
        Handle(),
        Identity(),
        Organisations(lexicon),
        Username(lexicon),
        Wallet(),
        Age(),
        Birth(),
        date(),
        nino(),
        *explained(),
        Card(),
        Email(),
        Iban(exact_match=True),
        Ip(),
        Licence(),
        Mac(),
        Nhs(),
        Phone(regions),
        Ssn(),
        url(),
        Passport(),
        Bank(),
    ]


def url() -> PatternRecognizer:
    """Addresses with a scheme; without one, `self.socket.co` and `document.cr` look like them."""
    pattern = r"""(?<!\w)(?:https?|ftp)://[^\s<>"'`]*[^\s<>"'`.,;:!?)\]}]"""
    return UrlRecognizer(name="Url", patterns=[Pattern("url", pattern, 0.6)])


def nino() -> PatternRecognizer:
    """UK national insurance numbers; Presidio's pattern asks the same and takes longer."""
    digits = r"(?: ?\d{2}){3} ?[A-D]"
    pattern = (
        r"(?<!\w)(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]"
        rf"{digits}(?!\w)"
    )
    made = Hinted("UK_NINO", name="Nino", patterns=[Pattern("nino", pattern, 0.6)])
    made.number = re.compile(r"\d\d(?: ?\d{2}){2} ?[A-Da-d]")
    return made


class Card(Hinted):
    """Payment cards of ISO/IEC 7812 in the groups that they are written in, or in none.

    In groups, a number whose check digit is wrong still counts after a context word: people
    mistype.
    """

    number = re.compile(r"\d{4}(?:[ -]\d{4}(?:\d\d)?[ -]\d{4}|\d{8})")

    def __init__(self) -> None:
        start, end = r"(?<![\w.-])", r"(?![\w-])(?!\.\d)"
        shapes = {
            "4-4-4-4": r"[2-6]\d{3}([ -])\d{4}\1\d{4}\1\d{4}",
            "4-4-4-4-3": r"[56]\d{3}([ -])\d{4}\1\d{4}\1\d{4}\1\d{3}",
            "4-6-5": r"3[47]\d{2}([ -])\d{6}\1\d{5}",
            "4-6-4": r"3[0689]\d{2}([ -])\d{6}\1\d{4}",
            "solid": r"(?:4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|"
            r"3[0689]\d{12}|35\d{14}|6\d{11,18}|5[06-8]\d{10,17})",
        }
        super().__init__(
            "CREDIT_CARD",
            patterns=[Pattern(name, start + shape + end, WEAK) for name, shape in shapes.items()],
            context=["card", "visa", "mastercard", "cc", "amex", "maestro", "kreditkarte"],
        )

    def validate_result(self, pattern_text: str) -> bool | None:
        """Whether the check digit is right; undecided if only the grouping speaks for a card."""
        digits = [int(char) for char in pattern_text if char.isdigit()]
        doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
        if (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0:
            return True
        return None if len(digits) < len(pattern_text) else False


class Iban(IbanRecognizer):
    """Account numbers of ISO 13616, in either case, whatever words come after them."""

    _HEAD = regex.compile(r"(?<=(?<![A-Za-z0-9])([A-Za-z]{2}))\d{2}(?:[ -]?[A-Za-z0-9]){11,30}")
    """Searched for by its digits, which are rarer than letters."""

    def analyze(
        self,
        text: str,
        entities: list[str],
        nlp_artifacts: object = None,
        regex_flags: int | None = None,
    ) -> list[RecognizerResult]:
        """Every account number in a text: from each beginning, the longest that is right."""
        found: list[RecognizerResult] = []
        # What follows an account number may be another one, and look like more of it.
        for match in [
            one for at, _ in text_of(text).numbers if (one := self._HEAD.match(text, at))
        ]:
            start, longest = match.start(1), match.end()
            for end in range(longest, start + 14, -1):
                ends_here = text[end - 1].isalnum() and not text[end : end + 1].isalnum()
                if ends_here and self.validate_result(text[start:end].upper()):
                    found.append(result(self, start, end, 1.0))
                    break
        return found


class Ip(Hinted, IpRecognizer):
    """Internet addresses, but for those that every machine has, and for version numbers."""

    _VERSION = regex.compile(
        r"(?:[<>~^!=]=|[<>~^]|\b(?:ver|rev|version|release|build|tag)=|@|\bv|\bversions?|"
        r"\brelease|\bbuild|[a-z]-) ?$",
        regex.IGNORECASE,
    )

    needs = re.compile(
        r"[.:](?:(?<=\d\.)\d{1,3}\.\d|(?<=[\da-fA-F]:):|(?<=:):[\da-fA-F]"
        r"|(?<=[\da-fA-F]:)(?:[\da-fA-F]{1,4}:){5})"
    )
    """Version 6 has eight groups, or two before a version 4 address, or leaves some out: `::`."""

    def analyze(
        self,
        text: str,
        entities: list[str],
        nlp_artifacts: object = None,
        regex_flags: int | None = None,
    ) -> list[RecognizerResult]:
        """Every address in a text."""
        found = super().analyze(text, entities, nlp_artifacts, regex_flags)  # pyright: ignore[reportArgumentType]
        return [one for one in found if not self._version(text, one.start, one.end)]

    def _version(self, text: str, start: int, end: int) -> bool:
        """Whether what stands around it says that it is a version: `==1.2.3.4`, `1.2.3.4.post1`."""
        after = text[end : end + 2]
        if after[:1] in ("-", ".", "_", "+") and after[1:].isalpha():
            return True
        return self._VERSION.search(text[max(0, start - 10) : start]) is not None

    def invalidate_result(self, pattern_text: str) -> bool:
        """Whether it is no address, or one that says nothing."""
        try:
            address = ipaddress.ip_interface(pattern_text).ip
        except ValueError:
            return True
        # Without a digit it is rather a name in C++ or Rust: a::b.
        said = any(char.isdigit() for char in pattern_text)
        return address.is_loopback or address.is_unspecified or not said


class Mac(Hinted, MacAddressRecognizer):
    """Addresses of network cards."""

    needs = regex.compile(r"(?:[:-][\da-fA-F]{2}){5}|\.[\da-fA-F]{4}\.")


class Ssn(Hinted, UsSsnRecognizer):
    """US social security numbers, the well-known examples included: who types one means his own."""

    number = re.compile(r"\d{3}[ .-]?\d{2}[ .-]?\d{4}")

    def __init__(self) -> None:
        shapes = [
            Pattern("dashes", r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])", 0.85),
            Pattern("spaces or dots", r"(?<![\w.,-])\d{3}([ .])\d{2}\1\d{4}(?![\w-])", 0.5),
            Pattern("odd groups", r"(?<![\w-])(?:\d{5}-\d{4}|\d{3}-\d{6})(?![\w-])", WEAK),
            Pattern("solid", r"(?<![\w.-])\d{9}(?![\w-])", WEAK),
        ]
        super().__init__(patterns=shapes, context=["social", "ssn", "ss"])

    def invalidate_result(self, pattern_text: str) -> bool:
        """Whether no such number was ever issued."""
        digits = "".join(char for char in pattern_text if char.isdigit())
        zeros = digits[:3] in ("000", "666") or digits[3:5] == "00" or digits[5:] == "0000"
        return zeros or len(set(digits)) == 1


class Nhs(Hinted):
    """UK health service numbers: only where that is said, as the check passes 1 number in 11."""

    hints = ("nhs", "national health")

    def __init__(self) -> None:
        pattern = Pattern("3-3-4", r"(?<![\w-])\d{3}([ -]?)\d{3}\1\d{4}(?![\w-])", 0.35)
        super().__init__("UK_NHS", patterns=[pattern], context=["nhs", "national health service"])
        self._presidio = NhsRecognizer()

    def validate_result(self, pattern_text: str) -> bool | None:
        """A wrong check digit refutes, a right one proves nothing."""
        return None if self._presidio.validate_result(pattern_text) else False


class Passport(Hinted, UsPassportRecognizer):
    """US passports: "us" and "travel" do not say what number follows."""

    hints = ("passport",)

    def __init__(self) -> None:
        super().__init__(context=["passport"])


class Bank(Hinted, UsBankRecognizer):
    """US bank accounts: "check" and "save" do not say what number follows."""

    hints = ("account", "acct", "routing")

    def __init__(self) -> None:
        super().__init__(context=list(self.hints))


class Licence(Hinted, UsLicenseRecognizer):
    """US driving licences: where that is said, of five characters or more, four of them digits."""

    needs = regex.compile(r"[0-9]{4}(?:(?<=[^\s\d][0-9]{4})|[0-9]{2})")
    """Four digits after a letter or, for numbers of digits alone or with letters last, six."""
    _PARTS = ("driv", "licen")
    _SAID = frozenset("dl dls dln dlns cdl cdls".split())

    def __init__(self) -> None:
        super().__init__(context=["driver", "driving", "license", "licence", "dl", "dln", "cdl"])

    def _may_find(self, text: Text) -> bool:
        """Whether a text says so."""
        said = any(part in text.caseless for part in self._PARTS)
        return (said or not self._SAID.isdisjoint(text.words)) and super()._may_find(text)

    def invalidate_result(self, pattern_text: str) -> bool:
        """Whether it is too short to be told from `H1` and `A4`."""
        return len(pattern_text) < 5 or sum(char.isdigit() for char in pattern_text) < 4
