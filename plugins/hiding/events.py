"""Where in a reply something begins that matters for restoring.

That is what may begin markup, a placeholder, or an address that may be restored as a whole. It is
found by names of placeholders and addresses alone, and not by values.
"""

import re
from bisect import bisect_left
from collections.abc import Collection
from functools import cached_property, lru_cache

from plugins.hiding.addresses import REACH
from plugins.hiding.tokens import token_pattern


class Events:
    """What to look for in a reply: some placeholders, and some addresses, the `targets`."""

    def __init__(self, tokens: Collection[str], targets: Collection[str]):
        pattern = token_pattern(tokens)
        bare = "|".join(map(re.escape, sorted(targets, key=len, reverse=True)))
        self._within = f"{bare}|{pattern}" if bare else pattern
        self._event = re.compile(rf"[<\]]|!\[|(?P<target>{bare or '(?!)'})|(?P<token>{pattern})")
        keys = [key.replace("\\_", "_") for key in (*tokens, *targets)]
        self._keys = sorted({"![", *keys, *[f"<{key}>" for key in keys]})
        self.longest = 2 * max(map(len, self._keys)) + 4 + REACH
        """Characters after which it is certain what has begun."""
        firsts = "".join({key[0] for key in keys})
        self._first = re.compile(rf"[<\]!\\{re.escape(firsts)}]")
        # A second character tells the most; but a `_` may come as `\_`.
        begins = {key[0] if "_" in key[:2] else key[:2] for key in keys}
        self._begin = re.compile("|".join([r"[<\]\\]|!(?=\[)", *map(_beginning, begins)]))

    @cached_property
    def angle(self) -> re.Pattern[str]:
        """An address or a placeholder between angle brackets."""
        return re.compile(f"<({self._within})>")

    def begins(self, text: str) -> bool:
        """Whether anything that matters may begin in a text."""
        return self._first.search(text) is not None

    def next(self, text: str, at: int) -> re.Match[str] | None:
        """The next of what matters from `at` on; its group says if it is a `target` or a `token`.

        The pattern is tried only where something can begin: a fiftieth of the time in plain text.
        """
        for one in self._begin.finditer(text, at):
            if event := self._event.match(text, one.start()):
                return event
        return None

    def growing(self, text: str, start: int) -> bool:
        """Whether the rest of a text could grow into a placeholder or an address."""
        if len(text) - start > self.longest:
            return False
        tail = text[start:].replace("\\_", "_").removesuffix("\\")
        at = bisect_left(self._keys, tail)
        return at < len(self._keys) and self._keys[at].startswith(tail)

    def growing_from(self, text: str, at: int, stop: int) -> int:
        """The first position from `at` on from which the text could grow into something to restore;
        `stop` if there is none before it.
        """
        for one in self._first.finditer(text, max(at, len(text) - self.longest), stop):
            if self.growing(text, one.start()):
                return one.start()
        return stop


@lru_cache(maxsize=256)
def known_events(tokens: tuple[str, ...], targets: tuple[str, ...]) -> Events:
    """The same for names that recur in every other exchange. Nobody's words may be among them."""
    return Events(tokens, targets)


def _beginning(text: str) -> str:
    """A pattern for the first of one or two characters."""
    return f"{re.escape(text[0])}(?={re.escape(text[1:])})"
