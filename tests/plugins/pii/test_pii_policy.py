"""What becomes of a finding, by its entity and by the role of its text."""

import json
import re
from contextlib import AsyncExitStack
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import Channel, Exchange, Rejected, Request, Step, Text, testing
from pipeline.dialects.openai import OpenAIChat
from plugins.finding.spans import Span
from plugins.hiding.policy import Action, Policy
from plugins.hiding.redaction import Redaction
from plugins.hiding.surrogate import SURROGATES, Surrogates
from plugins.pii import Pii
from tests.plugins.pii.known import ANNA, BO, CARD, MAIL, KnowingPii


def chat(*messages: tuple[str, str], **more: object) -> dict[str, Any]:
    said = [{"role": role, "content": text} for role, text in messages]
    return json.loads(json.dumps({"model": "m", "messages": said, **more}))


def seen(plugin: Pii, *messages: tuple[str, str]) -> list[str]:
    saw = testing.exchange(plugin, chat(*messages)).saw
    assert saw is not None
    return [str(one["content"]) for one in json.loads(json.dumps(saw))["messages"]]


async def opened(
    plugin: KnowingPii, stack: AsyncExitStack, exchange: Exchange, body: dict[str, Any]
) -> Step:
    """A step that has seen a request."""
    step = (await plugin.start(stack))(exchange)
    done = step.on_request(Request(body, OpenAIChat().layout, lambda *_: ("", {})))
    assert done is not None
    await done
    return step


def examined(plugin: KnowingPii, body: dict[str, Any]) -> Exchange:
    """The exchange after a request, refused or not."""
    exchange = Exchange()
    exchange.receipt.at = "pii"

    async def main() -> None:
        async with AsyncExitStack() as stack:
            await opened(plugin, stack, exchange, body)

    try:
        anyio.run(main)
    except Rejected:
        exchange.receipt.would_be = "rejected"
    return exchange


def test_the_default_is_a_placeholder() -> None:
    assert seen(KnowingPii(), ("user", f"I am {ANNA}.")) == ["I am PERSON_1."]


@pytest.mark.parametrize(
    ("action", "sent"),
    [
        ("keep", f"card {CARD}, again 4111111111111111."),
        ("mask", "card **** **** **** ****, again ****************."),
        ("remove", "card , again ."),
    ],
)
def test_each_action_and_the_sweep(action: Action, sent: str) -> None:
    """What the recogniser finds and another spelling that it does not are treated alike."""
    plugin = KnowingPii(actions={"CREDIT_CARD": action})
    result = testing.exchange(plugin, f"card {CARD}, again 4111111111111111.", "CREDIT_CARD_1")
    assert result.asked == sent
    assert result.text == "CREDIT_CARD_1"


def test_a_hash_is_the_same_for_each_spelling_and_is_not_restored() -> None:
    plugin = KnowingPii(actions={"PERSON": "hash"})
    [one] = seen(plugin, ("user", f"{ANNA}, {ANNA.upper()}, {BO}"))
    first, second, other = one.split(", ")
    assert first == second != other
    assert re.fullmatch(r"PERSON_h[0-9a-f]{16}", first)
    assert testing.exchange(plugin, ANNA, first).text == first
    assert seen(plugin, ("user", ANNA)) == [first]


def test_a_blocked_entity_refuses_the_request_without_its_value() -> None:
    plugin = KnowingPii(actions={"CREDIT_CARD": "block", "*": "mask"})
    result = testing.exchange(plugin, chat(("user", ANNA), ("user", f"pay with {CARD}")))
    assert isinstance(result.error, Rejected)
    assert result.saw is None
    assert result.error.param == "messages[1].content"
    assert "CREDIT_CARD" in str(result.error)
    assert "4111" not in str(result.error)


def test_roles_have_actions_of_their_own() -> None:
    plugin = KnowingPii(role_actions={"system": {"PERSON": "keep"}})
    assert seen(plugin, ("system", f"You are {ANNA}."), ("user", f"I am {BO}.")) == [
        f"You are {ANNA}.",
        "I am PERSON_1.",
    ]


def test_texts_outside_messages_have_a_role_too() -> None:
    plugin = KnowingPii(role_actions={"outside": {"PERSON": "keep"}})
    saw = testing.exchange(plugin, chat(("user", BO), metadata={"by": ANNA})).saw
    assert saw is not None
    assert (saw["metadata"], "PERSON_1" in json.dumps(saw)) == ({"by": ANNA}, True)


def test_a_value_has_the_strictest_action_of_its_places_in_all_of_them() -> None:
    plugin = KnowingPii(role_actions={"system": {"PERSON": "keep"}, "tool": {"PERSON": "mask"}})
    messages = [("system", f"You are {ANNA}."), ("user", f"Hello {ANNA}.")]
    assert seen(plugin, *messages) == ["You are PERSON_1.", "Hello PERSON_1."]
    for order in ([*messages, ("tool", ANNA)], [("tool", ANNA), *messages]):
        assert sorted(seen(plugin, *order)) == [
            "**** ****",
            "Hello **** ****.",
            "You are **** ****.",
        ]


