"""All translators, and the way from one dialect to another."""

from collections.abc import Collection, Sequence

from pipeline.core.translator import Translator
from pipeline.dialects.translation.anthropic_from_openai import AnthropicFromOpenAI
from pipeline.dialects.translation.ollama_from_openai import OllamaFromOpenAI
from pipeline.dialects.translation.openai_from_anthropic import OpenAIFromAnthropic

COMMON = "openai"
"""The dialect that every way of two steps leads over."""

TRANSLATORS: tuple[Translator, ...] = (
    AnthropicFromOpenAI(),
    OllamaFromOpenAI(),
    OpenAIFromAnthropic(),
)


def way(
    source: str, targets: Collection[str], translators: Sequence[Translator] = TRANSLATORS
) -> Sequence[Translator] | None:
    """The translators from `source` to one of `targets`: none of them, one, two over OpenAI's chat.

    None if there is no way.
    """
    if source in targets:
        return ()
    direct = _from(source, targets, translators)
    if direct is not None:
        return (direct,)
    first = _from(source, {COMMON}, translators)
    second = _from(COMMON, targets, translators)
    return None if first is None or second is None else (first, second)


def _from(
    source: str, targets: Collection[str], translators: Sequence[Translator]
) -> Translator | None:
    found = (one for one in translators if one.source == source and one.target in targets)
    return next(found, None)
