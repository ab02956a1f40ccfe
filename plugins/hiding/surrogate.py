"""Surrogates: made-up values that look like the kind of value they stand for.

Addresses and numbers are taken from ranges that are reserved for documentation or fiction, so that
they are nobody's. There are none of cards or national ids: nobody reserves enough of them. Names
are put together of common ones, and are never restored: nobody could tell them from a name that the
model wrote itself.
"""

import re
from collections.abc import Callable, Mapping
from hashlib import blake2b

from plugins.hiding.units import identity as identity_of

_GIVEN = """Alex Avery Blake Cameron Casey Charlie Dana Drew Ellis Emery Finley Frankie Harper
Hayden Jamie Jesse Jordan Jules Kelly Kim Lee Logan Marion Morgan Noel Parker Quinn Reese Riley
Robin Rowan Sam Sasha Shannon Shelby Sidney Skyler Taylor Terry Tracy""".split()
_FAMILY = """Abbott Barker Bishop Brewer Carter Cole Cooper Dawson Dixon Ellison Farmer Fletcher
Foster Gardner Gibbs Harmon Hobbs Hooper Keller Lambert Lawson Mason Mercer Miller Nash Norris
Osborne Palmer Potter Prescott Ramsey Sawyer Shepherd Sutton Thatcher Tucker Turner Wagner Walker
Webster""".split()
_PLACE = "Ash Birch Bright Clear Elm Fair Green Hazel Kings Maple Mill North Oak Stone".split()
_ENDING = "bridge brook bury dale field ford haven mere mont port stead ton view ville wick".split()
_STREET = "Street Road Lane Avenue".split()
_AREA = "202 212 305 312 404 415 503 512 602 617 702 713 801 808 907".split()
_NETS = ("192.0.2", "198.51.100", "203.0.113")
_TRIES = 1000

Digits = Callable[[int], int]
"""Gives the next number below a bound."""


class Surrogates:
    """The surrogates of one exchange: one value has one, and two never share one.

    They follow from the value and a key, so that they stay the same from one exchange to the next.
    """

    def __init__(self, key: bytes):
        self._key = key
        self._values: dict[str, str] = {}
        self._seen: set[str] = set()
        self.given: set[str] = set()

    def is_one(self, value: str) -> bool:
        """Whether a value is a surrogate that was given: a reply is sent again in the next turn."""
        return value in self.given

    def give(self, entity: str, identity: str) -> str:
        """The surrogate of a value by its `identity`, which all its spellings share.

        A new one is none of the values that came before.
        """
        self._seen.add(identity)
        if identity not in self._values:
            made = self._made(entity, identity)
            self._values[identity] = made
            self.given.add(made)
        return self._values[identity]

    def _made(self, entity: str, identity: str) -> str:
        for number in range(_TRIES):
            made = _MAKERS[entity](identity, _digits(self._key, f"{entity} {number} {identity}"))
            if made not in self.given and identity_of(made) not in self._seen:
                return made
        return digest(self._key, entity, identity)  # There are only so many of a kind.


def digest(key: bytes, entity: str, identity: str) -> str:
    """A word that stands for a value, the same for the same key. It is never a placeholder."""
    content = f"{entity} {identity}".encode()
    return f"{entity}_h{blake2b(content, key=key, digest_size=8, person=b'hash').hexdigest()}"


def _digits(key: bytes, seed: str) -> Digits:
    left = int.from_bytes(blake2b(seed.encode(), key=key, person=b"surrogate").digest())

    def below(bound: int) -> int:
        nonlocal left
        left, digit = divmod(left, bound)
        return digit

    return below


def _person(_identity: str, below: Digits) -> str:
    return f"{_GIVEN[below(len(_GIVEN))]} {_FAMILY[below(len(_FAMILY))]}"


def _place(identity: str, below: Digits) -> str:
    town = _PLACE[below(len(_PLACE))] + _ENDING[below(len(_ENDING))]
    if not re.search(r"\d", identity):
        return town
    street = _PLACE[below(len(_PLACE))] + _ENDING[below(len(_ENDING))]
    return f"{below(200) + 1} {street} {_STREET[below(len(_STREET))]}, {town}"


def _mail(identity: str, below: Digits) -> str:
    """At a name that RFC 2606 keeps for examples."""
    name = _person(identity, below).replace(" ", ".").lower()
    return f"{name}{below(90) + 10}@example.com"


def _phone(_identity: str, below: Digits) -> str:
    """The numbers that the North American plan keeps for fiction."""
    return f"+1-{_AREA[below(len(_AREA))]}-555-01{below(100):02}"


def _ip(identity: str, below: Digits) -> str:
    """From the networks that RFC 5737 and RFC 3849 keep for documentation."""
    if ":" in identity:
        return f"2001:db8::{below(65535) + 1:x}:{below(65535) + 1:x}"
    return f"{_NETS[below(len(_NETS))]}.{below(254) + 1}"


def _mac(_identity: str, below: Digits) -> str:
    """From the range that RFC 9542 keeps for documentation."""
    return f"00:00:5E:00:53:{below(256):02X}"


_MAKERS: Mapping[str, Callable[[str, Digits], str]] = {
    "PERSON": _person,
    "LOCATION": _place,
    "EMAIL_ADDRESS": _mail,
    "PHONE_NUMBER": _phone,
    "IP_ADDRESS": _ip,
    "MAC_ADDRESS": _mac,
}

SURROGATES = frozenset(_MAKERS)
"""The entities that there are surrogates of."""
