"""Putting values back in the place of their placeholders, where that is safe.

A placeholder in prose gets its value. One inside an address (a URL, a link or image target, a
definition, an attribute) gets it only if that whole address, with this placeholder, stood in the
redacted request: an address that the model made up would carry the value to wherever it points.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from itertools import islice

from pipeline import Scanner, Taken
from plugins.hiding.addresses import ADDRESS, MAIL, REACH, addresses, is_address, rest_at
from plugins.hiding.events import Events, known_events
from plugins.hiding.markup import Markup
from plugins.hiding.tokens import is_word, token_pattern

_MOST_TARGETS = 100
_FEW = 16
"""Placeholders, at most, of an exchange that has them in common with many others."""
_LINE_END = re.compile(r"[\n\r]")
_PREFIX = 32
_QUOTED = re.compile(r"[ \t>*+\d.)-]{0,31}>")
_TO_SPACE = re.compile(r".*[ \n\t\r]", re.DOTALL)
_MARKUP = frozenset("<]!")
_SENTENCE_END = 4
_TARGET_END = re.compile(r"[.,;:!?)\]}'\"*_]{0,3}(?:[\s<]|$)")
_LONGEST_RUN = 4096
_MOST_PASSED = 64
"""Pieces with nothing to restore that are remembered in full."""


def _nobody(_token: str) -> None:
    """Nobody listens."""


class Restorer:
    """What may be put back in one exchange: its values, and the addresses of its redacted texts."""

    def __init__(
        self,
        values: Mapping[str, str],
        texts: Iterable[str],
        note: Callable[[str], None] = _nobody,
    ):
        self.values = values
        self._note = note
        self.token = re.compile(token_pattern(values))
        self.targets: dict[str, str] = {}
        found = (one for text in texts for one in addresses(text, self.token, self.restored))
        for target in islice(found, _MOST_TARGETS):
            self.targets[target] = self.restored(target)
        make = Events if self.targets or len(values) > _FEW else known_events
        for token, value in values.items():
            # The value is an address of the user's own; in its place it leads where it always led.
            if ADDRESS.fullmatch(value):
                self.targets[token] = value
            elif "@" in value and MAIL.fullmatch(value):
                self.targets[f"mailto:{token}"] = f"mailto:{value}"
        self.events = make(tuple(values), tuple(self.targets))

    def value(self, token: str) -> str | None:
        """The value of a placeholder as it came, or None if it is nobody's."""
        return self.values.get(token.replace("\\", ""))

    def whole(self, text: str) -> str | None:
        """What stands for an address or placeholder; None if it must stay."""
        return self.targets.get(text) or self.value(text)

    def restored(self, text: str) -> str:
        """A text with every placeholder restored."""
        return self.token.sub(self._value, text) if text else text

    def is_address(self, before: str, after: str) -> bool:
        """Whether what stands around a placeholder makes it part of an address."""
        return is_address(before, after, self.restored)

    def put_back(self, text: str, name: str = "") -> None:
        """Take note of the placeholders of a text whose values have been put back.

        `name` says that it is one.
        """
        if name:
            self._note(name)
            return
        for token in self.token.finditer(text):
            name = token.group().replace("\\", "")
            if name in self.values:
                self._note(name)

    def _value(self, match: re.Match[str]) -> str:
        text = match.string
        if is_word(text[: match.start()], text[match.end() :]):
            return self.value(match.group()) or match.group()
        return match.group()


