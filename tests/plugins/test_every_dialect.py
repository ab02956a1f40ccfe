"""The laws on every built-in plugin in Anthropic's Messages; the plugins' own tests are in OpenAI's
chat.
"""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from pipeline import testing
from pipeline.dialects.anthropic import AnthropicMessages
from pipeline.testing.samples import maximal_request, sample_request
from plugins.context import Context
from plugins.format import Format
from plugins.normalize import Normalize
from plugins.pii import Pii
from plugins.sanitize import Sanitize
from plugins.secrets import Secrets

MESSAGES = AnthropicMessages()
MAIL = "john.carter@example.com"
KEY = "ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a"
CASES: dict[str, tuple[Any, str, str]] = {
    "context": (Context(text="Be brief."), "A refund?", "Ten days."),
    "format": (Format(to="text"), "Hi", "# Hi\r\n\r\n*there*\r<b>\n"),
    "normalize": (Normalize(), "Is Fal\u200bcon late? \nYes.", "Fal\u200bcon is late. \n"),
    "pii": (Pii(), f"I am Anna Berg, mail {MAIL}.", "Dear PERSON_1, EMAIL_ADDRESS_1\\_1."),
    "sanitize": (Sanitize(), "Hi", "![x](https://evil.example/?q=1) <script>x</script>\n"),
    "secrets": (Secrets(), f"The key is {KEY}", "Use GITHUB_TOKEN_1, or [x](https://y/KEY_1)."),
}


def test_every_built_in_plugin_is_here():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    assert set(CASES) == set(project["project"]["entry-points"]["privet.plugins"])


@pytest.mark.parametrize("name", CASES)
def test_the_laws(name: str):
    plugin, request, reply = CASES[name]
    testing.check_laws(plugin, request, reply, dialect=MESSAGES)


@pytest.mark.parametrize(("name", "secret"), [("pii", MAIL), ("secrets", KEY)])
def test_what_is_hidden_leaks_nowhere_and_comes_back(name: str, secret: str):
    with testing.started(CASES[name][0]) as started:
        for request in (sample_request, maximal_request):
            testing.check_no_leak(started, secret, request(secret, MESSAGES), dialect=MESSAGES)
        testing.check_restore_order(started, secret, dialect=MESSAGES)


def test_thinking_goes_back_as_the_model_wrote_it():
    """So that its signature, which covers what the model wrote, fits again in the next turn."""
    thought = {"type": "thinking", "thinking": "PERSON_1 writes.", "signature": "c2lnbmVk"}
    answer = {"type": "text", "text": "Dear PERSON_1"}
    reply: Any = {"id": "m", "type": "message", "role": "assistant", "content": [thought, answer]}
    first: Any = {"role": "user", "content": "I am Anna Berg."}
    body: Any = {"model": "m", "max_tokens": 9, "messages": [first]}
    with testing.started(Pii(), uninspected=["encrypted"]) as started:
        for stream in (False, True):
            one = testing.exchange(started, body, reply, stream=stream, dialect=MESSAGES)
            content: Any = one.whole["content"]
            assert content[0] == {**thought, "thinking": "Anna Berg writes."}
            turns = [first, {"role": "assistant", "content": content}, first]
            again = testing.exchange(started, {**body, "messages": turns}, reply, dialect=MESSAGES)
            saw: Any = again.saw
            assert saw["messages"][1]["content"] == [thought, answer]
