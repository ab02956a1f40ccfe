"""One spelling for a request: Unicode form, line ends, invisible characters, white space.

Cleaning twice is cleaning once, and the time is linear in the text. Letters keep their case.

An invisible character stays where it is part of how its neighbours are written, one of a kind:

- a zero-width joiner between emoji, and a joiner or non-joiner next to a letter of a script that
  shapes by them (Arabic, Indic, Mongolian and their relatives);
- a variation selector after the visible character that it selects a variant of;
- the tag characters of a flag, as in the flag of Scotland, if they are a well-formed code;
- a zero-width space between letters of a script that writes no spaces (Thai, Lao, Khmer, Burmese);
- a grapheme joiner before a combining mark.

Everywhere else it hides text from whoever looks for it, and goes.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import ClassVar, Literal

import anyio.to_thread

from pipeline import Exchange, Maybe, Plugin, Request, Step, Text

Invisible = Literal["zero-width", "bidi", "control"]
Role = Literal["system", "developer", "user", "assistant", "tool", "function"]

ON_THE_LOOP = 20_000
"""Characters up to which a request is cleaned at once; a longer one is cleaned in a thread."""

LONGEST_MARKS = 30
"""Combining marks that may follow one another, as in the Stream-Safe Text Format of UAX 15."""

MOST_BLANK_LINES = 2

_CLASSES: Mapping[Invisible, str] = {
    "zero-width": "\u00ad\u034f\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f\ufe00-\ufe0f"
    "\ufeff\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff",
    "bidi": "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069",
    # Line ends are none of these: they are `line_ends`' business.
    "control": "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f",
}

_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_SPARE_SPACE = re.compile(r"[ \t]\n|(?:\A|\n)\n\n\n")
_FENCE = re.compile(r"[ \t>]*+(?:(?:[-+*]|\d{1,9}[.)])[ \t]++)*+(?P<fence>`{3,}+(?=[^`]*$)|~{3,}+)")
# No letter, digit or space, but perhaps a mark; shorter runs cannot hold too many of them.
_PERHAPS_MARKS = re.compile(r"[^\w\s\x00-\u02ff]{14,}")

_EMOJI = re.compile(
    "[\xa9\xae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf\u2934\u2935"
    "\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
)
_SHAPED = re.compile(
    "[\u0600-\u109f\u1700-\u1aaf\u1b00-\u1c4f\u1cd0-\u1cff\ua800-\uab2f\uabc0-\uabff\ufb50-\ufdff"
    "\ufe70-\ufefe\U00010a00-\U00011fff\U0001e900-\U0001e95f]"
)
_SPACELESS = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1950-\u19ff\u1a20-\u1aaf\ua980-\ua9ff\uaa00-\uaadf]"
)
_MONGOLIAN = re.compile("[\u1800-\u18af]")
_IDEOGRAPH = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_BLACK_FLAG = "\U0001f3f4"
_FLAG_CODE = re.compile("[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f")


class Normalizing(Step):
    """Cleans the texts of any request; keeps nothing of one."""

    __slots__ = ("_invisible", "_options")

    def __init__(self, options: "Normalize"):
        self._options = options
        classes = "".join(_CLASSES[name] for name in sorted(options.remove))
        self._invisible = re.compile(f"[{classes}]+") if classes else None

    def on_request(self, request: Request) -> Maybe[None]:
        """Clean the texts of the chosen roles."""
        roles = self._options.roles
        texts = [one for one in request.texts() if one.kind == "text" and one.role in roles]
        if sum(len(one.text) for one in texts) > ON_THE_LOOP:
            return anyio.to_thread.run_sync(self._clean_all, texts)
        return self._clean_all(texts)

    def clean(self, text: str) -> str:
        """The text in one spelling, with the white space that it has."""
        if self._options.line_ends:
            text = _LINE_ENDS.sub("\n", text)
        text = self._formed(text)
        visible = self._visible(text)
        # What was taken out may have stood between characters that now compose.
        return text if visible == text else self._formed(visible)

    def _clean_all(self, texts: Sequence[Text]) -> None:
        for one in texts:
            text = self.clean(one.text)
            in_json = one.path.endswith("*")
            one.text = text if in_json or self._options.white_space == "keep" else trim(text)

    def _formed(self, text: str) -> str:
        if self._options.form == "none" or text.isascii():
            return text
        return unicodedata.normalize(self._options.form, stream_safe(text))

    def _visible(self, text: str) -> str:
        if self._invisible is None:
            return text
        parts: list[str] = []
        base, done = "", 0
        for run in self._invisible.finditer(text):
            base = _last_base(text, done, run.start()) or base
            following = text[run.end() : run.end() + 1]
            parts += [text[done : run.start()], _needed(run.group(), base, following)]
            done = run.end()
        return "".join(parts) + text[done:]


class Normalize(Plugin, frozen=True):
    """One spelling for the texts of a request; works in `pre`.

    Keys, numbers and identities stay as they are.
    """

    step: ClassVar[type[Step] | None] = Normalizing

    form: Literal["NFC", "NFD", "NFKC", "NFKD", "none"] = "NFC"
    """The Unicode normalization form (UAX 15). The compatibility forms NFKC and NFKD change meaning
    now and then: `m²` becomes `m2`.
    """

    line_ends: bool = True
    r"""Whether every line end that Unicode knows (CR, CRLF, NEL, VT, FF, LS, PS) becomes `\n`."""

    remove: frozenset[Invisible] = frozenset({"zero-width", "bidi", "control"})
    """The invisible characters to take out, but for those that belong to the writing around them.
    """

    white_space: Literal["trim", "keep"] = "trim"
    """`trim` removes spaces and tabs at the ends of lines, and all but two of several blank lines;
    fenced code, strings inside JSON and the last line keep theirs.
    """

    roles: frozenset[Role] = frozenset({"user"})
    """The roles of the messages to work on."""

    def problems(self) -> list[str]:
        """Options with which nothing is ever done."""
        if not self.roles:
            return ["roles: it is empty, so nothing is normalized; name a role, such as `user`"]
        if (
            self.form == "none"
            and self.white_space == "keep"
            and not self.line_ends | bool(self.remove)
        ):
            return ["every option is off, so nothing is normalized; set one or leave it out"]
        return []

    def start(self, stack: AsyncExitStack) -> Callable[[Exchange], Step]:
        """Nothing is kept of an exchange: one step serves all."""
        step = Normalizing(self)
        return lambda _exchange: step


def trim(text: str) -> str:
    """Without spaces and tabs at line ends and without long runs of blank lines.

    Left alone: fenced code (CommonMark 4.5, and any indentation), and what follows the last line
    end, because the text may go on in another part of its message.
    """
    if not _SPARE_SPACE.search(text):
        return text
    *lines, last = text.split("\n")
    kept: list[str] = []
    fence: re.Match[str] | None = None
    blank = 0
    for line in lines:
        if fence is not None:
            kept.append(line)
            fence = None if _closes(line, fence) else fence
            continue
        line = line.rstrip(" \t")
        blank = 0 if line else blank + 1
        if blank <= MOST_BLANK_LINES:
            kept.append(line)
        fence = _FENCE.match(line)
    return "\n".join([*kept, last])


def _closes(line: str, fence: re.Match[str]) -> bool:
    """Whether a line ends the fenced code that `fence` opened."""
    mark = line.lstrip(" \t>")
    indent = len(line) - len(mark)
    mark = mark.rstrip()
    opened = fence["fence"]
    long_enough = len(mark) >= len(opened) and not mark.strip(opened[0])
    return long_enough and indent <= fence.start("fence") + 3


def stream_safe(text: str) -> str:
    """With a grapheme joiner in every run of more than 30 combining marks (UAX 15, section 13).

    Python sorts the marks of a run in quadratic time: a text of marks alone would take minutes.
    """
    return _PERHAPS_MARKS.sub(_break_marks, text)


def _break_marks(run: re.Match[str]) -> str:
    before = run.string[max(0, run.start() - 1) : run.start()]
    count = _marks(before)[1]
    parts: list[str] = []
    for char in run.group():
        leading, trailing, only = _marks(char)
        if count + leading > LONGEST_MARKS:
            parts.append("\u034f")
            count = 0
        parts.append(char)
        count = count + leading if only else trailing
    return "".join(parts)


def _marks(char: str) -> tuple[int, int, bool]:
    """How many marks the decomposed character starts and ends with, and if it is nothing else."""
    marks = [bool(unicodedata.combining(one)) for one in unicodedata.normalize("NFKD", char)]
    if all(marks):
        return len(marks), len(marks), True
    return marks.index(False), marks[::-1].index(False), False


def _last_base(text: str, start: int, end: int) -> str:
    """The last character between `start` and `end` that is no combining mark.

    The base, and not the mark before a joiner, because normalizing reorders marks.
    """
    for index in range(end - 1, start - 1, -1):
        if not unicodedata.combining(text[index]):
            return text[index]
    return ""


def _needed(run: str, base: str, following: str) -> str:
    """What of a run of invisible characters belongs to the writing around it."""
    if base == _BLACK_FLAG and (code := _FLAG_CODE.match(run)):
        return code.group()
    selector = joiner = ""
    for char in run:
        if not selector and not joiner and _selects(char, base):
            selector = char
        elif not joiner and _joins(char, base, following):
            joiner = char
    return selector + joiner


def _selects(char: str, base: str) -> bool:
    """Whether a variation selector has a character to select a variant of."""
    if "\ufe00" <= char <= "\ufe0f":
        return bool(base) and not base.isspace() and unicodedata.category(base) not in {"Cc", "Cf"}
    if "\U000e0100" <= char <= "\U000e01ef":
        return bool(_IDEOGRAPH.match(base))
    return char in "\u180b\u180c\u180d\u180f" and bool(_MONGOLIAN.match(base))


def _joins(char: str, base: str, following: str) -> bool:
    """Whether a joiner changes how the characters around it are written."""
    mark = bool(following) and unicodedata.combining(following) > 0
    match char:
        case "\u200c" | "\u200d":
            shaped = _SHAPED.match(base) or (not mark and _SHAPED.match(following))
            emoji = _EMOJI.match(base) and _EMOJI.match(following)
            return bool(shaped or (char == "\u200d" and emoji))
        case "\u200b":
            return bool(_SPACELESS.match(base) and _SPACELESS.match(following) and not mark)
        case "\u180e":
            return bool(_MONGOLIAN.match(base))
        case "\u034f":
            return mark
        case _:
            return False