class RestoreFilter(Scanner):
    """Restores one text. Holds back only what could still become a placeholder or an address."""

    def __init__(self, restorer: Restorer):
        super().__init__(None, restorer.events.longest)
        self._restorer = restorer
        self._events = restorer.events
        self._markup = Markup()
        self._run = ""
        self._line = ""
        self._passed: list[str] = []

    def feed(self, text: str, /) -> str:
        """Take the next piece, give what is certain."""
        if self._text or self._markup.active or self._events.begins(text):
            return super().feed(text)
        # As most do that come alone: it is looked at when it matters what was before.
        self._passed.append(text)
        if len(self._passed) == _MOST_PASSED:
            self._catch_up()
        return text

    def _catch_up(self) -> None:
        self._follow("".join(self._passed))
        self._passed = []

    def _take(self, text: str, at: int, final: bool, /) -> Taken | None:
        if self._passed:
            self._catch_up()
        if self._markup.active:
            if not self._markup.pending or self._markup.starts(text[at]):
                return self._inside(text, at, final)
            self._markup.clear()
        event = self._events.next(text, at)
        stop = event.start() if event else len(text)
        if not final and stop > len(text) - self._events.longest:
            stop = self._events.growing_from(text, at, stop)
        if stop == at:
            return self._event(event, text, at, final) if event and event.start() == at else None
        plain = text[at:stop]
        self._follow(plain)
        # In what is known not to be the end, the event need not be looked for once more.
        if not final and event and event.start() == stop:
            taken = self._event(event, text, stop, final)
            if taken is not None:
                return Taken(stop - at + taken.length, plain + taken.text)
        return Taken(stop - at, plain)

    def _event(self, event: re.Match[str], text: str, at: int, final: bool) -> Taken | None:
        if event["token"]:
            return self._token(event, text, final)
        if event["target"]:
            return self._target(event, text, final)
        if text[at] == "<":
            if angle := self._events.angle.match(text, at):
                restored = self._restorer.whole(angle[1])
                if restored is not None and not self._restorer.is_address(self._run, ""):
                    return self._put(angle.group(), f"<{restored}>")
            elif not final and self._events.growing(text, at):
                return None
        for char in event.group():
            self._markup.feed(char)
        return self._as_it_is(event.group())

    def _token(self, token: re.Match[str], text: str, final: bool) -> Taken | None:
        start, end = token.span()
        rest = rest_at(text, end)
        stop = end + len(rest)
        stop += text.startswith("]", stop)
        if not final and (
            (stop == len(text) and len(rest) < REACH) or self._events.growing(text, start)
        ):
            return None
        value = self._restorer.value(token.group())
        if (
            value is None
            or not is_word(self._run, rest)
            or text.startswith("]:", end)
            or self._restorer.is_address(self._run, rest)
        ):
            return self._as_it_is(token.group())
        return self._put(token.group(), value, token.group().replace("\\", ""))

    def _target(self, event: re.Match[str], text: str, final: bool) -> Taken | None:
        start, end = event.span()
        if not final and len(text) - end < _SENTENCE_END:
            return None
        if (
            _TARGET_END.match(text, end)
            and is_word(self._run, "")
            and not self._restorer.is_address(self._run, "")
        ):
            return self._put(event.group(), self._restorer.targets[event["target"]])
        token = self._restorer.token.match(text, start)
        return self._token(token, text, final) if token else self._as_it_is(text[start])

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
                        return self._put(target, restored)
                elif not final and target.startswith(text[at:]):
                    return None
        self._markup.feed(text[at])
        return self._as_it_is(text[at])

    def _put(self, token: str, value: str, name: str = "") -> Taken:
        """Restore: what is read from now on is the value, and whatever it may begin."""
        if self._markup.active or not _MARKUP.isdisjoint(value):
            for char in value:
                self._markup.feed(char)
        self._follow(value)
        self._restorer.put_back(token, name)
        return Taken(len(token), value)

    def _as_it_is(self, text: str) -> Taken:
        self._follow(text)
        return Taken(len(text), text)

    def _follow(self, text: str) -> None:
        """Remember the characters since the last space, as they are read."""
        if "\n" in text or "\r" in text:
            *ended, line = _LINE_END.split(self._line + text)
            for one in filter(None, ended[-2:]):
                self._markup.quoted = _QUOTED.match(one) is not None
            self._line = line[:_PREFIX]
        elif len(self._line) < _PREFIX:
            self._line = (self._line + text)[:_PREFIX]
        space = _TO_SPACE.match(text)
        self._run = text[space.end() :] if space else self._run + text
        if len(self._run) > _LONGEST_RUN:
            # Too long to be remembered in full: from here on it counts as an address.
            self._run = "//" + self._run[-REACH:]
