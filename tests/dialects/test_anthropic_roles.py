"""Whose texts are whose in Messages, which has no messages of tools; policies go by roles."""

from typing import Any

import pytest

from pipeline import Rejected, testing
from pipeline.core.request import Request
from pipeline.dialects.anthropic import AnthropicMessages
from tests.plugins.pii.known import MAIL, KnowingPii

MESSAGES = AnthropicMessages()
DEEP: Any = [{"type": "document", "source": {"type": "content", "content": [{"text": "said"}]}}]


def ask(*messages: Any, **more: Any) -> Any:
    return {"model": "m", "max_tokens": 9, "messages": [*messages], **more}


def turn(role: str, *blocks: Any) -> Any:
    return {
        "role": role,
        "content": [{"type": "text", "text": "before"}, *blocks, {"text": "after"}],
    }


def roles(body: Any) -> dict[str, str]:
    texts = Request(body, MESSAGES.layout, MESSAGES.add_context).texts()
    return {one.text: one.role for one in texts}


@pytest.mark.parametrize("system", ["Be brief", [{"type": "text", "text": "Be brief"}]])
def test_system_text_is_the_systems(system: Any):
    assert roles(ask(turn("user"), system=system, stop_sequences=["x"])) == {
        "Be brief": "system",
        "before": "user",
        "after": "user",
        "x": "",
    }


@pytest.mark.parametrize(
    "said", ["said", '{"a": "said"}', [{"type": "text", "text": "said"}], DEEP]
)
@pytest.mark.parametrize(
    ("role", "kind"),
    [
        ("user", "tool_result"),
        ("assistant", "mcp_tool_result"),
        ("assistant", "web_search_tool_result"),
    ],
)
def test_what_a_tool_gave_is_the_tools(said: Any, role: str, kind: str):
    if kind != "tool_result" and isinstance(said, str):
        said = "said"
    found = roles(ask(turn(role, {"type": kind, "tool_use_id": "t", "content": said})))
    assert (found["before"], found["said"], found["after"]) == (role, "tool", role)


def test_the_policy_of_a_role_counts_for_blocks_too():
    result = {"type": "tool_result", "tool_use_id": "t", "content": f"write to {MAIL}"}
    body = ask(turn("user", result))
    kept = testing.redact(KnowingPii(role_actions={"user": {"*": "keep"}}), body, dialect=MESSAGES)
    assert MAIL not in str(kept)
    for role, refused in (("tool", body), ("system", ask(system=f"write to {MAIL}"))):
        plugin = KnowingPii(role_actions={role: {"*": "block"}})
        with pytest.raises(Rejected):
            testing.redact(plugin, refused, dialect=MESSAGES)
