"""Values come back in the arguments of some tools, and stay placeholders in those of others."""

import json
from random import Random
from typing import Any

import pytest

from pipeline import Event, Plugin, testing
from pipeline.dialects.openai import OpenAIChat
from pipeline.testing.script import read_script
from plugins.secrets import Secrets
from tests.plugins.pii.known import ANNA, MAIL, KnowingPii

CHAT = OpenAIChat()
KEY = "sk-proj-" + "Zx81kQw0Rt5Lm2Np7VbY" * 2
PLUGINS: dict[str, tuple[Plugin, Plugin, str, str]] = {
    "pii": (KnowingPii(), KnowingPii(restore_tools=("send_mail", "note")), MAIL, "EMAIL_ADDRESS_1"),
    "secrets": (
        Secrets(),
        Secrets(restore_tools=("send_mail", "note")),
        KEY,
        "API_KEY_1",
    ),
}


def body(value: str) -> Any:
    return {"model": "m", "messages": [{"role": "user", "content": f"api_key = {value}"}]}


def reply(token: str) -> Any:
    arguments = json.dumps({"to": token, "body": f"Dear {token}"})
    message = {
        "content": f"I ask {token}.",
        "tool_calls": [
            {"type": "function", "function": {"name": "send_mail", "arguments": arguments}},
            {"type": "function", "function": {"name": "web_search", "arguments": arguments}},
            {"type": "function", "function": {"arguments": arguments}},
            {"type": "custom", "custom": {"name": "note", "input": token}},
            {"type": "custom", "custom": {"name": "shout", "input": token}},
        ],
        "function_call": {"name": "web_search", "arguments": arguments},
    }
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {"id": "c", "object": "chat.completion", "choices": [choice]}


@pytest.mark.parametrize("name", PLUGINS)
def test_only_the_named_tools_get_values_back(name: str) -> None:
    open_handed, careful, value, token = PLUGINS[name]
    for plugin, others in ((open_handed, value), (careful, token)):
        with testing.started(plugin) as started:
            uncut = testing.exchange(started, body(value), reply(token), stream=False)
            assert uncut.error is None
            choices: Any = uncut.whole["choices"]
            got = choices[0]["message"]
            assert got["content"] == f"I ask {value}."
            mail, web, unnamed, note, shout = got["tool_calls"]
            assert json.loads(mail["function"]["arguments"])["body"] == f"Dear {value}"
            assert json.loads(web["function"]["arguments"])["body"] == f"Dear {others}"
            assert json.loads(unnamed["function"]["arguments"])["to"] == others
            assert (note["custom"]["input"], shout["custom"]["input"]) == (value, others)
            assert json.loads(got["function_call"]["arguments"])["to"] == others
            _, events = read_script(CHAT, {**body(value), "stream": True}, reply(token))
            told = [one for one in events if isinstance(one, Event)]
            for seed in range(40):
                cut = testing.recut(CHAT, body(value), told, Random(seed))
                found = testing.exchange(started, body(value), cut, stream=True)
                assert found.whole == uncut.whole


def test_output_looks_at_arguments_that_are_not_restored_too() -> None:
    plugin = KnowingPii(restore_tools=("send_mail",), output=True)
    said = reply(f"EMAIL_ADDRESS_1 and {ANNA}")
    choices: Any = testing.exchange(plugin, body(MAIL), said).whole["choices"]
    mail, web, *_ = choices[0]["message"]["tool_calls"]
    assert json.loads(mail["function"]["arguments"])["to"] == f"{MAIL} and [PERSON]"
    assert json.loads(web["function"]["arguments"])["to"] == "EMAIL_ADDRESS_1 and [PERSON]"


@pytest.mark.parametrize("name", PLUGINS)
def test_the_laws_hold(name: str) -> None:
    _, careful, value, token = PLUGINS[name]
    testing.check_laws(careful, body(value), f"Dear {token}")
