"""The plugin with its real recogniser: what others leak or break, by their own bug reports."""

import json
import os
import signal
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from pipeline import PrivetError, Rejected, testing
from plugins.pii import Pii

ANNA, BO = "Maria Gonzalez", "Robert Fischer"
MAIL = "john.carter@example.com"


@pytest.fixture(scope="module")
def pii() -> Iterator[testing.Started]:
    with testing.started(Pii(workers=1)) as started:
        yield started


def chat(*messages: dict[str, object], **more: object) -> dict[str, Any]:
    return json.loads(json.dumps({"model": "m", "messages": messages, **more}))


def user(text: str) -> dict[str, object]:
    return {"role": "user", "content": text}


def test_two_people_in_two_messages_are_not_mixed_up(pii: testing.Started) -> None:
    """LiteLLM #31959: numbers began anew with every message."""
    request = chat(user(f"My boss is {ANNA}."), user(f"My friend is {BO}."))
    saw = testing.exchange(pii, request).saw
    assert saw is not None
    assert [one["content"] for one in saw["messages"]] == [
        "My boss is PERSON_1.",
        "My friend is PERSON_2.",
    ]
    reply = testing.exchange(pii, request, "Boss PERSON_1, friend PERSON_2.")
    assert reply.text == f"Boss {ANNA}, friend {BO}."


def test_placeholders_in_tool_calls_are_restored(pii: testing.Started) -> None:
    """LiteLLM #31950: restored in content, never in arguments."""
    reply = testing.sample_reply("PERSON_1")
    for stream in (True, False):
        result = testing.exchange(pii, f"I am {ANNA}.", reply, stream=stream)
        arguments = [text for one, text in result.texts.items() if one.kind == "arguments"]
        assert arguments
        assert all(ANNA in text and "PERSON_1" not in text for text in arguments)
        assert all(ANNA in text for text in result.texts.values())


def test_tool_calls_in_the_history_are_redacted(pii: testing.Started) -> None:
    """LiteLLM #41265: arguments in the history went out in clear."""
    call = {"name": "mail", "arguments": json.dumps({"to": MAIL, "n": 4111111111111111})}
    request = chat(
        user("mail him"),
        {"role": "assistant", "tool_calls": [{"id": "1", "type": "function", "function": call}]},
        {"role": "tool", "tool_call_id": "1", "content": json.dumps({"sent": [MAIL]})},
    )
    result = testing.exchange(pii, request)
    seen = json.dumps(result.saw)
    assert "EMAIL_ADDRESS_1" in seen
    assert "CREDIT_CARD_1" in seen
    assert MAIL not in seen
    assert "4111111111111111" not in seen


def test_numbers_stay_when_the_history_grows(pii: testing.Started) -> None:
    """LiteLLM #41600: renumbered with each request; and a provider's prompt cache needs it."""
    turns = [user(f"I am {ANNA}."), user(f"He is {BO}."), user(f"Mail {MAIL}, {BO}.")]
    seen = [
        [one["content"] for one in (testing.exchange(pii, chat(*turns[:n])).saw or {})["messages"]]
        for n in (1, 2, 3)
    ]
    assert seen[2][:2] == seen[1]
    assert seen[1][:1] == seen[0]


def test_overlapping_findings_do_not_corrupt_text(pii: testing.Started) -> None:
    request = f"Write to {MAIL} please"
    assert testing.redact(pii, request) == "Write to EMAIL_ADDRESS_1 please"


def test_placeholders_typed_in_are_not_restored(pii: testing.Started) -> None:
    result = testing.exchange(
        pii, f"PERSON_1 is a token, {ANNA} is not.", "PERSON_1 PERSON_2 PERSON_7"
    )
    assert result.text == f"PERSON_1 {ANNA} PERSON_7"


@pytest.mark.parametrize("secret", [MAIL, "4111 1111 1111 1111", "DE89370400440532013000"])
def test_nothing_leaks_from_any_position(pii: testing.Started, secret: str) -> None:
    """Law 4; the same with places that cannot be rewritten is the next test."""
    testing.check_no_leak(pii, secret)


def test_personal_data_in_structure_refuses_the_request(pii: testing.Started) -> None:
    for more in (
        {"tools": [{"type": "function", "function": {"name": MAIL}}]},
        {"reasoning_effort": MAIL},
        {MAIL: 1},
    ):
        result = testing.exchange(pii, chat(user("hello"), **more))
        assert isinstance(result.error, Rejected)
        assert result.saw is None
        assert MAIL not in str(result.error)


def test_known_values_are_found_in_structure(pii: testing.Started) -> None:
    tools = [{"type": "function", "function": {"name": f"call {ANNA}"}}]
    result = testing.exchange(pii, chat(user(f"I am {ANNA}."), tools=tools))
    assert isinstance(result.error, Rejected)


def test_identities_get_digests(pii: testing.Started) -> None:
    one, two, other = (
        (testing.exchange(pii, chat(user("hello"), user=name)).saw or {})["user"]
        for name in (MAIL, MAIL, BO)
    )
    assert one == two != other
    assert len(str(one)) == 32


def test_the_laws_hold(pii: testing.Started) -> None:
    reply = "Dear PERSON_1, (PERSON_2) wrote to EMAIL_ADDRESS\\_1 about PERSON_10."
    testing.check_laws(pii, f"I am {ANNA}, she is {BO}, mail {MAIL}.", reply)
    testing.check_restore_order(pii, MAIL)


def test_a_killed_recogniser_fails_closed_and_comes_back() -> None:
    """LiteLLM #30728: with the analyzer gone, texts went out in clear."""

    before = {child.pid for child in psutil.Process().children()}
    with testing.started(Pii(workers=1)) as started:
        for child in psutil.Process().children():
            if child.pid not in before:
                os.kill(child.pid, signal.SIGKILL)
        results = [testing.exchange(started, f"I am {ANNA}, try {n}.") for n in range(2)]
        for result in results:
            if result.saw is None:
                assert isinstance(result.error, PrivetError)
            else:
                assert ANNA not in json.dumps(result.saw)
        assert results[0].saw is None
