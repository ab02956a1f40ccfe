"""What a value looks like: made by a machine, thought up by a person, or no value at all."""

import math
import re
from base64 import b64decode
from collections import Counter

_TEMPLATE = re.compile(
    r"""
    \$?[({<\[%@*]+[^\n]*[)}>\]%@*]+     # ${…} {{…}} <…> %(…)s [REDACTED] ****
    | \$\w+ | %\w+%? | \{\w*            # $NAME %NAME% %s
    | (.)\1*                            # one character, over and over
    | (?:your|enter|insert|replace|some)[ _-]?(?:\w+[ _-]?)*
    """,
    re.VERBOSE | re.IGNORECASE,
)
_ALGORITHM = re.compile(
    r"(?:AES|ARIA|CAMELLIA|X?CHACHA20|XSALSA20|SM4|3?DES|RSA|SHA|MD5|HMAC|PBE|SCRAM|[HREP]S\d{3})"
    r"[A-Za-z0-9]*(?:[-_/+][A-Z0-9][A-Za-z0-9]*)*"
)
_CODE = re.compile(
    r"""
    (?:[A-Za-z][\w+.-]*:/)?/[\w./:-]+ | \.{1,2}/\S+ | ~/\S* | [A-Za-z]:\\\S*      # paths
    | [A-Za-z_$][\w$]*(?:(?:\.|::|->)[A-Za-z_$][\w$]*)+(?:\(.*|\[.*)?             # a.b(…)
    | [A-Za-z_][\w.]*[(\[{].*                                                    # f(…), x[…]
    """,
    re.VERBOSE,
)
_NOTHING = frozenset(
    """none null nil nothing true false yes no on off undefined void empty required optional str
    string text int integer bytes bytearray object any bool boolean char varchar byte self password
    passwd pass pwd passwort kennwort passphrase secret token key apikey credentials credential
    user username login email name value input field default unknown redacted removed hidden masked
    omitted placeholder todo tbd env environ process config settings request
    args kwargs data header basic bearer digest prompt public private incorrect wrong invalid
    correct valid expired missing changed reset set not stored sent hashed encrypted protected weak
    strong case here there this that the and or in with by from for of a an to is""".split()
)
_PROSE = re.compile(
    r"\b(?:your|enter|please|must|should|cannot|invalid|incorrect|wrong|the|an|is|are|was|for|not"
    r"|and|or|with|again|does|required|missing|confirm|forgot|reset|repeat|type|use|used|if)\b",
    re.IGNORECASE,
)
_PIECE = re.compile(r"[A-Za-z0-9]+")
_LOWER_RUN = re.compile(r"[a-z]{3,}")
_HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_CHANGE = re.compile(r"(?<=[a-z])(?=[A-Z0-9])|(?<=[A-Z])(?=[a-z0-9])|(?<=[0-9])(?=[A-Za-z])")


def is_no_value(value: str) -> bool:
    """Whether this stands for a value: a type, a variable, a call, a template, a blank."""
    word = value.strip("\"'`.,;:!?()[]{}<>-_ ").casefold()
    return (
        not word
        or word in _NOTHING
        or _TEMPLATE.fullmatch(value) is not None
        or _ALGORITHM.fullmatch(value) is not None
    )


def is_code(value: str) -> bool:
    """Whether this is a path, a name with dots or a call, and no part of it a key."""
    return _CODE.fullmatch(value) is not None and len(_longest(value)) < 16


def is_prose(value: str) -> bool:
    """Whether this is a sentence or a label rather than a password of some words."""
    return " " in value and (_PROSE.search(value) is not None or value.endswith((":", "?", "...")))


def looks_chosen(value: str) -> bool:
    """Whether no plain word or name of code looks like this."""
    return not re.fullmatch(r"[^\W\d]+(?:-[^\W\d]+)*[.,;:!?)]*", value)


def looks_made(value: str) -> bool:
    """Whether a machine may have made this: letters and digits mixed in one long piece."""
    if _UUID.fullmatch(value):
        return entropy(value) >= 2
    longest = _longest(value)
    if len(longest) >= 8:
        return entropy(longest) >= 2
    return len(value) >= 16 and (value.isdigit() or looks_random(value, least=16))


def looks_random(value: str, *, least: int = 24) -> bool:
    """Whether nobody would write or name anything like this, whatever stands around it.

    Hexadecimal digits alone never do: hashes, commits and UUIDs are made of them. Names in capitals
    and small letters have runs of small ones, and text in base64 can be read.
    """
    letters = "".join(_PIECE.findall(value))
    if len(letters) < least or _HEX.fullmatch(letters):
        return False
    in_words = sum(map(len, _LOWER_RUN.findall(letters)))
    return (
        not letters.isalpha()
        and len(_CHANGE.findall(letters)) >= 0.33 * len(letters)
        and in_words <= 0.5 * len(letters)
        and entropy(value) >= 0.78 * math.log2(len(value))
        and not _readable(value)
    )


def lowered(text: str) -> str:
    """The text in small letters, every character in its place."""
    small = text.lower()
    if len(small) == len(text):
        return small
    return "".join(char.lower() if len(char.lower()) == 1 else char for char in text)


def entropy(value: str) -> float:
    """Shannon's entropy of the characters, in bits per character."""
    size = len(value)
    return -sum(n / size * math.log2(n / size) for n in Counter(value).values()) if size else 0.0


def _longest(value: str) -> str:
    """The longest piece with both letters and digits."""
    return max((piece for piece in _PIECE.findall(value) if _mixed(piece)), key=len, default="")


def _readable(value: str) -> bool:
    """Whether this is text in base64."""
    data = value.rstrip("=")
    try:
        text = b64decode(
            data[: len(data) // 4 * 4], altchars=b"-_" if "-" in data or "_" in data else None
        )
    except ValueError:
        return False
    return sum(32 <= byte < 127 or byte in b"\r\n\t" for byte in text) >= 0.95 * len(text)


def _mixed(piece: str) -> bool:
    return not piece.isalpha() and not piece.isdigit()
