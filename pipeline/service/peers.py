"""What the other processes of the service know, so that it does not matter which one is asked."""

from collections.abc import Callable, Sequence
from typing import Protocol

Answer = Callable[[str], bytes | None]
"""What this process knows of a question; None if it knows nothing."""


class Peers(Protocol):
    """The other processes."""

    @property
    def degraded(self) -> int:
        """Exchanges of all processes in which a part of a plugin failed and another was enough."""
        ...

    def degrade(self) -> None:
        """This process had one of them."""
        ...

    async def ask(self, question: str) -> Sequence[bytes]:
        """What the others know of something."""
        ...


class Nobody:
    """There are no others."""

    def __init__(self) -> None:
        self.degraded = 0

    def degrade(self) -> None:
        """Count one."""
        self.degraded += 1

    async def ask(self, question: str) -> Sequence[bytes]:
        """Nothing."""
        return ()
