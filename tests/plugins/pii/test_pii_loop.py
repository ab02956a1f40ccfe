"""Redacting a large request does not keep the event loop from others."""

from collections.abc import Sequence
from typing import cast

import anyio

from pipeline import Exchange, Request
from pipeline.dialects.openai import OpenAIChat
from plugins.finding.spans import Span
from plugins.pii import Pii, PiiStep
from plugins.pii.joined import may_join
from plugins.pii.memory import Memory
from plugins.pii.recogniser import Recogniser
from plugins.pii.step import Planned


class EveryTenthWord:
    """A recogniser that takes no time."""

    async def find(
        self, texts: Sequence[str], *, ner: Sequence[bool], degraded: object
    ) -> list[list[Span]]:
        return [
            [Span(at, at + 9, "ID", 0.9, "pattern") for at in range(0, len(text) - 9, 100)]
            for text in texts
        ]

    def joins(self, text: str) -> bool:
        return may_join(text)

    def without_model(self, texts: Sequence[str]) -> set[str]:
        return set()


def test_others_go_on_while_much_is_redacted() -> None:
    content = "".join(f"{number:09d} " for number in range(60_000))
    body = {"model": "m", "messages": [{"role": "user", "content": content}]}
    request = Request(body, OpenAIChat().layout, lambda *_: ("", {}))
    step = PiiStep(
        Pii(), cast(Recogniser, EveryTenthWord()), b"key", Memory(1, Planned), Exchange(id="1")
    )
    ticks = 0

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(tick)
            await step.on_request(request)
            tasks.cancel_scope.cancel()

    async def tick() -> None:
        nonlocal ticks
        while True:
            await anyio.sleep(0.001)
            ticks += 1

    anyio.run(main)
    assert request.texts()[0].text.startswith("ID_1 000000001 ")
    assert ticks >= 5
