"""Where in a text a client might read a link, an image or an attribute.

Markdown and HTML have many readers, which disagree. Every reading that might be somebody's is
followed here at once, as a set of states that each character moves on: a tag may start at any `<`,
a link target at any `](`, a label at any `][`, a definition at any `]:`, an image at any `![`. A
place is safe only if no reading is inside of anything. Being wrong this way costs a placeholder
that stays; being wrong the other way would put a value into an address that somebody else sees.

Tags are read as HTML's tokenizer does (WHATWG HTML 13.2.5), links and definitions by a superset of
CommonMark 0.31 (6.3 and 4.7); styles and scripts, which fetch what they name, are unsafe to their
end. Only a blank line ends a reading of Markdown that never closes; a quoted attribute that goes on
over a blank line is read differently by everybody, and is never left.
"""

import re
from typing import TypeAlias

State: TypeAlias = tuple[str, str | int]
"""The state of one reading: its name, and the quote or tag that ends it or the depth it is at."""

_SPACE = " \t\n\f\r"
_PENDING = frozenset({"lt", "rb", "bang"})
_LINE_START = re.compile(r"[\n\r][ \t>]*$")
_UNDECIDED = _PENDING | {"rafter"}
"""States outside of everything, which the next character leaves or makes something of."""
_MARKDOWN = frozenset(
    """link0 lax0 link linkesc angle0 angle angleesc title titleesc ref0 rdest0 rdest rangle0 rangle
    rafter rtitle img imgesc""".split()
)
_FETCHING = ("script", "style")
_MAIL = frozenset(".!#$%&'*+/=?^_`{|}~-")
"""With ASCII letters and digits, what CommonMark takes for the name in `<name@host>`."""
_TARGET_ENDS = {"link0": ") \t\n", "angle0": ">", "ref0": " \t\n", "rangle0": ">"}


class Markup:
    """All readings of a text that are inside of something."""

    def __init__(self) -> None:
        self._states: set[State] = set()
        self._blank = False
        self._before = ""
        self.quoted = False
        """Whether the line before is in a block quote, and so `>` may begin this one."""

    @property
    def active(self) -> bool:
        """Whether the next character must be given to `feed`."""
        return bool(self._states)

    @property
    def pending(self) -> bool:
        """Whether nothing has begun, but the next character could begin it."""
        return all(name in _UNDECIDED for name, _ in self._states)

    def target_ends(self) -> str | None:
        """Which characters end a target that surely starts here; None if none does."""
        ends: set[str] = set()
        for name, extra in self._states:
            if name == "value0":
                ends.add(str(extra))
            elif name in _TARGET_ENDS:
                ends.add(_TARGET_ENDS[name])
            elif name not in ("lax0", "rdest0", "lt"):
                return None
        return ends.pop() if len(ends) == 1 else None

    def starts(self, char: str) -> bool:
        """Whether a pending beginning goes on with this character, or another one begins."""
        return any(self._step(state, char) for state in self._states) or char in "<]!"

    def clear(self) -> None:
        """Nothing has begun after all."""
        self._states = set()

    def feed(self, char: str) -> None:
        """Move every reading on by one character."""
        states: set[State] = set()
        if char == ">" and self.quoted and _LINE_START.search(self._before):
            states |= self._states
        for state in self._states:
            states.update(self._step(state, char))
        if char == "<":
            states.add(("lt", ""))
        elif char == "]":
            states.add(("rb", ""))
        elif char == "!":
            states.add(("bang", ""))
        if char == "\n":
            if self._blank:
                states = {_after_blank_line(state) for state in states} - {("", "")}
            self._blank = True
        elif char not in " \t\r":
            self._blank = False
        self._states = states if len(states) < 2 else _deepest(states)
        self._before = (self._before + char)[-32:]

    def _step(self, state: State, char: str) -> tuple[State, ...]:
        name, extra = state
        if name == "poison":
            return (state,)
        if name == "raw":
            return _in_raw(state, (self._before + char).lower())
        if name in _PENDING:
            return _begin(name, char)
        if name in _MARKDOWN:
            return _in_markdown(name, extra, char, self._before[-1:])
        return _in_tag(name, extra, char)


def _begin(name: str, char: str) -> tuple[State, ...]:
    if name == "lt" and char.isascii() and char.isalpha():
        return (("name", char.lower()),)
    if name == "lt" and (char in _MAIL or char in "0123456789"):
        return (("mail", ""),)
    if name == "rb" and char in "([:":
        return ({"(": ("link0", ""), "[": ("img", 0), ":": ("ref0", "")}[char],)
    if name == "bang" and char == "[":
        return (("img", 0),)
    return ()


