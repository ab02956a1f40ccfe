"""Characters that look like others, each folded to the plain one that it stands for.

Digits, compatibility forms, spaces and dashes are folded wherever they are; a word of one length
stays one of that length. A letter of another script is folded only in a word that is not written in
that script: it is mixed with Latin letters or numbers, or part of a mail address, or the text has
Latin letters and not one letter that only the other script has. So Russian and Greek stay as they
are.
"""

import re
import unicodedata

import regex

from plugins.finding.shadow import Shadow

_ALIKE = """
A\u0410\u0391 B\u0412\u0392 C\u0421\u03f9 E\u0415\u0395 H\u041d\u0397 I\u0406\u04c0\u0399
J\u0408\u037f K\u041a\u039a M\u041c\u039c N\u039d O\u041e\u039f\u0555 P\u0420\u03a1 Q\u051a
S\u0405\u054f T\u0422\u03a4 U\u054d V\u0474 W\u051c X\u0425\u03a7 Y\u04ae\u0423\u03a5 Z\u0396
a\u0430 c\u0441\u03f2 d\u0501 e\u0435 h\u04bb i\u0456 j\u0458\u03f3 l\u04cf o\u043e\u03bf\u0585
p\u0440 q\u051b s\u0455 v\u0475\u03bd w\u051d x\u0445 y\u0443\u04af
"""
"""Latin letters, each with the Cyrillic, Greek and Armenian ones that nobody can tell from it."""

_SIMILAR = """
3\u0417\u0437 A\u13aa B\u13f4 C\u13df D\u13a0 E\u13ac G\u13c0 H\u13bb J\u13ab K\u13e6 L\u13de
M\u13b7 P\u13e2 R\u13a1 S\u13da T\u13a2 V\u13d9 W\u13b3 Y\u13a9 Z\u13c3 a\u03b1 b\u044c\u0432
e\u03b5 g\u0581 h\u043d\u0570 i\u03b9 j\u0575 k\u043a\u03ba m\u043c n\u043f\u03b7\u0578 o\u03c3
p\u03c1 q\u0566 r\u0433 t\u0442\u03c4 u\u0438\u03c5\u057d w\u03c9 x\u03c7 y\u03b3
"""
"""The same for letters of those scripts and Cherokee that are only much alike."""

_SMALL_CAPITALS = """
a\u1d00\u0251 b\u0299 c\u1d04 d\u1d05 e\u1d07 f\ua730 g\u0262\u0261 h\u029c i\u026a j\u1d0a
k\u1d0b l\u029f\u01c0 m\u1d0d n\u0274 o\u1d0f p\u1d18 r\u0280 s\ua731 t\u1d1b u\u1d1c v\u1d20
w\u1d21 y\u028f z\u1d22
"""

_SIGNS = {
    **dict.fromkeys("\u02d7\u2043\u2212\u2796", "-"),
    **dict.fromkeys("\u3002\uff61", "."),
    **dict.fromkeys("\u2044\u2215", "/"),
    **dict.fromkeys("\u0085\u2028\u2029", "\n"),
    **{"\u2236": ":", "\u2795": "+", "\u2800": " "},
}
_PROSE = "\u2013\u2014\u2015"
"""Dashes of ordinary prose. They count as hyphens only where no prose has them."""

_LETTERS = {0x1F150: "A", 0x1F170: "A", 0x1F1E6: "A"}
"""Where the letters in black circles and squares start, and those that flags are made of."""


def _table(*lists: str) -> dict[str, str]:
    return {sign: word[0] for words in lists for word in words.split() for sign in word[1:]}


_STRICT = _table(_ALIKE)
_LOOSE = _table(_ALIKE, _SIMILAR)
_CAPITALS = _table(_SMALL_CAPITALS)
_TO_STRICT = str.maketrans(_STRICT)
_TO_LOOSE = str.maketrans(_LOOSE)

_SCRIPTS = "\u0370-\u052f\u0531-\u0587\u10fb\u13a0-\u13ff\u1c80-\u1c8f\u1f00-\u1fff\uab70-\uabbf"
"""Greek, Cyrillic, Armenian, Cherokee."""
_FOREIGN = re.compile(f"[{_SCRIPTS}]")
_UNLIKE = re.compile(f"(?![{''.join(_LOOSE)}])[{_SCRIPTS}]")
_DIFFERENT = re.compile(f"(?![{''.join(_STRICT)}])[{_SCRIPTS}]")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
_WORD = re.compile(r"[^\s@]*@\S+|\w+")
_NUMBER = re.compile(r"\d\D*\d")

_SEVERAL = re.compile(
    r"[\ufb00-\ufb06\u2469-\u2473\u247d-\u249b\u249c-\u24b5\U0001f110-\U0001f129]"
)
_DASH = re.compile(rf"(?<=\w)\u2013(?=\w)|(?<=[\d)])[ \u00a0]?[{_PROSE}][ \u00a0]?(?=[\d(])")

