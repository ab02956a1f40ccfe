"""Every wire protocol that clients may speak."""

from collections.abc import Mapping

from pipeline.core.dialect import Dialect
from pipeline.core.layout import opaque_names
from pipeline.dialects.anthropic import AnthropicMessages
from pipeline.dialects.openai import OpenAIChat, OpenAIEmbeddings


def dialects() -> Mapping[str, Dialect]:
    """All of them by name, the common tongue first."""
    return {one.name: one for one in (OpenAIChat(), OpenAIEmbeddings(), AnthropicMessages())}


def uninspected() -> set[str]:
    """What they call the content that cannot be inspected."""
    return set[str]().union(*(opaque_names(one.layout) for one in dialects().values()))
