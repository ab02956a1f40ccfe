"""Counting tokens here, with a model's own tokenizer, for backends that do not count."""

from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, cast

from pipeline.core.errors import PrivetError

PACKAGE = "tokenizers"

Counter = Callable[[Iterable[str]], int]
"""How many tokens some texts have together."""


class _Encoding(Protocol):
    ids: list[int]


class _Tokenizer(Protocol):
    def encode(self, sequence: str, *, add_special_tokens: bool) -> _Encoding:
        """The tokens of a text."""
        ...


class _Tokenizers(Protocol):
    def from_file(self, path: str) -> _Tokenizer:
        """A tokenizer from its file."""
        ...


def problem(path: str) -> str:
    """Why a tokenizer cannot be used; empty if it can."""
    if find_spec(PACKAGE) is None:
        return f"the package `{PACKAGE}` is not installed; install it, or leave this out"
    if not Path(path).is_file():
        return "there is no such file; name a `tokenizer.json`"
    return ""


def counter(path: str) -> Counter:
    """A counter by a `tokenizer.json`; raises PrivetError if it cannot be read."""
    tokenizers = cast(_Tokenizers, import_module(PACKAGE).Tokenizer)
    try:
        tokenizer = tokenizers.from_file(path)
    except Exception:  # The package raises no other kind.
        raise PrivetError(f"the tokenizer `{path}` cannot be read; name another one") from None

    def count(texts: Iterable[str]) -> int:
        return sum(len(tokenizer.encode(one, add_special_tokens=False).ids) for one in texts)

    return count
