"""One exchange: what is known about a request and its reply besides their text."""

import os
import time

from msgspec import Struct, field

from pipeline.core.catalog import Usage
from pipeline.core.receipt import Receipt

CHAT = "chat"
"""What is asked for mostly."""


def new_id() -> str:
    """128 unguessable bits, as 32 hexadecimal digits."""
    return os.urandom(16).hex()


class Attempt(Struct, frozen=True):
    """An attempt at a backend that failed, and how: an error's code."""

    backend: str
    outcome: str


class Exchange(Struct, kw_only=True):
    """What plugins may know of the request at hand; it holds no message text.

    `deadline` is on the clock of `time.monotonic`, in seconds. `user` is what the client says about
    its user, and not proven. `labels` may be added to by plugins; the receipt shows them. `receipt`
    is where plugins report what they found. `times` collects the seconds that each plugin took,
    `attempts` the backends that failed before the one that replied. `usage` is known in the end.
    """

    id: str = field(default_factory=new_id)
    dialect: str = ""
    pipeline: str = ""
    model: str = ""
    stream: bool = False
    user: str | None = None
    principal: str | None = None
    tenant: str | None = None
    session: str | None = None
    deadline: float = float("inf")
    labels: set[str] = set()
    receipt: Receipt = field(default_factory=Receipt)
    times: dict[str, float] = {}
    attempts: list[Attempt] = []
    usage: Usage | None = None

    @property
    def endpoint(self) -> str:
        """What is asked for: `chat`, or what the dialect's name says, such as `embeddings`."""
        return self.dialect.partition("-")[2] or CHAT

    @property
    def remaining(self) -> float:
        """Seconds until the deadline; negative once it has passed."""
        return self.deadline - time.monotonic()
