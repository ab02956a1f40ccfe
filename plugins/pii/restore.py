"""Putting values back in the place of their placeholders, where that is safe.

A placeholder in prose gets its value. One inside an address (a URL, a link or image target, a
definition, an attribute) gets it only if that whole address, with this placeholder, stood in the
redacted request: an address that the model made up would carry the value to wherever it points.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping

from pipeline import Scanner, Taken
from plugins.pii.markup import Markup

WORD = r"(?:[A-Za-z0-9_]|\\_)"
_WORD_CHARS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")
_LONGEST_TARGET = 500
_MOST_TARGETS = 100
_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]*://|www\.|mailto:)[^\s<>\"'`]+", re.IGNORECASE)
_TRAILING = ").,;:!?*_]}"
_URL_IN_RUN = re.compile(
    r"//|www\.|mailto:|xmpp:|&#|&sol|&colon|[a-z0-9]\.[a-z]{2,}[/?#:]|[\w.+-]@$", re.IGNORECASE
)
"""What in the characters before a placeholder, since the last space, makes an address of them."""
_URL_AFTER = re.compile(r"\\?[.@]\\?[A-Za-z0-9]|\]:")
"""What behind a placeholder makes it part of a host name, a mail address or a definition."""
_AHEAD = 4
_TARGET_END = re.compile(r"[.,;:!?)\]}'\"*_]{0,3}(?:[\s<]|$)")
_LONGEST_RUN = 4096


def token_pattern(tokens: Iterable[str]) -> str:
    """A pattern for placeholders by their prefixes; the numbers are looked up."""
    prefixes = sorted({token.rpartition("_")[0] for token in tokens}, key=len, reverse=True)
    names = "|".join(re.escape(prefix).replace("_", r"\\?_") for prefix in prefixes)
    return rf"(?:{names})\\?_[0-9]+[a-z]*"


def addresses(text: str) -> Iterable[str]:
    """The addresses in a text, without the punctuation of the sentence around them."""
    for match in _ADDRESS.finditer(text):
        yield match.group().rstrip(_TRAILING)


class Restorer:
    """What may be put back in one exchange: its values, and the addresses of its request."""

    def __init__(self, values: Mapping[str, str], targets: Iterable[str]):
        self.values = values
        self._token = re.compile(token_pattern(values))
        self.targets: dict[str, str] = {}
        for target in targets:
            if len(target) <= _LONGEST_TARGET and len(self.targets) < _MOST_TARGETS:
                restored = self._token.sub(self._value, target)
                if restored != target:
                    self.targets[target] = restored
        for token, value in values.items():
            # The value is an address of the user's own; in its place it leads where it always led.
            if _ADDRESS.fullmatch(value):
                self.targets[token] = value
        bare = "|".join(re.escape(one) for one in sorted(self.targets, key=len, reverse=True))
        within = f"(?:{bare}|{self._token.pattern})" if bare else self._token.pattern
        self.angle = re.compile(f"<({within})>")
        self.event = re.compile(
            rf"[<\]]|!\[|(?P<target>{bare or '(?!)'})|(?P<token>{self._token.pattern})"
        )
        keys = {*values, *self.targets}
        self._keys = sorted({"![", *keys, *(f"<{key}>" for key in keys)})
        self._firsts = frozenset(key[0] for key in self._keys)
        self.longest = 2 * max(len(key) for key in self._keys) + 2 + _AHEAD

    def growing(self, tail: str) -> bool:
        """Whether `tail` could grow into a placeholder or an address."""
        tail = tail.replace("\\_", "_").removesuffix("\\")
        at = bisect_left(self._keys, tail)
        return at < len(self._keys) and self._keys[at].startswith(tail)

    def growing_from(self, text: str, at: int) -> int:
        """The first position from `at` from which the text could grow into something to restore."""
        for start in range(max(at, len(text) - self.longest), len(text)):
            if text[start] in self._firsts and self.growing(text[start:]):
                return start
        return len(text)

    def value(self, token: str) -> str | None:
        """The value of a placeholder as it came, or None if it is nobody's."""
        return self.values.get(token.replace("\\", ""))

    def whole(self, text: str) -> str | None:
        """What stands for an address or placeholder; None if it must stay."""
        return self.targets.get(text) or self.value(text)

    def _value(self, match: re.Match[str]) -> str:
        return self.value(match.group()) or match.group()


