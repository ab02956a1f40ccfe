r"""Where the code blocks of a Markdown text are, line by line, and when that is not certain.

Only fenced blocks count. A fence is believed where CommonMark, its relatives and its common
extensions cannot differ: at the margin, in list items that are marked plainly, and in a plain block
quote. Where a fence may or may not be one, or ends other than by its closing line, nothing in the
rest of the text is believed to be code any more (`lost`): code is then shown a little altered, and
never the reverse. Indented code is not believed at all: what it is depends on too much above it.
"""

import re
from typing import NamedTuple

_HEAD = re.compile(r"[ \t>+*_0-9.)-]*")
_ITEM = re.compile(r"(?:[-+*]|([0-9]{1,9})[.)]) {1,4}(?! )")
_SPACE = re.compile(r"[ \t]*")
_LINE = re.compile(r"[^\r\n]*")
_OPENING = re.compile(r"(`{3,}|~{3,})[^`<\[\]!\\$]*")
_FENCE = re.compile(r"`{3,}[^`]*|~{3,}.*")
_DEEPEST = 60


class Window(NamedTuple):
    """The part of a text that may be looked at, and what is known of its end.

    `ended` means that the text ends there, `full` that no more may be looked at.
    """

    text: str
    start: int
    end: int
    ended: bool
    full: bool

    @property
    def done(self) -> bool:
        """Whether waiting for more text is of no use."""
        return self.ended or self.full

    def at(self, position: int) -> str:
        """The character at `position`, or nothing at the window's end."""
        return self.text[position] if position < self.end else ""

    def ends_line(self, position: int) -> bool:
        """Whether a line is known to end at `position`."""
        return self.at(position) in ("\r", "\n") if position < self.end else self.ended


class Fence(NamedTuple):
    """An open code fence. `column` is where its line began, `nested` whether a list may hold it."""

    mark: str
    length: int
    column: int
    quoted: bool
    nested: bool


class Blocks:
    """Follows the lines of one text by their beginnings.

    `fence` is the open fence, `lost` as above, `math` whether a `$$` block is open, and `blank`
    whether the line that was begun last has nothing on it.
    """

    def __init__(self) -> None:
        self.fence: Fence | None = None
        self.lost = False
        self.math = False
        self.blank = True
        self._items: list[int] = []
        self._listed = False
        self._after_blank = True

    def begin(self, window: Window) -> int | None:
        """Read the beginning of a line; returns where the rest of it starts, None to see more."""
        if self.lost:
            return window.start
        if self.fence:
            return self._inside(window, self.fence)
        return self._outside(window)

    def lose(self, position: int) -> int:
        """Believe nothing from here on."""
        self.fence = None
        self.lost = True
        return position

    def _inside(self, window: Window, fence: Fence) -> int | None:
        at = window.start
        if fence.quoted:
            if window.at(at) != ">" or window.at(at + 1) == "\t":
                return self.lose(at)
            if at + 1 == window.end and not window.done:
                return None
            at += 2 if window.at(at + 1) == " " else 1
        stop = _end(_SPACE, window, at)
        if stop == window.end and not window.done:
            return None
        if window.ends_line(stop):
            return stop
        column = len(window.text[at:stop].expandtabs(4))
        if window.at(stop) == fence.mark:
            return self._maybe_close(window, fence, stop, column)
        if fence.nested and column < fence.column:
            return self.lose(stop)
        return stop

    def _maybe_close(self, window: Window, fence: Fence, at: int, column: int) -> int | None:
        run = at
        while window.at(run) == fence.mark:
            run += 1
        stop = _end(_SPACE, window, run)
        if stop == window.end and not window.done:
            return None
        closes = run - at >= fence.length and (stop == window.end or window.ends_line(stop))
        if not closes:
            return self.lose(at) if fence.nested and column < fence.column else stop
        if "\t" in window.text[window.start : at] or (stop == window.end and not window.ended):
            return self.lose(stop)
        if column >= (fence.column if fence.nested else 0) + 4:
            return stop
        if fence.nested and column != fence.column:
            return self.lose(stop)
        self.fence = None
        self._after_blank = True
        return stop

    def _outside(self, window: Window) -> int | None:
        stop = _end(_HEAD, window, window.start)
        if stop == window.end and not window.done:
            return None
        head = window.text[window.start : stop]
        self.blank = window.ends_line(stop) and not head.strip()
        if self.blank:
            self._after_blank = True
            return stop
        if stop == window.end or window.ends_line(stop):
            self._listed = self._listed or bool(head.strip())
            self._leave(_indent(head))
        elif window.at(stop) in "`~$":
            line = _end(_LINE, window, stop)
            if line == window.end and not window.done and _may_open(window.text[stop:line]):
                return None
            return self._special(window, head, stop, line)
        else:
            self._container(head)
        self._after_blank = False
        return stop

    def _special(self, window: Window, head: str, stop: int, line: int) -> int:
        """A line whose content begins with a mark of code or of a display formula."""
        rest = window.text[stop:line]
        column = self._container(head)
        self._after_blank = False
        if rest.startswith("$"):
            if rest.strip() == "$$" and column is not None and column < 4:
                self.math = not self.math
                return line
            if "$$" in rest and (rest.count("$$") != 2 or "$$$" in rest):
                return self.lose(stop)
            return stop
        if not _FENCE.fullmatch(rest):
            return stop
        opening = _OPENING.fullmatch(rest)
        cut = line == window.end and not window.ended
        if column is None or opening is None or cut or self.math:
            return self.lose(stop)
        quoted = head.startswith(">")
        nested = column > 0 and (self._listed or quoted)
        self.fence = Fence(rest[0], len(opening[1]), column, quoted, nested)
        return line

    def _container(self, head: str) -> int | None:
        """Enter and leave list items; the column of the content, None where it is uncertain."""
        if "\t" in head:
            self._items.clear()
            self._listed = True
            return None
        if head.startswith(">"):
            self._items.clear()
            inner = head[2:] if head[1:2] == " " else head[1:]
            if inner.strip() or len(inner) > 3:
                self._listed = True
                return None
            return len(inner)
        at = _indent(head)
        was_inside = self._leave(at)
        if at - (self._items[-1] if self._items else 0) > 3:
            self._listed = self._listed or bool(head.strip())
            return None
        first = True
        while item := _ITEM.match(head, at):
            self._listed = True
            number = int(item[1] or 1)
            begins = self._after_blank or was_inside or not first or number == 1
            if not begins or item.end() > _DEEPEST:
                return None
            at, first = item.end(), False
            self._items.append(at)
        if head[at:].strip():
            self._listed = True
            return None
        return len(head)

    def _leave(self, indent: int) -> bool:
        """Leave the list items that a line so far to the left is not in; whether there were any."""
        before = len(self._items)
        while self._items and self._items[-1] > indent:
            self._items.pop()
        return len(self._items) < before


def _end(pattern: re.Pattern[str], window: Window, at: int) -> int:
    match = pattern.match(window.text, at, window.end)
    return match.end() if match else at


def _indent(head: str) -> int:
    return len(head) - len(head.lstrip(" "))


def _may_open(rest: str) -> bool:
    """Whether what is seen of a line may still become a fence or a display formula."""
    run = len(rest) - len(rest.lstrip(rest[0]))
    return run == len(rest) or run >= (2 if rest[0] == "$" else 3)
