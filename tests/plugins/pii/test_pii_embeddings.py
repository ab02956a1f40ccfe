"""Texts for a search index: one value has one stand-in, in every request."""

import re
from typing import Any

import pytest

from pipeline import Rejected, testing
from pipeline.dialects.openai import OpenAIEmbeddings
from plugins.hiding.policy import Policy
from plugins.pii import Pii
from plugins.secrets import Secrets
from tests.plugins.pii.known import ANNA, BO, CARD, MAIL, KnowingPii

EMBEDDINGS = OpenAIEmbeddings()
KEY = "an identity key"
REPLY: Any = {"object": "list", "data": [{"embedding": [0.5], "index": 0}], "model": "m"}
TOKEN = "sk-proj-" + "Zx81kQw0Rt5Lm2Np7VbY" * 2


def exchange(plugin: Any, given: Any, reply: Any = REPLY, **more: Any) -> testing.Result:
    body: Any = {"model": "m", "input": given, **more}
    return testing.exchange(plugin, body, reply, dialect=EMBEDDINGS)


def seen(plugin: Any, given: Any) -> Any:
    result = exchange(plugin, given)
    assert result.saw is not None, result.error
    return result.saw["input"]


def test_a_value_has_the_same_digest_in_every_request_and_after_a_restart() -> None:
    first = seen(KnowingPii(identity_key=KEY), ANNA)
    assert re.fullmatch("PERSON_h[0-9a-f]{16}", first)
    again = seen(KnowingPii(identity_key=KEY), [f"{BO} met {ANNA}", f"{ANNA}, {BO}"])
    other = again[0].split(" met ")[0]
    assert again == [f"{other} met {first}", f"{first}, {other}"]
    assert other != first


def test_the_digest_follows_from_the_key() -> None:
    def plugin(key: str) -> Pii:
        return Pii(identity_key=key, tiers=("patterns",), workers=1)

    first, again, other = (seen(plugin(key), f"write to {MAIL}") for key in (KEY, KEY, "another"))
    assert first == again != other
    assert MAIL not in first + other


@pytest.mark.parametrize("spelling", ["ANNA BERG", "anna  berg", "Anna_Berg", "Ánna Berg"])
def test_other_spellings_have_the_same_digest(spelling: str) -> None:
    plugin = KnowingPii(identity_key=KEY)
    [one, other] = seen(plugin, [ANNA, spelling])
    assert one == other == seen(plugin, ANNA)


def test_what_numbers_and_surrogates_would_do_a_digest_does() -> None:
    plugin = KnowingPii(
        identity_key=KEY,
        actions={"PERSON": "surrogate", "EMAIL_ADDRESS": "replace", "CREDIT_CARD": "mask"},
        role_actions={"outside": {"*": "keep"}},
    )
    found = seen(plugin, f"{ANNA} {MAIL} {CARD}")
    assert re.fullmatch("PERSON_h[0-9a-f]+ EMAIL_ADDRESS_h[0-9a-f]+ [*]{4}( [*]{4}){3}", found)


def test_the_endpoint_has_actions_of_its_own() -> None:
    plugin = KnowingPii(actions={"PERSON": "mask"}, endpoint_actions={"embeddings": {"*": "mark"}})
    assert seen(plugin, f"{ANNA} {MAIL}") == "[PERSON] [EMAIL_ADDRESS]"
    assert testing.exchange(plugin, MAIL).asked == "EMAIL_ADDRESS_1", "chat is as it was"
    blocking = KnowingPii(identity_key=KEY, endpoint_actions={"embeddings": {"PERSON": "block"}})
    assert isinstance(exchange(blocking, ANNA).error, Rejected)


def test_without_a_key_nothing_personal_goes_into_an_index() -> None:
    refused = exchange(KnowingPii(), ["fine", f"I am {ANNA}"])
    assert refused.saw is None
    assert isinstance(refused.error, Rejected)
    assert "identity_key" in str(refused.error)
    assert ANNA not in str(refused.error)
    assert seen(KnowingPii(), "nothing in it") == "nothing in it"


def test_nothing_is_restored_and_the_user_is_a_digest() -> None:
    digest = seen(KnowingPii(identity_key=KEY), ANNA)
    reply = {**REPLY, "note": f"{digest} PERSON_1"}
    result = exchange(KnowingPii(identity_key=KEY), ANNA, reply, user="me")
    assert result.whole == reply
    assert result.saw is not None
    assert re.fullmatch("[0-9a-f]{32}", str(result.saw["user"]))


def test_problems_name_what_would_spoil_an_index() -> None:
    plugin = Pii(endpoint_actions={"embeddings": {"PERSON": "replace", "PRESON": "mark"}})
    found = "\n".join(plugin.problems())
    assert "endpoint_actions.embeddings: `replace` may differ" in found
    assert "endpoint_actions.embeddings: nothing finds `PRESON`" in found
    assert Pii(endpoint_actions={"embeddings": {"*": "hash"}}).problems() == []


def test_only_stable_actions_are_left() -> None:
    policy = Policy({"A": "keep", "B": "surrogate"}, {"user": {"*": "block"}}).for_embeddings({})
    actions = [policy.action(one, "") for one in ("A", "B", "C")]
    assert actions == ["keep", "hash", "hash"]


def test_secrets_get_marks_or_refuse_the_request() -> None:
    text = f"api_key = {TOKEN}"
    for _ in range(2):
        assert seen(Secrets(), ["x", text]) == ["x", "api_key = [API_KEY]"]
    blocking = Secrets(action="block")
    assert isinstance(exchange(blocking, text).error, Rejected)
    assert exchange(Secrets(), text, {**REPLY, "a": "API_KEY_1"}).whole["a"] == ("API_KEY_1")


def test_nothing_leaks() -> None:
    body: Any = {"model": "m", "input": [MAIL, [f"x {MAIL}"]], "user": MAIL, "new": {"a": MAIL}}
    plugin = KnowingPii(identity_key=KEY)
    testing.check_no_leak(plugin, MAIL, body, reply=REPLY, dialect=EMBEDDINGS)