def _after_blank_line(state: State) -> State:
    name, _ = state
    if name in ("value0", "value"):
        return ("poison", "")
    return ("", "") if name in _MARKDOWN else state


def _deepest(states: set[State]) -> set[State]:
    """Without readings that end where a deeper one of the same name is still inside."""
    depths: dict[str, int] = {}
    for name, depth in states:
        if isinstance(depth, int):
            depths[name] = max(depth, depths.get(name, 0))
    return {one for one in states if isinstance(one[1], str)} | set(depths.items())


def _in_tag(name: str, extra: str | int, char: str) -> tuple[State, ...]:
    if name == "name":
        return _in_tag_name(str(extra), char)
    if name == "mail":
        return () if char == ">" or char in _SPACE else (("mail", ""),)
    if name in ("value0", "value"):
        return (("aftervalue", ""),) if char == extra else (("value", extra),)
    if char == ">":
        return ()
    if char in _SPACE:
        following = {"attr": "afterattr", "unquoted": "before", "aftervalue": "before"}
        return ((following.get(name, name), ""),)
    if name == "eq":
        return (("value0", char),) if char in "\"'" else (("unquoted", ""),)
    if name == "unquoted":
        return (("unquoted", ""),)
    if char == "/":
        return (("before", ""),)
    if char == "=" and name in ("attr", "afterattr"):
        return (("eq", ""),)
    return (("attr", ""),)


def _in_raw(state: State, tail: str) -> tuple[State, ...]:
    if tail.endswith("<!--"):
        # A comment hides the end of a script from some; see "script data double escaped state".
        return (("poison", ""),)
    # `</scripts` ends no script: the name of a tag ends with a space, `/` or `>`.
    ends = tail[-1] in _SPACE + "/>" and tail.endswith(f"</{state[1]}", 0, -1)
    return () if ends else (state,)


def _in_tag_name(tag: str, char: str) -> tuple[State, ...]:
    if char not in _SPACE and char not in "/>":
        tag += char.lower()
        return (("name", tag if any(one.startswith(tag) for one in _FETCHING) else "-"),)
    raw: tuple[State, ...] = (("raw", tag),) if tag in _FETCHING else ()
    return raw if char == ">" else (("before", ""), *raw)


def _in_markdown(name: str, extra: str | int, char: str, before: str) -> tuple[State, ...]:
    if name in ("link0", "lax0", "link", "linkesc"):
        return _in_link(name, extra, char, before)
    if name in ("angle0", "angle"):
        if char == "\\":
            return (("angleesc", ""),)
        return (("link", 0),) if char == ">" else (("angle", ""),)
    if name == "title":
        if char == "\\":
            return (("titleesc", extra),)
        return (("link", 0),) if char == extra else (("title", extra),)
    if name in ("angleesc", "titleesc", "imgesc"):
        return ((name.removesuffix("esc"), extra),)
    if name == "img":
        return _in_image(int(extra), char)
    return _in_definition(name, extra, char)


def _in_link(name: str, extra: str | int, char: str, before: str) -> tuple[State, ...]:
    depth = 0 if name in ("link0", "lax0") else int(extra)
    if name == "linkesc":
        return (("link", depth),)
    if name == "link0":
        if char in _SPACE:
            return (("link0", ""),)
        if char == "<":
            return (("angle0", ""), ("lax0", ""))
    if char == "\\":
        return (("linkesc", depth),)
    if char == "(":
        return (("link", depth + 1),)
    if char == ")":
        return (("link", depth - 1),) if depth else ()
    if char in "\"'" and (name == "link0" or before in _SPACE):
        return (("link", depth), ("title", char))
    return (("link", depth),)


def _in_image(depth: int, char: str) -> tuple[State, ...]:
    if char == "\\":
        return (("imgesc", depth),)
    if char == "[":
        return (("img", depth + 1),)
    if char == "]":
        return (("img", depth - 1),) if depth else ()
    return (("img", depth),)


def _in_definition(name: str, extra: str | int, char: str) -> tuple[State, ...]:
    if name == "rtitle":
        return () if char == extra else (("rtitle", extra),)
    if name in ("rangle0", "rangle"):
        return (("rafter", ""),) if char == ">" else (("rangle", ""),)
    if name == "rafter":
        if char in _SPACE:
            return (("rafter", ""),)
        close = {'"': '"', "'": "'", "(": ")"}.get(char)
        return (("rtitle", close),) if close else ()
    if char in _SPACE:
        return (("ref0", ""),) if name == "ref0" else (("rafter", ""),)
    if name == "ref0" and char == "<":
        return (("rangle0", ""), ("rdest0", ""))
    return (("rdest", ""),)
