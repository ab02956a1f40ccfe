"""Ways to write a value so that a reader, or a model, still understands it."""

import html
from base64 import b64encode
from collections.abc import Callable
from json import dumps
from typing import NamedTuple
from urllib.parse import quote

from pipeline.audit.canaries import Canary

_LOOKALIKE = str.maketrans("aceiopxyABCEHKMOPTX", "асеіорхуАВСЕНКМОРТХ")  # noqa: RUF001
_WIDE = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


class Encoding(NamedTuple):
    """A way to write. A `code` is for whole texts, anything else for a value in its sentence."""

    name: str
    write: Callable[[str], str]
    code: bool = False
    parts: int = 1

    def message(self, canary: Canary) -> list[str]:
        """The parts of a message that says the canary's sentence in this way."""
        if self.code:
            return [self.write(canary.sentence)]
        before, _, after = canary.sentence.partition(canary.value)
        first, *rest = self.pieces(canary)
        return [before + first, *rest[:-1], rest[-1] + after] if rest else [before + first + after]

    def pieces(self, canary: Canary) -> list[str]:
        """What of the value stands in each part."""
        written = self.write(canary.value)
        half = len(written) // 2
        return [written[:half], written[half:]] if self.parts == 2 else [written]


def _json(text: str) -> str:
    return dumps({"text": text})


def _percent(text: str) -> str:
    return quote(text, safe="")


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode()


def _hexadecimal(text: str) -> str:
    return text.encode().hex()


def _html_twice(text: str) -> str:
    return html.escape("".join(f"&#{ord(char)};" for char in text))


def _with(table: dict[int, int]) -> Callable[[str], str]:
    def write(text: str) -> str:
        return text.translate(table)

    return write


def _without(old: str, new: str) -> Callable[[str], str]:
    def write(text: str) -> str:
        return text.replace(old, new)

    return write


def _twice(once: Callable[[str], str]) -> Callable[[str], str]:
    def write(text: str) -> str:
        return once(once(text))

    return write


def _each(form: str) -> Callable[[str], str]:
    return lambda text: "".join(form.format(ord(char)) for char in text)


def _between(sign: str, every: int = 1) -> Callable[[str], str]:
    return lambda text: sign.join(text[at : at + every] for at in range(0, len(text), every))


def _in_half(sign: str) -> Callable[[str], str]:
    return lambda text: text[: len(text) // 2] + sign + text[len(text) // 2 :]


ENCODINGS = (
    Encoding("as it is", str),
    Encoding("upper case", str.upper, code=True),
    Encoding("lower case", str.lower, code=True),
    Encoding("JSON", _json, code=True),
    Encoding("JSON in JSON", _twice(_json), code=True),
    Encoding("JSON escapes", _each("\\u{:04x}"), code=True),
    Encoding("percent", _percent, code=True),
    Encoding("percent, every character", _each("%{:02x}"), code=True),
    Encoding("percent, twice", _twice(_percent), code=True),
    Encoding("HTML, decimal", _each("&#{};"), code=True),
    Encoding("HTML, hexadecimal", _each("&#x{:x};"), code=True),
    Encoding("HTML in HTML", _html_twice, code=True),
    Encoding("base64", _base64, code=True),
    Encoding("hexadecimal", _hexadecimal, code=True),
    Encoding("full-width characters", _with(_WIDE)),
    Encoding("Arabic digits", _with(_ARABIC)),
    Encoding("look-alike letters", _with(_LOOKALIKE)),
    Encoding("zero-width spaces inside", _between("\u200b")),
    Encoding("soft hyphens inside", _between("\xad", 3)),
    Encoding("combining marks", _between("\u0332")),
    Encoding("non-breaking spaces", _without(" ", "\xa0")),
    Encoding("other dashes", _without("-", "\u2011")),
    Encoding("line end inside", _in_half("\n")),
    Encoding("spaced out", _between(" ")),
    Encoding("split over two parts", str, parts=2),
)
