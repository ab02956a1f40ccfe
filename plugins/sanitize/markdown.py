r"""Makes Markdown harmless as it streams, for clients that render it.

Text is read once, from left to right, in pieces that are each decided for good:

- `<` that could begin a tag becomes `&lt;` (`< ` in formulas and doubtful code, where an entity
  would show); a plain autolink stays.
- The `!` of an image becomes `&#33;`, which leaves a link, unless the whole image is written
  plainly and may be loaded. Whether its reference is defined elsewhere thus never matters.
- The `]` before a link's or a definition's target becomes `&#93;`, which leaves text, unless the
  whole target is written plainly, on the same line, and may be followed.
- Code is left alone where it certainly is code: fences as `Blocks` believes them, and code spans
  that begin and end on one line. Where an unclosed backtick, a table cell, a formula, a bracket or
  a bare address could make a span end elsewhere, the rest of the paragraph is treated as text.

What stays is harmless also if a renderer reads it otherwise: no piece that is kept holds a mark
that another piece could pair with.
"""

import re

from pipeline import Scanner, Taken
from plugins.sanitize.blocks import Blocks, Window
from plugins.sanitize.urls import Images, Links

LONGEST = 4096
"""Characters that may be held back: a construct longer than this is neutralised."""

_NEWLINE = re.compile(r"\r\n?|\n")
_REST = re.compile(r"[^\r\n]+")
_PLAIN = re.compile(r"[^\\`<!\]$\r\n]+")
_WORD = re.compile(r"[^\s\\`<!\[\]$]+")
_NO_WORD = re.compile(r"[\s\[]")
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://|www\.|mailto:|xmpp:", re.IGNORECASE)
_DOMAIN = re.compile(r"\w\.\w\w+[/?:#]")
_DEFANG = re.compile(r"[.:](?=\w|//)")
_CLOSING = ".,;:?)\"'*_~"
_SPACES = re.compile(r"[ \t]")
_RUN = re.compile(r"`+")
_DOLLARS = re.compile(r"\$+")
_AUTOLINK_PART = re.compile(r"<[^\s<>`\\\[\]$\"'|]*>?")
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)[^>]+|[\w.+-]+@[\w.-]+)>", re.IGNORECASE)
_BARE_ADDRESS = re.compile(r"://|www\.", re.IGNORECASE)
_BESIDE_TAG = re.compile(r"[ \t\r\n0-9=-]")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_TARGET = r"""
    (?: <((?:https?://|mailto:)[^<>\\`\[\]\r\n]*)>
      | ((?:[^\s\\`<>()\[\]] | \([^\s\\`<>()\[\]]*\))*) )
    (?: [ \t]+ (?: "[^"\\`<>\[\]\r\n]*" | '[^'\\`<>\[\]\r\n]*' | \([^()\\`<>\[\]\r\n]*\) ) )?
    [ \t]*\)
"""
_LINK = re.compile(r"\]\([ \t]*" + _TARGET, re.VERBOSE | re.IGNORECASE)
_IMAGE = re.compile(r"!\[[^\\`<>\[\]$|\r\n]*\]\([ \t]*" + _TARGET, re.VERBOSE | re.IGNORECASE)
_DEFINITION = re.compile(r"\]:[ \t]*([^ \t\r\n]*)")
_DANGER = {"<": "&lt;", "!": "&#33;", "]": "&#93;"}


