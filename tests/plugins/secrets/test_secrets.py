"""Secrets in whole exchanges: hidden, restored, refused, never shown."""

import json
import logging
from collections.abc import Iterator, Sequence

import pytest
from msgspec.structs import replace

from pipeline import Plugin, PrivetError, Rejected, testing
from pipeline.core.errors import PluginFailed
from plugins.pii import Pii
from plugins.secrets import ON_THE_LOOP, Secrets
from plugins.secrets.kinds import KINDS
from tests.plugins.secrets import secret_samples as sample

OPTIONS = Secrets()

TEXT = (
    f"Key {sample.GITHUB}, the password: tulip#77, and DATABASE_URL={sample.POSTGRES} there.\n"
    f"Token {sample.JWT} or {sample.RANDOM}.\n{sample.PEM}\n"
)


@pytest.fixture(scope="module")
def secrets() -> Iterator[testing.Started]:
    with testing.started(OPTIONS) as started:
        yield started


def chat(*messages: dict[str, object], **more: object) -> dict[str, object]:
    return {"model": "m", "messages": list(messages), **more}


def user(content: object) -> dict[str, object]:
    return {"role": "user", "content": content}


def call(arguments: object) -> dict[str, object]:
    function = {"name": "log_in", "arguments": json.dumps(arguments)}
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "call_9pLkJ8s7Fq2Xz1Yb3Wc5Vd7E", "type": "function", "function": function}
        ],
    }


def test_every_kind_is_hidden_and_comes_back(secrets: testing.Started):
    hidden = str(testing.redact(secrets, TEXT))
    assert hidden == (
        "Key API_KEY_1, the password: PASSWORD_1, and DATABASE_URL=CONNECTION_STRING_1 there.\n"
        "Token ACCESS_TOKEN_1 or RANDOM_STRING_1.\nPRIVATE_KEY_1\n"
    )
    assert testing.exchange(secrets, TEXT, hidden).text == TEXT