_MARKED = regex.compile(
    r"(?:[\p{Latin}\p{Greek}\p{Cyrillic}\p{Common}]\p{M}+){3,}"
    r"|[\p{Latin}\p{Greek}\p{Cyrillic}\p{Common}]\p{M}+"
)
_MARKS = regex.compile(r"\p{M}+")
_MOST_MARKS = 4
_ACCENTED = re.compile(r"(?<!\w)(?=\w{0,40}\d)\w{0,40}[\u00c0-\u024f\u1e00-\u1eff]\w{0,40}")

_UNUSUAL = re.compile(
    "[^\t-\r -~"
    # Signs and letters of Latin script, quotation marks, the euro.
    "\xa1-\xa7\xa9\xab\xac\xae\xb0\xb1\xb6\xb7\xbb-\u017e\u2018-\u201e\u2020-\u2022\u2026\u20ac\u2122"
    # Hebrew, Arabic, Japanese, Chinese, Korean.
    "\u05d0-\u05ea\u0621-\u063a\u0641-\u064a\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3"
    # Arrows, pictures.
    "\u2190-\u21ff\u2600-\u26ff\U0001f300-\U0001f3fa\U0001f400-\U0001f64f\U0001f680-\U0001f6c5]"
)
_NUMBER_ACCENTED = re.compile(r"\d\w{0,40}[\u00c0-\u024f]")
_ACCENT_NUMBERED = re.compile(r"[\u00c0-\u024f]\w{0,40}\d")


def is_usual(text: str) -> bool:
    """Whether a text has only characters that are never folded, nor invisible."""
    if _UNUSUAL.search(text):
        return False
    return text.isascii() or not (_ACCENT_NUMBERED.search(text) or _NUMBER_ACCENTED.search(text))


def folded_signs(shadow: Shadow) -> Shadow:
    """With plain characters; the text holds no invisible ones any more."""
    if shadow.text.isascii():
        return shadow
    if _MARKS.search(shadow.text):
        shadow = shadow.rewritten(_MARKED, _marked)
    shadow = shadow.rewritten(_SEVERAL, lambda sign: unicodedata.normalize("NFKC", sign))
    text = shadow.text.translate(_PLAIN)
    text = _DASH.sub(_hyphen, text)
    text = _ACCENTED.sub(_bare, text)
    return shadow.respelt(_latin(text))


def _hyphen(match: re.Match[str]) -> str:
    return "".join(" " if char.isspace() else "-" for char in match[0])


def _marked(written: str) -> str:
    """A letter and its accents as one character, or without them if there is none.

    Three such letters in a row are no spelling of any language, and lose theirs.
    """
    bare = _MARKS.sub("", written)
    if len(bare) == 1 and len(written) <= _MOST_MARKS:
        composed = unicodedata.normalize("NFC", written)
        return composed if len(composed) == 1 else bare
    return bare


def _bare(match: re.Match[str]) -> str:
    """A word with digits, such as `DE89`, has no accents."""
    return "".join(unicodedata.normalize("NFD", char)[0] for char in match[0])


class _Plain(dict[int, str]):
    """A table for `str.translate`, filled as characters come up."""

    def __missing__(self, code: int) -> str:
        plain = self[code] = _plain(chr(code))
        return plain


_PLAIN = _Plain()


def _plain(char: str) -> str:
    """The plain character that one stands for."""
    if char.isascii() or char in _PROSE:
        return char
    if plain := _SIGNS.get(char) or _CAPITALS.get(char):
        return plain
    category = unicodedata.category(char)
    if category in ("Nd", "No") and (digit := unicodedata.digit(char, None)) is not None:
        return str(digit)
    if category == "Zs":
        return " "
    if category == "Pd":
        return "-"
    for first, letter in _LETTERS.items():
        if first <= ord(char) < first + 26:
            return chr(ord(letter) + ord(char) - first)
    alike = unicodedata.normalize("NFKC", char)
    return alike if len(alike) == 1 else char


def _latin(text: str) -> str:
    """With Latin letters where letters of other scripts imitate them."""
    if not _FOREIGN.search(text):
        return text
    imitates = bool(_LATIN.search(text)) and not _DIFFERENT.search(text)

    def word(match: re.Match[str]) -> str:
        written = match[0]
        if not _FOREIGN.search(written) or _UNLIKE.search(written):
            return written
        if "@" in written or _LATIN.search(written):
            return written.translate(_TO_LOOSE)
        if not _DIFFERENT.search(written) and (imitates or _NUMBER.search(written)):
            return written.translate(_TO_STRICT)
        return written

    return _WORD.sub(word, text)