class Markdown(Scanner):
    """Neutralises raw HTML, dangerous links and images that may not be loaded."""

    def __init__(self, images: Images, links: Links):
        super().__init__(None, LONGEST)
        self._images = images
        self._links = links
        self._blocks = Blocks()
        self._at_line_start = True
        # Until the next blank line: code spans are in doubt, or these marks were seen outside one.
        self._doubt = self._bracket = self._dollar = False
        # Since the last white space: whether a bare address began, and the last characters seen.
        self._in_address = False
        self._tail = ""

    def _take(self, text: str, at: int, final: bool, /) -> Taken | None:
        end = min(len(text), at + LONGEST)
        full = end - at == LONGEST
        window = Window(text, at, end, final and not full, full)
        if self._at_line_start:
            stop = self._begin_line(window)
            if stop is None or stop > at:
                return None if stop is None else Taken(stop - at, text[at:stop])
        if newline := _NEWLINE.match(text, at, end):
            return self._newline(window, newline[0])
        if self._blocks.fence:
            return _keep(_REST, window)
        taken = self._inline(window)
        if taken is not None:
            self._look_for_address(text[at : at + taken.length])
        return taken

    def _look_for_address(self, piece: str) -> None:
        last = _SPACES.split(piece)[-1]
        if len(last) < len(piece):
            self._in_address, self._tail = False, ""
        seen = self._tail + last
        self._in_address = self._in_address or _BARE_ADDRESS.search(seen) is not None
        self._tail = seen[-3:]

    def _begin_line(self, window: Window) -> int | None:
        stop = self._blocks.begin(window)
        if stop is not None:
            self._at_line_start = False
            if self._blocks.blank:
                self._doubt = self._bracket = self._dollar = False
        return stop

    def _newline(self, window: Window, newline: str) -> Taken | None:
        if newline == "\r" and window.start + 1 == window.end and not window.done:
            return None
        self._at_line_start = True
        self._in_address, self._tail = False, ""
        return Taken(len(newline), "\n" if newline == "\r" else newline)

    def _inline(self, window: Window) -> Taken | None:
        match window.text[window.start]:
            case "\\":
                return self._backslash(window)
            case "`" if self._trusts_code:
                return self._code(window)
            case "<":
                return self._less_than(window)
            case "!":
                return self._image(window)
            case "]":
                return self._bracket_end(window)
            case "$":
                return self._dollars(window)
            case "`":
                return Taken(1, "`")
            case _:
                return self._word(window) if self._links.limited else self._plain(window)

    @property
    def _trusts_code(self) -> bool:
        return not (self._doubt or self._blocks.lost or self._blocks.math)

    def _plain(self, window: Window) -> Taken | None:
        taken = _keep(_PLAIN, window)
        self._bracket = self._bracket or "[" in taken.text
        return taken

    def _word(self, window: Window) -> Taken | None:
        """Breaks addresses that a client may make into links without being told to."""
        word = _WORD.match(window.text, window.start, window.end)
        if word is None:
            self._bracket = self._bracket or window.text[window.start] == "["
            return _keep(_NO_WORD, window)
        if word.end() == window.end and not window.done:
            return None
        starts = [address.start() for address in _ADDRESS.finditer(word[0])]
        if not starts and not _DOMAIN.search(word[0]):
            return Taken(len(word[0]), word[0])
        # A client takes everything up to the next space for a part of the address.
        after = window.at(word.end())
        alone = after.isspace() or after == "<" or (not after and window.ended)
        far = not starts or _DOMAIN.search(word[0][: starts[0]])
        judged = (word[0][start:].rstrip(_CLOSING) for start in starts)
        if alone and not far and all("://" in one and self._links.allow(one) for one in judged):
            return Taken(len(word[0]), word[0])
        return Taken(len(word[0]), _DEFANG.sub(r"[\g<0>]", word[0]))

    def _backslash(self, window: Window) -> Taken | None:
        if window.start + 3 > window.end and not window.done:
            return None
        escape = _ESCAPE.match(window.text, window.start, window.end)
        if escape is None:
            return Taken(1, "\\")
        after = window.at(window.start + 2)
        if escape[1] == "<" or (escape[1] == "!" and after == "["):
            return Taken(2, _DANGER[escape[1]])
        if escape[1] == "]" and after and after in "(:[":
            return Taken(2, _DANGER["]"])
        if escape[1] == "`":
            # Renderers differ on whether a backtick that comes next begins a code span.
            self._doubt = True
        return Taken(2, escape[0])

    def _code(self, window: Window) -> Taken | None:
        text, at, end = window.text, window.start, window.end
        run = _RUN.match(text, at, end)
        line = _REST.match(text, at, end)
        if run is None or line is None or (run.end() == end and not window.done):
            return None
        closing = re.compile(rf"(?<!`)`{{{len(run[0])}}}(?!`)")
        close = closing.search(text, run.end(), line.end())
        sure = close and (close.end() < end or window.ended)
        if not sure and line.end() == end and not window.done:
            return None
        if close and sure and not self._is_doubtful(text[run.end() : close.start()]):
            return Taken(close.end() - at, text[at : close.end()])
        self._doubt = True
        return Taken(len(run[0]), run[0])

    def _is_doubtful(self, code: str) -> bool:
        """Whether a table, a formula, a definition or an address could take one end of the span."""
        marked = (self._dollar and "$" in code) or (self._bracket and "]" in code)
        return marked or "|" in code or self._in_address

    def _dollars(self, window: Window) -> Taken | None:
        run = _keep(_DOLLARS, window)
        if window.start + run.length == window.end and not window.done:
            return None
        if self._blocks.math and run.length > 1:
            self._blocks.lose(window.start)
        self._dollar = True
        return run

    def _less_than(self, window: Window) -> Taken | None:
        part = _keep(_AUTOLINK_PART, window)
        stop = window.start + part.length
        if stop == window.end and not part.text.endswith(">") and not window.done:
            return None
        after = window.at(window.start + 1)
        if _BESIDE_TAG.match(after) or (not after and window.ended):
            return Taken(1, "<")
        link = _AUTOLINK.fullmatch(part.text)
        if link and self._links.allow(link[1]):
            return part
        safe = self._trusts_code and not self._dollar
        return Taken(1, _DANGER["<"] if safe else "< ")

    def _image(self, window: Window) -> Taken | None:
        after = window.at(window.start + 1)
        if not after and not window.done:
            return None
        if after != "[":
            return Taken(1, "!")
        if self._images:
            image = _IMAGE.match(window.text, window.start, window.end)
            if image is None and not _is_decided(window):
                return None
            if image and self._images.allow(image[1] or image[2]):
                return self._unit(image[0])
        return Taken(1, _DANGER["!"])

    def _bracket_end(self, window: Window) -> Taken | None:
        match window.at(window.start + 1):
            case "(":
                return self._link(window)
            case ":":
                return self._definition(window)
            case "" if not window.done:
                return None
            case _:
                return Taken(1, "]")

    def _link(self, window: Window) -> Taken | None:
        link = _LINK.match(window.text, window.start, window.end)
        if link is None and not _is_decided(window):
            return None
        if link and self._links.allow(link[1] or link[2]):
            return self._unit(link[0])
        return Taken(1, _DANGER["]"])

    def _definition(self, window: Window) -> Taken | None:
        definition = _DEFINITION.match(window.text, window.start, window.end)
        if definition is None or (definition.end() == window.end and not window.done):
            return None
        target = definition[1]
        cut = definition.end() == window.end and window.full
        # What else is in angle brackets is judged when they are reached.
        harmless = target and self._links.allow(target.lstrip("<"))
        return Taken(1, "]" if harmless and not cut else _DANGER["]"])

    def _unit(self, text: str) -> Taken:
        self._dollar = self._dollar or "$" in text
        return Taken(len(text), text)


def _keep(pattern: re.Pattern[str], window: Window) -> Taken:
    match = pattern.match(window.text, window.start, window.end)
    text = match[0] if match else window.text[window.start]
    return Taken(len(text), text)


def _is_decided(window: Window) -> bool:
    """Whether nothing that follows can complete what has not matched so far on this line."""
    if window.done:
        return True
    line = _REST.match(window.text, window.start, window.end)
    return line is None or line.end() < window.end
