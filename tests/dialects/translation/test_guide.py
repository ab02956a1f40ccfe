"""The guide says what becomes of every member."""

from pathlib import Path

import pytest

from pipeline.dialects.anthropic.layout import CONTEXT
from pipeline.dialects.translation import (
    anthropic_from_openai,
    conversation,
    ollama_from_openai,
    openai_from_anthropic,
    openai_messages,
    settings,
)
from pipeline.dialects.translation.members import Members

GUIDE = Path(__file__).parents[3] / "docs" / "backends.md"
TABLES = [
    one
    for module in (
        anthropic_from_openai,
        conversation,
        ollama_from_openai,
        openai_from_anthropic,
        openai_messages,
        settings,
    )
    for one in vars(module).values()
    if isinstance(one, Members)
]
UNLISTED = {"index", "model", "messages", "stream", "tools", CONTEXT}
"""What needs no words."""


@pytest.mark.parametrize("table", TABLES)
def test_the_guide_has_what_is_left_out_and_what_passes(table: Members):
    guide = GUIDE.read_text("utf-8").partition("## Between protocols")[2]
    named = {*table.harmless, *table.neutral}
    if "model" in table.carried:
        named |= table.carried
    missing = {one for one in named - UNLISTED if f"`{one}`" not in guide}
    assert not missing
