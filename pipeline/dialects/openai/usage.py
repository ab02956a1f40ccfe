"""What a reply says of its tokens."""

from typing import TypeGuard

from pipeline.core.catalog import Usage
from pipeline.core.jsonvalue import Json


def usage(said: Json) -> Usage | None:
    """The figures of `usage`; None if some are missing, negative or do not add up.

    Some servers send zeros until they know better.
    """
    if not isinstance(said, dict):
        return None
    sent, made = said.get("prompt_tokens"), said.get("completion_tokens")
    if not _is_count(sent) or not _is_count(made) or not sent:
        return None
    total = said.get("total_tokens", sent + made)
    return Usage(sent, made) if total == sent + made else None


def _is_count(value: Json) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
