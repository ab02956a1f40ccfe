"""What a request needs of a model, in each dialect."""

from typing import Any

import pytest

from pipeline.dialects.anthropic import AnthropicMessages
from pipeline.dialects.openai import OpenAIChat

PDF = {"type": "base64", "media_type": "application/pdf", "data": "QUJD"}
TEXT = {"type": "text", "media_type": "text/plain", "data": "x"}
IMAGE = {"type": "image", "source": {"type": "url", "url": "https://x/"}}
SCHEMA = {"type": "json_schema", "schema": {}}


def body(*parts: Any, **more: Any) -> Any:
    return {"model": "m", "messages": [{"role": "user", "content": list(parts)}], **more}


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (body({"type": "text", "text": "x"}), set()),
        (body({"type": "image_url", "image_url": "https://x/"}), {"vision"}),
        (body({"type": "input_audio"}, {"type": "file"}), {"audio", "files"}),
        (body(tools=[{}], response_format={"type": "json_object"}), {"tools", "json"}),
        (body(functions=[{}], response_format={"type": "text"}), {"tools"}),
        (body(modalities=["text", "audio"], tools=[]), {"audio"}),
        (body(stream=True), set()),
        ({"model": "m", "messages": [{"content": "x"}]}, set()),
    ],
)
def test_openai(request_: Any, expected: set[str]):
    assert OpenAIChat().facts(request_).needs == expected


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (body({"type": "text", "text": "x"}), set()),
        (body(IMAGE), {"vision"}),
        (body({"type": "document", "source": PDF}), {"files"}),
        (body({"type": "document", "source": TEXT}), set()),
        (body({"type": "tool_result", "content": [IMAGE]}), {"vision"}),
        (body({"type": "tool_result", "content": "x"}, "odd"), set()),
        (body(tools=[{}], output_config={"format": SCHEMA}), {"tools", "json"}),
        (body(tools=[], output_config={"effort": "low"}), set()),
    ],
)
def test_anthropic(request_: Any, expected: set[str]):
    assert AnthropicMessages().facts(request_).needs == expected


def test_facts_of_a_message():
    facts = AnthropicMessages().facts(body(stream=True, metadata={"user_id": "u"}))
    assert (facts.model, facts.stream, facts.user) == ("m", True, "u")
