"""The documents, and the blocks of code in them.

A block is checked by the language that it names; `text` is for pictures and output. A Python block
that begins with a comment such as `# name.py` is a module: readers save it by that name, and so do
the tests. All modules of all documents stand in one folder, installed by the `pyproject.toml` that
is shown with them.
"""

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
GENERATED = ROOT / "docs" / "configuration.md"

_BLOCK = re.compile(r"^```(.*)\n((?:.*\n)*?)```$", re.MULTILINE)
_FILE = re.compile(r"# (\w+)\.py\n")


class Block(NamedTuple):
    """A fenced block: where it is, the language it names, and its text."""

    place: str
    language: str
    text: str

    @property
    def module(self) -> str:
        """The module that the block is, or an empty string."""
        found = _FILE.match(self.text)
        return found[1] if found and self.language == "python" else ""


class Site(NamedTuple):
    """A folder that a reader has made by following the documents, and the environment in it."""

    folder: Path
    variables: dict[str, str]


def blocks(*languages: str) -> list[Block]:
    """The blocks of all documents, those in these languages only if any are named."""
    return [one for one in _blocks() if not languages or one.language in languages]


def _blocks() -> Iterator[Block]:
    for path in DOCUMENTS:
        text = path.read_text("utf-8")
        for found in _BLOCK.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            yield Block(f"{path.name}:{line}", found[1], found[2])


def prose(path: Path) -> str:
    """A document without its blocks."""
    return _BLOCK.sub("", path.read_text("utf-8"))


def projects() -> list[dict[str, object]]:
    """What the documents show of `pyproject.toml`."""
    tables = [tomllib.loads(one.text)["project"] for one in blocks("toml") if is_project(one)]
    assert all("name" in table for table in tables)
    return tables


def is_project(block: Block) -> bool:
    """Whether a TOML block is a `pyproject.toml`, and no configuration."""
    return "[project]" in block.text


def offered() -> list[EntryPoint]:
    """The entry points of the projects that the documents show."""
    return [
        EntryPoint(name, value, group)
        for project in projects()
        for group, found in project.get("entry-points", {}).items()
        for name, value in found.items()
    ]


def install(folder: Path) -> Path:
    """Put the documents' modules into a folder, installed as far as Python can tell."""
    for one in blocks("python"):
        if one.module:
            path = folder / f"{one.module}.py"
            assert not path.exists(), f"{one.place}: there are two files of this name"
            path.write_text(one.text, "utf-8")
    info = folder / "documents-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: documents\nVersion: 1\n")
    groups: dict[str, list[str]] = {}
    for one in offered():
        groups.setdefault(one.group, []).append(f"{one.name} = {one.value}\n")
    text = "".join(f"[{group}]\n{''.join(lines)}" for group, lines in groups.items())
    (info / "entry_points.txt").write_text(text)
    return folder
