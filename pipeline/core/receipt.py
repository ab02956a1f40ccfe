"""What plugins note down about an exchange: names and counts, and never any text.

A plugin reports what it does to a text through `exchange.receipt`. Only identifiers are kept: what
does not look like one is written as `*`, so that no careless plugin puts a value into a receipt.
"""

import re
from collections import defaultdict
from collections.abc import Callable
from typing import NamedTuple, Protocol

from msgspec import Struct

UNKNOWN = "*"
"""What stands for anything that is not an identifier."""

MOST = 500
"""Different lines of a kind; what comes later is counted on lines without a place."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.*\[\]-]{0,99}", re.ASCII)
_PATH = re.compile(r"[A-Za-z_*][A-Za-z0-9_.*\[\]-]{0,199}", re.ASCII)
_VERSION = re.compile(r"[A-Za-z0-9_.-]{1,100}", re.ASCII)


class Placed(Protocol):
    """A text of a request, or a fixed string."""

    @property
    def path(self) -> str:
        """Where it stands, with `*` for what is user data."""
        ...


class Finding(NamedTuple):
    """Something found at a place, and what was done about it."""

    path: str
    entity: str
    action: str


class Span(Struct, frozen=True):
    """Where in a text something was found, by which recogniser, and how certain that is.

    `start` and `end` count characters of the text as the plugin got it.
    """

    start: int
    end: int
    entity: str
    action: str
    score: float | None
    recogniser: str


class Notes:
    """What one plugin noted down."""

    def __init__(self) -> None:
        self.rules = ""
        self.found: defaultdict[Finding, int] = defaultdict(int)
        self.restored: defaultdict[str, int] = defaultdict(int)
        self.degraded: defaultdict[tuple[str, str], int] = defaultdict(int)


class Receipt:
    """The notes of one exchange; `at` names the plugin that runs now.

    `would_be` is what would have become of a request that was only observed. `listen`, if there is
    one, is told of every span: a dry run shows them to its caller, and they are kept nowhere.
    """

    def __init__(self) -> None:
        self.at = ""
        self.would_be = ""
        self.plugins: defaultdict[str, Notes] = defaultdict(Notes)
        self.opaque: defaultdict[Finding, int] = defaultdict(int)
        self.listen: Callable[[str | Placed, Span], None] | None = None

    def found(
        self,
        where: str | Placed,
        entity: str,
        action: str,
        *,
        span: tuple[int, int] | None = None,
        score: float | None = None,
        recogniser: str = "",
    ) -> None:
        """Note that an entity was found and what was done, such as `replace`, `block` or `keep`.

        `where` is the text or fixed string of the request; for a reply, what to call the place,
        such as its channel's kind. `span` says where in that text; it and what follows are shown in
        dry runs only and kept nowhere.
        """
        path = where if isinstance(where, str) else where.path
        entity, action = identifier(entity), identifier(action)
        _count(self.plugins[self.at].found, Finding(_path(path), entity, action))
        if self.listen is not None and span is not None:
            self.listen(where, Span(*span, entity, action, score, identifier(recogniser)))

    def restored(self, entity: str, count: int = 1) -> None:
        """Note that values of an entity were put back into the reply."""
        counts = self.plugins[self.at].restored
        name = identifier(entity)
        counts[name if name in counts or len(counts) < MOST else UNKNOWN] += count

    def degraded(self, failed: str, instead: str) -> None:
        """Note that a part of this plugin failed on a text, and which other one was enough."""
        counts = self.plugins[self.at].degraded
        line = identifier(failed), identifier(instead)
        counts[line if line in counts or len(counts) < MOST else (UNKNOWN, UNKNOWN)] += 1

    def rules(self, version: str) -> None:
        """Note the version of the rules that this plugin works by."""
        self.plugins[self.at].rules = _checked(version, _VERSION)

    def uninspected(self, path: str, name: str, action: str) -> None:
        """Note content that nobody could look into, and what becomes of it. For the runner."""
        _count(self.opaque, Finding(_path(path), identifier(name), action))


def labels(given: set[str]) -> list[str]:
    """The labels of an exchange as a receipt shows them."""
    return sorted({identifier(one) for one in tuple(given)})[:MOST] if given else []


def _count(counts: dict[Finding, int], line: Finding) -> None:
    if line not in counts and len(counts) >= MOST:
        line = line._replace(path=UNKNOWN)
        if line not in counts and len(counts) >= MOST + MOST // 10:
            line = Finding(UNKNOWN, UNKNOWN, UNKNOWN)
    counts[line] += 1


def identifier(given: object) -> str:
    """What is given if it is an identifier, else `*`."""
    return _checked(given, _NAME)


def _path(given: object) -> str:
    return _checked(given, _PATH)


def _checked(given: object, pattern: re.Pattern[str]) -> str:
    return given if isinstance(given, str) and pattern.fullmatch(given) else UNKNOWN
