"""What is planted: values that look like somebody's, of which no two in an audit are the same.

They belong to nobody. Each stands in a sentence, because that is how people write them; what is
looked for afterwards is the value alone, or any telling part of it.
"""

from collections.abc import Callable, Iterable, Mapping
from string import ascii_lowercase, ascii_uppercase, digits
from typing import NamedTuple
from zlib import crc32

_GIVEN = (
    "Ingrid Gunnar Astrid Viktor Sigrid Henrik Cornelia Torsten Solveig Edmund Greta Rolf".split()
)
_HEADS = "Berg Dahl Ek Gran Hag Hall Holm Lind Lund Mal Nor Ny Sand Sjo Soder Strom Sund Wall Wik"
_TAILS = "berg blad blom feldt felt gren kvist lund mark qvist stedt stein strand vall wick"
_AREAS = "113 114 116 117 118 121 131 141 151 161 191".split()
_SIGNS = digits + ascii_uppercase + ascii_lowercase
_SURNAMES = [head + tail for head in _HEADS.split() for tail in _TAILS.split()]


class Canary(NamedTuple):
    """A value to plant, the sentence it stands in, and the parts that give it away."""

    entity: str
    value: str
    sentence: str
    tells: tuple[str, ...]

    @property
    def is_prose(self) -> bool:
        """Whether only its sentence shows what it is: a name is a word like any other."""
        return self.entity == "PERSON"

    @property
    def whole(self) -> "Canary":
        """This canary, to be looked for where others may have names in common with it."""
        return self._replace(tells=(self.value,)) if self.is_prose else self

    @property
    def bare(self) -> str:
        """How it stands where there is no room for a sentence, as in an id."""
        return self.sentence if self.is_prose else self.value


def _mail(number: int) -> Canary:
    local = f"erika.k{number:07}"
    value = f"{local}@leak.example.com"
    return Canary("EMAIL_ADDRESS", value, f"Write to {value} today.", (value, local))


def _iban(number: int) -> Canary:
    account = _spread(number, 10)
    bank = f"37040044{account}"
    check = 98 - int(f"{bank}131400") % 97  # ISO 13616: `DE` is 1314.
    value = f"DE{check:02}{bank}"
    return Canary("IBAN_CODE", value, f"My IBAN is {value}.", (value, account))


def _card(number: int) -> Canary:
    account = f"453201{_spread(number, 9)}"
    value = account + _luhn(account)
    return Canary("CREDIT_CARD", value, f"My credit card is {value}.", (value, value[-10:]))


def _phone(number: int) -> Canary:
    area, last = _AREAS[number // 1000 % len(_AREAS)], _spread(number, 3)
    value = f"+44 {area} 496 0{last}"  # Ofcom keeps these for films.
    return Canary("PHONE_NUMBER", value, f"Call me at {value}.", (value, f"{area}4960{last}"))


def _person(number: int) -> Canary:
    surname = _surname(number)
    # The control's names are others: one more shifts them against the surnames for good.
    value = f"{_GIVEN[(number + number // CONTROL) % len(_GIVEN)]} {surname}"
    return Canary("PERSON", value, f"My name is {value}.", (value, surname))


def _ip(number: int) -> Canary:
    value = f"84.{number // 22_500 % 150 + 100}.{number // 150 % 150 + 100}.{number % 150 + 100}"
    return Canary("IP_ADDRESS", value, f"My IP address is {value}.", (value,))


def _mac(number: int) -> Canary:
    tail = _spread(number, 8)
    value = ":".join(("3c:22", *(tail[at : at + 2] for at in range(0, 8, 2))))
    return Canary("MAC_ADDRESS", value, f"The MAC address is {value}.", (value,))


def _ssn(number: int) -> Canary:
    tail = f"{number % 9000 + 1000}"
    value = f"{512 + number // 9000 % 100}-44-{tail}"
    return Canary("US_SSN", value, f"My social security number is {value}.", (value,))


def _key(number: int) -> Canary:
    random = _base62(int(_spread(number, 16)), 9) + "Qx7Rk2Vn9Tb4Wm6Zc8Yd3"
    value = f"ghp_{random}{_base62(crc32(random.encode()), 6)}"  # GitHub's own check.
    return Canary("API_KEY", value, f"My token is {value}", (value, random))


_MAKERS: Mapping[str, Callable[[int], Canary]] = {
    "EMAIL_ADDRESS": _mail,
    "IBAN_CODE": _iban,
    "CREDIT_CARD": _card,
    "PHONE_NUMBER": _phone,
    "PERSON": _person,
    "IP_ADDRESS": _ip,
    "MAC_ADDRESS": _mac,
    "US_SSN": _ssn,
    "API_KEY": _key,
}

ALWAYS = ("EMAIL_ADDRESS", "IBAN_CODE", "CREDIT_CARD", "PHONE_NUMBER", "PERSON")
"""What nobody wants to leave the house, whatever the configuration looks for."""

ENTITIES = tuple(_MAKERS)
"""All that there are canaries of."""


CONTROL = 1_000_000
"""Where the numbers of the control's canaries begin."""


class Aviary:
    """Makes canaries of some entities, by the set, and remembers all of them."""

    def __init__(self, entities: Iterable[str], first: int = 0):
        self.entities = [one for one in ENTITIES if one in set(entities)]
        self.made: list[Canary] = []
        self._sets = first

    def new(self) -> list[Canary]:
        """One canary of each entity. The names of 285 sets in a row differ, all else for ever."""
        made = [_MAKERS[entity](self._sets) for entity in self.entities]
        self._sets += 1
        self.made += made
        return made


def sentences(canaries: Iterable[Canary]) -> str:
    """What somebody would write who gives all of this away."""
    return " ".join(one.sentence for one in canaries)


def _surname(number: int) -> str:
    # Neighbours differ in both halves: a recogniser may remember one of them.
    return _SURNAMES[number * 17 % len(_SURNAMES)]


def _spread(number: int, length: int) -> str:
    """A number of so many digits, another for each `number`, that looks like no counter."""
    size = 10**length
    return f"{(number * 4_827_189_721 + 8_391_726_053) % size:0{length}}"


def _luhn(account: str) -> str:
    """The check digit of a card (ISO/IEC 7812-1)."""
    doubled = (int(one) * (2 if at % 2 == 0 else 1) for at, one in enumerate(reversed(account)))
    return str(-sum(number // 10 + number % 10 for number in doubled) % 10)


def _base62(number: int, length: int) -> str:
    signs = ""
    for _ in range(length):
        number, digit = divmod(number, 62)
        signs = _SIGNS[digit] + signs
    return signs
