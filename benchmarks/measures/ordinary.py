"""Text in which nothing is personal: code, logs and version strings, out of the standard library.

The same for the same version of Python. Lines that name people or addresses are left out, as are
comments of authors, so that whatever is found is a false alarm.
"""

import ast
import random
import re
import sys
import sysconfig
import warnings
from collections.abc import Iterator
from pathlib import Path

LINES = 2_000
BLOCK = 20
"""Lines in one text, which is what people paste."""

_PERSONAL = re.compile(
    r"@\w|copyright|author|written by|contributed|thanks|credit|maintain|www\.|http|guido|"
    r"\b(?:mr|dr|phone|street|born)\b",
    re.IGNORECASE,
)
_LEVELS = ("DEBUG", "INFO", "INFO", "WARNING", "ERROR")


def texts() -> list[str]:
    """The lines, in blocks."""
    draw = random.Random(3)
    lines = [
        *_code(draw, "*.py", LINES * 5 // 10),
        *_code(draw, "test/test_*.py", LINES * 2 // 10),
        *_logs(draw, LINES * 2 // 10),
        *_versions(draw, LINES // 10),
    ]
    return ["\n".join(lines[at : at + BLOCK]) for at in range(0, len(lines), BLOCK)]


def _code(draw: random.Random, pattern: str, count: int) -> list[str]:
    """Blocks of consecutive lines from files of the standard library."""
    out: list[str] = []
    files = _files(pattern)
    while len(out) < count:
        lines = [line for line in _read(draw.choice(files)).splitlines() if line.strip()]
        start = draw.randrange(max(1, len(lines) - BLOCK))
        block = lines[start : start + BLOCK]
        if len(block) == BLOCK and not any(map(_PERSONAL.search, block)):
            out += block
    return out[:count]


def _logs(draw: random.Random, count: int) -> Iterator[str]:
    """Log lines whose messages are those that the standard library raises."""
    messages = sorted(
        {
            (path.stem, text)
            for path in _files("*.py")
            for text in _messages(_read(path))
            if not _PERSONAL.search(text)
        }
    )
    for _ in range(count):
        module, text = draw.choice(messages)
        text = re.sub(r"%[sr]|\{[^}]*\}", lambda _: f"{draw.choice(messages)[0]!r}", text)
        text = re.sub(r"%[dixX]", lambda _: str(draw.randrange(100_000)), text)
        stamp = (
            f"2024-{draw.randrange(1, 13):02}-{draw.randrange(1, 29):02} "
            f"{draw.randrange(24):02}:{draw.randrange(60):02}:{draw.randrange(60):02}"
        )
        level = draw.choice(_LEVELS)
        yield draw.choice(
            [
                f"{stamp},{draw.randrange(1000):03} {level} {module}: {text}",
                f"{stamp.replace(' ', 'T')}Z [{level.lower()}] {module}[{draw.randrange(32768)}] "
                f"{text} took={draw.random():.4f}s",
                f'127.0.0.1 - - [{stamp}] "GET /{module}/{draw.randrange(10**6)} HTTP/1.1" '
                f"{draw.choice([200, 304, 404])} {draw.randrange(10**5)}",
            ]
        )


def _versions(draw: random.Random, count: int) -> Iterator[str]:
    """Lines of package lists, release names and digests."""
    modules = sorted(name for name in sys.stdlib_module_names if not name.startswith("_"))
    for _ in range(count):
        name = draw.choice(modules)
        version = ".".join(str(draw.randrange(40)) for _ in range(draw.choice([2, 3, 3, 3, 4])))
        yield draw.choice(
            [
                f"{name}=={version}",
                f"{name}>={version},<{draw.randrange(40, 60)}",
                f"{name} {version}.post{draw.randrange(9)} (build {draw.getrandbits(32):08x})",
                f"v{version}-rc{draw.randrange(9)}: {name} {draw.getrandbits(160):040x}",
                f"{name}-{version}-cp311-cp311-manylinux_2_17_x86_64.whl "
                f"{draw.randrange(10**4, 10**8)} bytes",
            ]
        )


def _files(pattern: str) -> list[Path]:
    folder = Path(sysconfig.get_paths()["stdlib"])
    # One module is a poem in a cipher.
    return sorted(path for path in folder.glob(pattern) if path.name != "this.py")


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="ignore")


def _messages(source: str) -> Iterator[str]:
    """The texts of the errors that a module raises and of what it logs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            first = node.args[0]
            if isinstance(first, ast.BinOp):
                first = first.left
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                text = " ".join(first.value.split())
                if 20 < len(text) < 100:
                    yield text
