"""Reads documents and cuts them into passages.

A passage is as many whole paragraphs as fit; a heading starts a new one. A paragraph that does not
fit is cut between sentences, else between words, else where it must.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

SUFFIXES = frozenset({".txt", ".md"})

_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n)+")
_HEADING = re.compile(r"#{1,6}[ \t]")
_SENTENCE = re.compile(r"[.!?]\s|[\n\u3002\uff01\uff1f]")
_SPACE = re.compile(r"\s")


class Passage(NamedTuple):
    """Some text of a document; `source` is the document's path below its folder."""

    source: str
    text: str


def read(path: Path) -> str:
    """The text of a file in UTF-8, with line ends as `\\n`; raises ValueError if it is not that."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        # The cause holds the file's bytes.
        raise ValueError(f"`{path}` is not text in UTF-8; convert it or take it away") from None


def read_folder(folder: Path, length: int) -> list[Passage]:
    """The passages of all documents in a folder and below it, in the order of their paths."""
    return [
        Passage(path.relative_to(folder).as_posix(), text)
        for path in documents(folder)
        for text in cut(read(path), length)
    ]


def cut(text: str, length: int) -> Iterator[str]:
    """The passages of a text, none longer than `length` characters."""
    held = ""
    for paragraph in _BLANK_LINES.split(text):
        if not paragraph.strip():
            continue
        joined = f"{held}\n\n{paragraph}" if held else paragraph
        starts = bool(_HEADING.match(paragraph)) or len(joined) > length
        if held and starts and not _ends_in_heading(held):
            yield held
            joined = paragraph
        *full, held = _pieces(joined.rstrip(), length)
        yield from full
    if held:
        yield held


def _ends_in_heading(text: str) -> bool:
    last = text.rpartition("\n\n")[2]
    return "\n" not in last and bool(_HEADING.match(last))


def documents(folder: Path) -> Iterator[Path]:
    """The documents in a folder, in the order of paths; raises OSError if there is no folder."""
    if not folder.is_dir():
        raise NotADirectoryError(f"there is no folder `{folder}`; correct the path")
    root = folder.resolve()
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() not in SUFFIXES or not path.is_file():
            continue
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        # A link must not bring in what lies elsewhere.
        if not hidden and path.resolve().is_relative_to(root):
            yield path


def _pieces(text: str, length: int) -> list[str]:
    """The text in pieces that fit."""
    pieces: list[str] = []
    at = 0
    while len(text) - at > length:
        end = _cut(text, at, at + length)
        pieces.append(text[at:end].strip())
        at = end
    last = text[at:].lstrip() if pieces else text
    return [piece for piece in pieces if piece] + [last]


def _cut(text: str, start: int, limit: int) -> int:
    """The best position for a cut, not in the first half of what fits."""
    half = (start + limit + 1) // 2
    for boundary in (_SENTENCE, _SPACE):
        ends = [match.end() for match in boundary.finditer(text, half, limit)]
        if ends:
            return ends[-1]
    return limit
