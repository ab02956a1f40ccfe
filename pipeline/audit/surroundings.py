"""What the process leaves around it while it is audited: what it prints and the files it writes."""

import os
import sys
import tempfile
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

_PASSED_OVER = frozenset(
    (
        ".git .hg .svn .venv venv node_modules site-packages __pycache__ .mypy_cache .ruff_cache "
        ".pytest_cache .hypothesis"
    ).split()
)
"""Folders of tools, which may be huge. The process has no business there."""

_MOST_ENTRIES = 200_000
_MOST_BYTES = 32 * 1024 * 1024


class Surroundings:
    """Folders to look into, and the process's output, which goes to a file for the time being."""

    def __init__(self, folder: Path, output: Path, folders: Iterable[Path]):
        self.folder = folder
        self._output = output
        self._folders = [folder, *folders]
        # File systems round the times of files.
        self._began = time.time() - 2
        self.partial = False

    def output(self) -> bytes:
        """All that the process and its children have printed."""
        sys.stdout.flush()
        sys.stderr.flush()
        return self._output.read_bytes()

    def files(self) -> Iterator[tuple[Path, bytes]]:
        """Every file that has been written meanwhile, with what is in it.

        `partial` is set if there were too many files, or one too large to look at.
        """
        seen: set[Path] = {self._output}
        for folder in self._folders:
            for number, path in enumerate(_walk(folder)):
                if number >= _MOST_ENTRIES:
                    self.partial = True
                    break
                if path not in seen and (content := self._content(path)) is not None:
                    seen.add(path)
                    yield path, content

    def _content(self, path: Path) -> bytes | None:
        try:
            facts = path.stat()
            if facts.st_mtime < self._began:
                return None
            if facts.st_size > _MOST_BYTES:
                self.partial = True
                return None
            # The path is looked through too: a value may be in a file's name.
            return os.fsencode(path) + b"\n" + path.read_bytes()
        except OSError:
            return None  # It is gone again, or not ours to read.


@contextmanager
def surroundings(config: Path) -> Generator[Surroundings]:
    """Give the process a folder of its own for temporary files, and keep what it prints."""
    with tempfile.TemporaryDirectory(prefix="privet-", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        output = folder / "output"
        places = dict.fromkeys((Path.cwd().resolve(), config.resolve().parent))
        with output.open("ab") as file, _temporary(folder), _printing_to(file.fileno(), output):
            yield Surroundings(folder, output, places)


@contextmanager
def _temporary(folder: Path) -> Generator[None]:
    """Let temporary files be made in this folder, also by child processes."""
    names = ("TMPDIR", "TEMP", "TMP")
    before = {name: os.environ.get(name) for name in names}
    default = tempfile.tempdir
    os.environ.update(dict.fromkeys(names, str(folder)))
    tempfile.tempdir = str(folder)
    try:
        yield
    finally:
        tempfile.tempdir = default
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _printing_to(file: int, path: Path) -> Generator[None]:
    """Let everything printed go to a file: by Python, by libraries in C, by child processes."""
    sys.stdout.flush()
    sys.stderr.flush()
    before = [(number, os.dup(number)) for number in (1, 2)]
    for number, _ in before:
        os.dup2(file, number)
    try:
        with path.open("a", encoding="utf-8") as text, redirect_stdout(text), redirect_stderr(text):
            yield
    finally:
        for number, copy in before:
            os.dup2(copy, number)
            os.close(copy)


def _walk(folder: Path) -> Iterator[Path]:
    for at, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in _PASSED_OVER]
        yield from (Path(at, name) for name in files)