def test_long_texts_are_looked_into_like_short_ones(secrets: testing.Started):
    padding = "and so on " * (ON_THE_LOOP // 10 + 1)
    assert testing.redact(secrets, TEXT + padding) == str(testing.redact(secrets, TEXT)) + padding


def test_a_secret_found_once_is_hidden_everywhere(secrets: testing.Started):
    body = chat(user("use tulip#77x"), user("password: tulip#77x"), user("is tulip#77x right?"))
    saw = testing.exchange(secrets, body, "ok").saw
    assert "tulip" not in json.dumps(saw)


def test_a_password_that_is_a_word_leaves_the_word_alone(secrets: testing.Started):
    text = "The password: sunshine\nWe had sunshine for a week."
    assert testing.redact(secrets, text) == (
        "The password: PASSWORD_1\nWe had sunshine for a week."
    )


def test_members_of_json_are_judged_by_their_names(secrets: testing.Started):
    arguments = {
        "user": "anna",
        "password": "tulip",
        "token": "none",
        "more": {"apiKey": "abc123def456", "keys": ["a", 1]},
        "token_url": "a1b2c3d4e5f6",
        "passwords": ["rose", "lily"],
    }
    saw = testing.exchange(secrets, chat(call(arguments), user("hello")), "ok").saw
    assert saw is not None
    text = json.dumps(saw)
    for hidden in ("tulip", "abc123def456", "rose", "lily"):
        assert hidden not in text
    for kept in (
        "anna",
        "none",
        "a1b2c3d4e5f6",
        "hello",
        "log_in",
        "call_9pLkJ8s7Fq2Xz1Yb3Wc5Vd7E",
    ):
        assert kept in text


def test_restored_in_arguments_and_not_where_nobody_asked(secrets: testing.Started):
    with testing.started(replace(OPTIONS, restore=("arguments",))) as careful:
        assert testing.exchange(careful, "password: tulip#77", "PASSWORD_1").text == "PASSWORD_1"
    assert testing.exchange(secrets, "password: tulip#77", "PASSWORD_1").text == "tulip#77"
    assert testing.exchange(secrets, "hello", "PASSWORD_1").text == "PASSWORD_1"


def test_blocking_refuses_and_names_no_value():
    with testing.started(replace(OPTIONS, action="block")) as blocking:
        result = testing.exchange(blocking, TEXT, "ok")
        assert isinstance(result.error, Rejected)
        assert result.saw is None
        assert "messages[0].content: holds API_KEY" in str(result.error)
        assert sample.GITHUB not in result.raw.decode()
        assert testing.exchange(blocking, "hello", "ok").text == "ok"


@pytest.mark.parametrize(
    "more",
    [
        {"tools": [{"type": "function", "function": {"name": sample.GITHUB}}]},
        {"reasoning_effort": sample.POSTGRES},
        {"tools": [{"type": "function", "function": {"name": "tulip77x"}}]},
    ],
)
def test_secrets_in_structure_refuse_the_request(secrets: testing.Started, more: dict[str, object]):
    result = testing.exchange(secrets, chat(user("password: tulip77x"), **more), "ok")
    assert isinstance(result.error, Rejected)
    assert result.saw is None
    for value in (sample.GITHUB, sample.POSTGRES, "tulip77x"):
        assert value not in result.raw.decode()


def test_ids_and_names_of_tools_are_no_secrets(secrets: testing.Started):
    tool = {"type": "function", "function": {"name": "get_password_8fK2mQ9xR4tV7wZ1bN3cJd6s"}}
    result = testing.exchange(secrets, chat(call({"a": 1}), user("hello"), tools=[tool]), "ok")
    assert result.text == "ok"


def test_kinds_and_allowed_values():
    with testing.started(replace(OPTIONS, kinds=("API_KEY",), allow=(sample.GITLAB,))) as some:
        text = f"{sample.GITLAB} and {sample.GITHUB}, password: tulip#77"
        assert testing.redact(some, text) == f"{sample.GITLAB} and API_KEY_1, password: tulip#77"
    assert replace(OPTIONS, kinds=()).problems()
    assert not OPTIONS.problems()


def test_too_slow_fails_closed_and_quotes_nothing(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    with testing.started(replace(OPTIONS, timeout=1e-9)) as hasty:
        result = testing.exchange(hasty, f"password {sample.GITHUB} " * 2000, "ok")
        assert isinstance(result.error, PluginFailed)
        assert result.saw is None
        assert sample.GITHUB not in result.raw.decode()
    assert sample.GITHUB not in caplog.text


@pytest.mark.parametrize("secret", [sample.GITHUB, sample.JWT, sample.POSTGRES])
def test_nothing_leaks_from_any_position(secrets: testing.Started, secret: str):
    body = testing.sample_request(f"it is {secret} !")
    testing.check_no_leak(secrets, secret, body)


def test_the_laws_hold(secrets: testing.Started):
    reply = "Use PASSWORD_1, (API_KEY_1) or API\\_KEY\\_1, never API_KEY_12; PRIVATE_KEY_1"
    request = f"password: tulip#77, {sample.GITHUB}\n{sample.PEM}"
    testing.check_laws(secrets, request, reply)
    testing.check_restore_order(secrets, sample.GITHUB)


PERSONAL = "I am Anna Berg (anna.berg@example.org), call +49 170 1234567. "
ORDERS: Sequence[tuple[str, str]] = (("secrets", "pii"), ("pii", "secrets"))


@pytest.fixture(scope="module", params=ORDERS, ids="-".join)
def both(request: pytest.FixtureRequest) -> Iterator[testing.Started]:
    """Both plugins in one pipeline; what is hidden last is restored first."""
    plugins: dict[str, Plugin] = {"secrets": OPTIONS, "pii": Pii(workers=1)}
    order = [plugins[name] for name in request.param]
    with testing.started(order, order[::-1]) as started:
        yield started


def test_personal_data_and_secrets_in_one_pipeline(both: testing.Started):
    text = PERSONAL + TEXT
    hidden = str(testing.redact(both, text))
    for value in ("Anna", "example.org", "1234567", sample.GITHUB, "tulip", "tr0ub4dor", "MIIE"):
        assert value not in hidden
    for token in ("PERSON_1", "EMAIL_ADDRESS_1", "API_KEY_1", "PASSWORD_1", "PRIVATE_KEY_1"):
        assert token in hidden
    assert testing.exchange(both, text, hidden).text == text


def test_neither_takes_the_other_s_placeholders(both: testing.Started):
    """Typed in, they stay what they are, and what is hidden gets other numbers."""
    text = (
        "Ask PERSON_1 for API_KEY_1; password: EMAIL_ADDRESS_1. "
        f"I am Anna Berg and {sample.GITHUB} is mine."
    )
    hidden = str(testing.redact(both, text))
    assert hidden == (
        "Ask PERSON_1 for API_KEY_1; password: EMAIL_ADDRESS_1. "
        "I am PERSON_2 and API_KEY_2 is mine."
    )
    assert testing.exchange(both, text, hidden).text == text


@pytest.mark.parametrize("kind", KINDS)
def test_a_placeholder_is_nobody_s_name(both: testing.Started, kind: str):
    for text in (f"Use {kind}_1 here.", f"my key: {kind}_1", f"Dear {kind}_1,", f"X={kind}_1\n"):
        assert testing.redact(both, text) == text


def test_the_laws_hold_for_both(both: testing.Started):
    reply = "Dear PERSON_1, use API_KEY_1, (PASSWORD_1) and EMAIL\\_ADDRESS\\_1."
    testing.check_laws(both, PERSONAL + f"{sample.GITHUB}, password: tulip#77", reply)
    testing.check_restore_order(both, sample.GITHUB)


def test_errors_are_the_project_s_own(secrets: testing.Started):
    result = testing.exchange(secrets, chat(user("x"), reasoning_effort=sample.GITHUB), "ok")
    assert isinstance(result.error, PrivetError)
    assert result.error.param == "reasoning_effort"


def test_an_address_with_placeholders_of_both_comes_back(both: testing.Started):
    """It stood in the request as a whole, so the model has not made it up (law 7)."""
    address = f"https://h.example.net/in?to=anna.berg@example.org&token={sample.GITHUB}"
    hidden = str(testing.redact(both, f"Open {address} now."))
    assert "anna" not in hidden
    assert sample.GITHUB not in hidden
    for reply in (hidden, f"[it]({hidden.split()[1]})", f"<{hidden.split()[1]}>"):
        back = testing.exchange(both, f"Open {address} now.", reply).text
        assert back == reply.replace(hidden.split()[1], address)


def test_an_address_that_the_model_made_up_gets_neither(both: testing.Started):
    address = f"https://h.example.net/in?to=anna.berg@example.org&token={sample.GITHUB}"
    hidden = str(testing.redact(both, f"Open {address} now.")).split()[1]
    for made_up in (hidden.replace("h.example", "evil.example"), hidden + "&x=1", hidden[:-2]):
        reply = f"Open {made_up} now."
        back = testing.exchange(both, f"Open {address} now.", reply).text
        assert sample.GITHUB not in back
        assert "anna.berg" not in back
