"""Law 2 in Anthropic's Messages: every string of a request and of a reply reaches the plugins."""

from typing import Any

import pytest
from anthropic.types.beta.message_count_tokens_params import (
    MessageCountTokensParams as BetaCountParams,
)
from anthropic.types.beta.message_create_params import (
    MessageCreateParamsNonStreaming as BetaParams,
)
from anthropic.types.message_count_tokens_params import MessageCountTokensParams
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming
from classified import unclassified
from msgspec.structs import replace

from pipeline.dialects.anthropic.layout import LAYOUT

REQUESTS = [MessageCreateParamsNonStreaming, BetaParams, MessageCountTokensParams, BetaCountParams]


@pytest.mark.parametrize("kind", REQUESTS)
def test_every_string_of_the_sdks_requests_is_classified(kind: Any):
    assert unclassified(LAYOUT, kind) == {}


@pytest.mark.parametrize("name", ["messages", "system", "metadata", "tools", "stop_sequences"])
def test_a_path_that_is_not_classified_is_found(name: str):
    fields = {key: node for key, node in LAYOUT.fields.items() if key != name}
    found = unclassified(replace(LAYOUT, fields=fields), MessageCreateParamsNonStreaming)
    assert any(path.startswith(name) for path in found)
