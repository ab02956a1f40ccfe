"""What tests measure, told when all have run."""

from collections import defaultdict
from collections.abc import Callable, Iterator

import pytest

Figure = Callable[[str, float], None]
"""Keeps what was measured, by its name."""


class Figures:
    """All that was measured."""

    def __init__(self) -> None:
        self._found = defaultdict[str, list[float]](list)

    def keep(self, name: str, value: float) -> None:
        """Keep what was measured, by its name."""
        self._found[name].append(value)

    def lines(self) -> Iterator[str]:
        """Each name with the least and the most that was measured."""
        for name, found in self._found.items():
            yield f"{name}: {min(found):.1f} to {max(found):.1f} in {len(found)} rounds"


FIGURES = pytest.StashKey[Figures]()
"""Where pytest keeps them for one run."""