def test_a_place_that_only_the_sweep_finds_has_a_say() -> None:
    plugin = KnowingPii(role_actions={"user": {"PERSON": "block"}, "system": {"PERSON": "keep"}})
    body = chat(("system", f"You are {ANNA}."), ("user", f"Hello {ANNA.lower()}."))
    result = testing.exchange(plugin, body)
    assert isinstance(result.error, Rejected)
    assert result.error.param == "messages[1].content"


def test_a_value_that_is_kept_does_not_cover_one_that_is_not() -> None:
    plugin = KnowingPii(
        values={"Anna Berg": "LOCATION", "Berg,": "PERSON"}, actions={"LOCATION": "keep"}
    )
    assert seen(plugin, ("user", "Berg, or Anna Berg, then")) == ["PERSON_1 or Anna PERSON_1 then"]


def test_touching_findings_get_the_stricter_action() -> None:
    for first, second in (("keep", "mask"), ("mask", "keep"), ("mask", "replace")):
        plugin = KnowingPii(
            values={"Anna": "PERSON", "berg": "LOCATION"},
            actions={"PERSON": first, "LOCATION": second},
        )
        assert seen(plugin, ("user", "I am Annaberg.")) == ["I am ********."], (first, second)


def test_overlapping_places_get_the_stricter_action() -> None:
    plugin = KnowingPii(
        values={ANNA: "PERSON", "berg@x.example": "EMAIL_ADDRESS"},
        actions={"EMAIL_ADDRESS": "mask"},
    )
    assert seen(plugin, ("user", ANNA), ("user", "anna berg@x.example"))[1] == "**** ****@*.*******"


def test_kept_values_may_stand_in_structure() -> None:
    tools = [{"type": "function", "function": {"name": "x", "parameters": {"$ref": CARD}}}]
    for action, refused in (("keep", False), ("replace", True)):
        plugin = KnowingPii(actions={"CREDIT_CARD": action})
        result = testing.exchange(plugin, chat(("user", CARD), tools=tools))
        assert isinstance(result.error, Rejected) is refused


def test_a_later_text_makes_an_action_stricter() -> None:
    redaction = Redaction(
        shortest=3, surest=0.6, policy=Policy(role_actions={"system": {"PERSON": "keep"}})
    )
    first, later = Text(ANNA, role="system"), Text(ANNA, role="user")
    span = [Span(0, len(ANNA), "PERSON", 0.9, "pattern")]
    redaction.apply([first], [span])
    assert first.text == ANNA
    redaction.apply([later], [span])
    assert (first.text, later.text) == ("PERSON_1", "PERSON_1")


def test_surrogates_are_consistent_and_not_restored() -> None:
    plugin = KnowingPii(actions={"PERSON": "surrogate", "EMAIL_ADDRESS": "surrogate"})
    [sent] = seen(plugin, ("user", f"{ANNA}, {ANNA.upper()}, {BO}, {MAIL}"))
    first, second, other, mail = sent.split(", ")
    assert first == second != other
    assert mail.endswith("@example.com")
    assert re.fullmatch(r"[A-Z][a-z]+ [A-Z][a-z]+", first)
    assert testing.exchange(plugin, ANNA, first).text == first


def test_a_surrogate_that_comes_back_in_the_history_stays() -> None:
    plugin = KnowingPii(actions={"PERSON": "surrogate"})
    [made] = seen(plugin, ("user", ANNA))
    plugin = KnowingPii(values={ANNA: "PERSON", made: "PERSON"}, actions={"PERSON": "surrogate"})
    turns = [("user", ANNA), ("assistant", f"Hello {made}."), ("user", f"I am {ANNA}.")]
    assert seen(plugin, *turns) == [made, f"Hello {made}.", f"I am {made}."]


@given(
    st.sampled_from(sorted(SURROGATES)),
    st.sets(st.text("abc 1", min_size=1, max_size=4), max_size=20),
)
def test_two_values_never_share_a_surrogate(entity: str, values: set[str]) -> None:
    surrogates = Surrogates(b"key")
    made = {value: surrogates.give(entity, value) for value in sorted(values)}
    assert len(set(made.values())) == len(values)
    assert {value: surrogates.give(entity, value) for value in values} == made
    assert values.isdisjoint(made.values())


def test_a_surrogate_is_none_of_the_values_before() -> None:
    made = Surrogates(b"key").give("PERSON", "anna berg")
    surrogates = Surrogates(b"key")
    surrogates.give("PERSON", made.lower())
    assert surrogates.give("PERSON", "anna berg") != made


def test_when_surrogates_run_out_there_are_digests() -> None:
    surrogates = Surrogates(b"key")
    made = [surrogates.give("MAC_ADDRESS", str(number)) for number in range(300)]
    assert len(set(made)) == 300
    assert all(one.startswith(("00:00:5E:00:53:", "MAC_ADDRESS_h")) for one in made)


