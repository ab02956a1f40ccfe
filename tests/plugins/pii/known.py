"""The plugin with a recogniser that knows what it finds: what follows from a finding is exact."""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import cast

from msgspec import field

from pipeline import Exchange, Step
from plugins.finding.spans import Span
from plugins.pii import Pii, PiiStep
from plugins.pii.joined import may_join
from plugins.pii.memory import Memory
from plugins.pii.recogniser import Recogniser, RecogniserFailed
from plugins.pii.step import Planned

ANNA, BO = "Anna Berg", "Bo Ek"
MAIL = "anna@berg.example"
CARD = "4111 1111 1111 1111"


class Knowing:
    """A recogniser that finds these values as they are written, and no other spelling."""

    def __init__(self, values: Mapping[str, str], fails_on: str = ""):
        self._values = values
        self._fails_on = fails_on
        self._pattern = re.compile("|".join(map(re.escape, values)) or "(?!)")

    async def find(
        self, texts: Sequence[str], *, ner: Sequence[bool] | bool = True, degraded: object = None
    ) -> list[list[Span]]:
        if self._fails_on and any(self._fails_on in text for text in texts):
            raise RecogniserFailed("it was told to")
        return [
            [
                Span(*at.span(), self._values[at[0]], 0.9, "pattern")
                for at in self._pattern.finditer(text)
            ]
            for text in texts
        ]

    def joins(self, text: str) -> bool:
        return may_join(text)

    def without_model(self, texts: Sequence[str]) -> set[str]:
        return set()


class KnowingPii(Pii, frozen=True, kw_only=True):
    """`pii`, but what it finds is written down."""

    values: Mapping[str, str] = field(
        default_factory=lambda: {
            ANNA: "PERSON",
            BO: "PERSON",
            MAIL: "EMAIL_ADDRESS",
            CARD: "CREDIT_CARD",
        }
    )

    fails_on: str = ""

    async def start(self, stack: AsyncExitStack) -> Callable[[Exchange], Step]:
        return partial(
            PiiStep,
            self,
            cast(Recogniser, Knowing(self.values, self.fails_on)),
            b"key",
            Memory(9, Planned),
        )