class RestoreFilter(Scanner):
    """Restores one text. Holds back only what could still become a placeholder or an address."""

    def __init__(self, restorer: Restorer):
        super().__init__(self._next, restorer.longest)
        self._restorer = restorer
        self._markup = Markup()
        self._run = ""

    def _next(self, text: str, at: int, final: bool) -> Taken | None:
        if self._markup.active:
            if not self._markup.pending or self._markup.starts(text[at]):
                return self._inside(text, at, final)
            self._markup.clear()
        event = self._restorer.event.search(text, at)
        stop = event.start() if event else len(text)
        if not final:
            stop = min(stop, self._restorer.growing_from(text, at))
        if stop > at:
            return self._plain(text[at:stop])
        if event is None or event.start() > at:
            return None
        return self._event(event, text, at, final)

    def _event(self, event: re.Match[str], text: str, at: int, final: bool) -> Taken | None:
        if event["token"]:
            return self._token(event, text, final)
        if event["target"]:
            return self._target(event, text, final)
        if text[at] == "<":
            if angle := self._restorer.angle.match(text, at):
                restored = self._restorer.whole(angle[1])
                if restored is not None and not self._in_address():
                    self._follow(angle.group())
                    return Taken(angle.end() - at, f"<{restored}>")
            elif not final and self._restorer.growing(text[at:]):
                return None
        for char in event.group():
            self._markup.feed(char)
        return self._plain(event.group())

    def _token(self, event: re.Match[str], text: str, final: bool) -> Taken | None:
        end = event.end()
        ahead = text[end : end + _AHEAD]
        if not final and (not ahead or (ahead[0] in "\\.@]" and len(ahead) < _AHEAD)):
            return None
        value = self._restorer.value(event["token"])
        is_word = self._run[-1:] not in _WORD_CHARS and not re.match(WORD, ahead)
        if value is None or not is_word or _URL_AFTER.match(ahead) or self._in_address():
            return self._plain(event["token"])
        self._follow(event["token"])
        return Taken(end - event.start(), value)

    def _target(self, event: re.Match[str], text: str, final: bool) -> Taken | None:
        end = event.end()
        if not final and len(text) - end < _AHEAD:
            return None
        whole = (
            _TARGET_END.match(text, end)
            and self._run[-1:] not in _WORD_CHARS
            and not self._in_address()
        )
        if not whole:
            return self._plain(text[event.start()])
        self._follow(event["target"])
        return Taken(end - event.start(), self._restorer.targets[event["target"]])

    def _inside(self, text: str, at: int, final: bool) -> Taken | None:
        """Follow markup, character by character; restore a target only as a whole."""
        ends = self._markup.target_ends() if self._restorer.targets else None
        if ends is not None:
            for target, restored in self._restorer.targets.items():
                end = at + len(target)
                if text.startswith(target, at):
                    if end == len(text) and not final:
                        return None
                    if text[end : end + 1] in ends and end < len(text):
                        for char in target:
                            self._markup.feed(char)
                        self._follow(target)
                        return Taken(len(target), restored)
                elif not final and target.startswith(text[at:]):
                    return None
        self._markup.feed(text[at])
        return self._plain(text[at])

    def _in_address(self) -> bool:
        """Whether the characters since the last space make an address of what follows."""
        return _URL_IN_RUN.search(self._run.replace("\\", "")) is not None

    def _plain(self, text: str) -> Taken:
        self._follow(text)
        return Taken(len(text), text)

    def _follow(self, text: str) -> None:
        """Remember the characters since the last space, as the model wrote them."""
        start = max(text.rfind(space) for space in " \n\t\r") + 1
        self._run = text[start:] if start else self._run + text
        if len(self._run) > _LONGEST_RUN:
            # Too long to be remembered in full: from here on it counts as an address.
            self._run = "//" + self._run[-_AHEAD:]
