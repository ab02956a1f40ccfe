"""Redaction: personal data leaves the house as placeholders and comes back as itself.

In `pre`, what the recogniser finds is replaced by placeholders such as `PERSON_1`; in `post`, the
placeholders of this exchange, and of no other, are replaced by what they stand for.
"""

from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from hashlib import blake2b
from typing import ClassVar

from pipeline import Exchange, PrivetError, Start, Step
from plugins.pii.exchange_options import ExchangeOptions
from plugins.pii.memory import Memory
from plugins.pii.recogniser import RecogniserFailed, open_recogniser
from plugins.pii.step import PiiStep, Planned

_PLANS = 128
"""Requests that may come again."""


class Pii(ExchangeOptions, frozen=True, kw_only=True):
    """Replaces personal data by placeholders on the way out and restores it on the way back."""

    step: ClassVar[type[Step] | None] = PiiStep

    async def start(self, stack: AsyncExitStack) -> Callable[[Exchange], Step]:
        """Start the recogniser's processes."""
        try:
            recogniser = await open_recogniser(stack, self)
        except RecogniserFailed as error:
            # What keeps a worker from starting holds names alone, and is worth being shown.
            raise PrivetError(str(error)) from None
        key = blake2b(self.identity_key.encode()).digest() if self.identity_key else b""
        plans = Memory(_PLANS, Planned)
        return partial(PiiStep, self, recogniser, key or Start.current().key("pii"), plans)