def test_the_receipt_counts_by_place_and_action() -> None:
    plugin = KnowingPii(actions={"EMAIL_ADDRESS": "keep", "CREDIT_CARD": "mask"})
    exchange = examined(plugin, chat(("user", f"{ANNA}, {ANNA.upper()} {MAIL}"), ("user", CARD)))
    found = exchange.receipt.plugins["pii"].found
    assert found == {
        ("messages[0].content", "PERSON", "replace"): 2,
        ("messages[0].content", "EMAIL_ADDRESS", "keep"): 1,
        ("messages[1].content", "CREDIT_CARD", "mask"): 1,
    }


def test_the_receipt_says_what_was_refused() -> None:
    plugin = KnowingPii(actions={"CREDIT_CARD": "block"})
    tool = {"type": "function", "function": {"name": ANNA}}
    for body, line in (
        (chat(("user", CARD)), ("messages[0].content", "CREDIT_CARD", "block")),
        (chat(("user", "x"), tools=[tool]), ("tools[0].function.name", "PERSON", "block")),
    ):
        exchange = examined(plugin, body)
        assert exchange.receipt.would_be == "rejected"
        assert exchange.receipt.plugins["pii"].found[line] == 1


def test_the_exchange_is_labelled() -> None:
    assert examined(KnowingPii(), chat(("user", "hello"))).labels == set()
    assert examined(KnowingPii(), chat(("user", ANNA))).labels == {"pii", "PERSON"}
    card = examined(KnowingPii(), chat(("user", CARD))).labels
    assert card == {"pii", "CREDIT_CARD", "sensitive"}
    kept = KnowingPii(actions={"PERSON": "keep"}, sensitive_entities=("PERSON",))
    assert examined(kept, chat(("user", ANNA))).labels == {"pii", "PERSON", "sensitive"}


def test_what_is_restored_can_be_limited_to_entities() -> None:
    plugin = KnowingPii(restore_entities=("PERSON",))
    result = testing.exchange(plugin, f"{ANNA} {MAIL}", "PERSON_1 and EMAIL_ADDRESS_1")
    assert result.text == f"{ANNA} and EMAIL_ADDRESS_1"


def test_what_is_restored_can_be_limited_to_roles() -> None:
    """A value that only a tool's result held is not for the one who asks."""
    plugin = KnowingPii(restore_roles=("user",))
    body = chat(("user", f"{ANNA}?"), ("tool", f"{ANNA}, {ANNA.upper()}, {BO}"))
    result = testing.exchange(plugin, body, "PERSON_1, PERSON_1a, PERSON_2")
    assert result.text == f"{ANNA}, PERSON_1a, PERSON_2"


def test_the_receipt_counts_what_was_restored() -> None:
    counted: list[str] = []

    exchange = Exchange()
    exchange.receipt.at = "pii"

    async def main() -> None:
        async with AsyncExitStack() as stack:
            body = chat(("user", f"{ANNA}, {BO}, see http://a.example/PERSON_9?q={MAIL}"))
            step = await opened(KnowingPii(), stack, exchange, body)
            one = step.on_text(Channel("content"))
            assert one is not None
            said = "PERSON_1, PERSON\\_1, PERSON_7, http://a.example/PERSON_9?q=EMAIL_ADDRESS_1 x"
            for char in said:
                counted.append(str(one.feed(char)))
            counted.append(str(one.flush()))

    anyio.run(main)
    assert "".join(counted) == f"{ANNA}, {ANNA}, PERSON_7, http://a.example/PERSON_9?q={MAIL} x"
    assert exchange.receipt.plugins["pii"].restored == {"PERSON": 2, "EMAIL_ADDRESS": 1}


def test_problems_name_what_is_meant() -> None:
    plugin = Pii(
        actions={"PRESON": "mask", "CREDIT_CARD": "surrogate", "US_ITIN": "block"},
        role_actions={"sytem": {"PERSON": "keep"}, "user": {"*": "surrogate"}},
        sensitive_entities=("CREDIT_CRAD",),
        restore_entities=("*", "MAIL"),
        restore_roles=("*", "users"),
    )
    found = "\n".join(plugin.problems())
    for problem in (
        "actions: nothing finds `PRESON`; did you mean `PERSON`?",
        "actions: there is no surrogate for `CREDIT_CARD`",
        "actions: `US_ITIN` is not looked for; add it to `entities`",
        "role_actions: there is no role `sytem`; did you mean `system`?",
        "role_actions.user: there is no surrogate for `IBAN_CODE`",
        "sensitive_entities: nothing finds `CREDIT_CRAD`; did you mean `CREDIT_CARD`?",
        "restore_entities: nothing finds `MAIL`",
        "restore_roles: there is no role `users`; did you mean `user`?",
    ):
        assert problem in found
    assert Pii().problems() == []
    assert (
        Pii(actions={"*": "mask"}, role_actions={"tool": {"PERSON": "surrogate"}}).problems() == []
    )


@pytest.mark.parametrize("action", ["mask", "hash", "remove", "surrogate"])
def test_the_laws_hold(action: Action) -> None:
    plugin = KnowingPii(actions={"PERSON": action, "EMAIL_ADDRESS": action})
    with testing.started(plugin) as started:
        testing.check_no_leak(started, MAIL)
        testing.check_cut_independence(started, "Dear PERSON_1, CREDIT_CARD_1.", request=CARD)
