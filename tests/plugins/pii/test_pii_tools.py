"""Requests of agents, full of tools, ids and schemas, pass and keep their structure."""

import json
import random
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from pipeline import testing
from plugins.pii import Pii

ANNA = "Maria Gonzalez"
MODELS = (
    "gpt-4o-2024-08-06 claude-3-5-sonnet-20241022 o3-mini ft:gpt-4o-mini:acme::AbC12dEf".split()
)
TOOLS = {
    "Read": "Reads a file. Use Read to open files; prefer Read over Bash cat.",
    "Bash": "Executes a bash command. Use Grep instead of grep, Glob instead of find.",
    "Grep": "A powerful search tool. ALWAYS use Grep for search tasks.",
    "Glob": "Fast file pattern matching. Use Glob when you need to find files.",
    "Task": "Launch a new agent. Use Task for multi-step work, as Claude does.",
    "Jira": "Query Jira.",
    "Slack": "Post to Slack.",
    "Alexa": "Ask Alexa.",
    "get_weather": "Get the weather.",
    "create_issue": "Create Issue: makes one on GitHub.",
}
SYSTEM = (
    "You are Claude Code. Prefer Task. Use Bash for shell, Read for reading, Grep and Glob for "
    "search. Ask Alexa. Post to Slack and Jira. Get Weather, Create Issue: tools of yours."
)
SCHEMA = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "$id": "https://acme.example/schemas/2024-01-15/tool.json",
    "type": "object",
    "properties": {
        "ssn": {"type": "string", "pattern": r"^\d{3}-\d{2}-\d{4}$"},
        "phone": {"type": "string", "pattern": r"^\+?[1-9]\d{1,14}$"},
        "card": {"type": "string", "pattern": "^4[0-9]{12}(?:[0-9]{3})?$"},
        "mail": {"type": "string", "format": "email", "pattern": "^[^@]+@[^@]+\\.[a-z]{2,}$"},
        "date": {"type": "string", "format": "date-time"},
        "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
        "limit": {"type": "integer", "maximum": 9999999999},
    },
    "required": ["ssn", "phone"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def pii() -> Iterator[testing.Started]:
    with testing.started(Pii(workers=1)) as started:
        yield started


def request(draw: random.Random) -> dict[str, Any]:
    def ident() -> str:
        whole = uuid.UUID(int=draw.getrandbits(128))
        return draw.choice([f"call_{whole.hex[:24]}", str(whole), f"toolu_01{whole.hex[:22]}"])

    names = draw.sample(sorted(TOOLS), 6)
    call, arguments = ident(), json.dumps({"path": "/src/main.py", "limit": 100, "unit": "celsius"})
    function = {"name": names[0], "arguments": arguments}
    return {
        "model": draw.choice(MODELS),
        "seed": draw.getrandbits(31),
        "stop": ["\n\nHuman:", "</s>", "<|im_end|>"],
        "metadata": {"trace": ident(), "session": ident(), "build": "20241022"},
        "logit_bias": {"50256": -100},
        "tool_choice": {"type": "function", "function": {"name": names[0]}},
        "tools": [
            {
                "type": "function",
                "function": {"name": name, "description": TOOLS[name], "parameters": SCHEMA},
            }
            for name in names
        ],
        "messages": [
            {"role": "system", "content": SYSTEM},
            {"role": "user", "content": f"Use {names[0]}, then {names[1]}. I am {ANNA}."},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": call, "type": "function", "function": function}],
            },
            {"role": "tool", "tool_call_id": call, "content": json.dumps({"id": ident(), "n": 17})},
        ],
    }


@pytest.mark.parametrize("seed", range(12))
def test_a_request_with_tools_passes(pii: testing.Started, seed: int) -> None:
    sent = request(random.Random(seed))
    result = testing.exchange(pii, sent)
    assert result.error is None
    saw = result.saw
    assert saw is not None
    assert ANNA not in json.dumps(saw)
    for place in ("model", "seed", "stop", "metadata", "logit_bias", "tool_choice"):
        assert saw[place] == sent[place]
    for mine, theirs in zip(sent["tools"], saw["tools"], strict=True):
        assert mine["function"]["name"] == theirs["function"]["name"]
        assert mine["function"]["parameters"] == theirs["function"]["parameters"]
    assert saw["messages"][2:] == sent["messages"][2:]
    used = [one["function"]["name"] for one in sent["tools"][:2]]
    assert all(name in saw["messages"][1]["content"] for name in used)
