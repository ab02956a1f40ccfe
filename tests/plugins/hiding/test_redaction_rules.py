"""What a redaction does as its policy says, and what of it may come back."""

from collections.abc import Sequence

import pytest

from pipeline import Rejected, Text
from plugins.finding.spans import JOINED, NER, Span
from plugins.hiding.policy import Policy
from plugins.hiding.redaction import Redaction
from plugins.hiding.words import Place

MAIL = "berg@x.example"


def redaction(policy: Policy | None = None) -> Redaction:
    return Redaction(shortest=3, surest=0.6, policy=policy, key=b"k")


def name(text: str, value: str, entity: str = "PERSON", source: str = NER) -> list[Span]:
    at = text.index(value)
    return [Span(at, at + len(value), entity, 0.9, source)]


def apply(one: Redaction, *texts: tuple[Text, Sequence[Span]]) -> list[str]:
    one.apply([text for text, _ in texts], [spans for _, spans in texts])
    return [text.text for text, _ in texts]


@pytest.mark.parametrize(
    ("action", "left"),
    [("mask", "I am **** ****."), ("mark", "I am [PERSON]."), ("remove", "I am .")],
)
def test_an_action_that_nobody_takes_back(action: str, left: str) -> None:
    one = redaction(Policy({"PERSON": action}))  # pyright: ignore[reportArgumentType]
    assert apply(one, (Text("I am Anna Berg."), name("I am Anna Berg.", "Anna Berg"))) == [left]
    assert not one.vault.values
    assert one.actions() == {action}
    assert one.entities() == {"PERSON"}


def test_what_is_hashed_is_the_same_in_every_spelling_and_request() -> None:
    policy = Policy({"PERSON": "hash"})
    spelt = ["Anna Berg", "ANNA BERG"]
    first = apply(redaction(policy), *((Text(one), name(one, one)) for one in spelt))
    assert first[0] == first[1] != "Anna Berg"
    assert apply(redaction(policy), (Text(spelt[1]), name(spelt[1], spelt[1]))) == first[:1]


def test_a_surrogate_stands_for_all_spellings_and_is_nobodys_value_itself() -> None:
    policy = Policy({"PERSON": "surrogate"})
    spelt = ["Anna Berg", "anna berg"]
    one = redaction(policy)
    given, again = apply(one, *((Text(each), name(each, each)) for each in spelt))
    assert given == again != "Anna Berg"
    assert not one.vault.values
    assert apply(redaction(policy), (Text("Anna Berg"), name("Anna Berg", "Anna Berg"))) == [given]
    # The reply comes back in the next turn, and its names are recognised as well.
    assert apply(one, (Text(given), name(given, given))) == [given]


def test_what_is_kept_is_noted_and_stays() -> None:
    noted: list[Place] = []
    one = Redaction(
        shortest=3,
        surest=0.6,
        policy=Policy({"PERSON": "keep"}),
        note=lambda _text, place, _as_it_came: noted.append(place),
    )
    text = f"Anna Berg, {MAIL}"
    spans = [*name(text, "Anna Berg"), *name(text, MAIL, "EMAIL_ADDRESS")]
    assert apply(one, (Text(text), spans)) == ["Anna Berg, EMAIL_ADDRESS_1"]
    assert [(place.entity, place.action) for place in noted] == [
        ("PERSON", "keep"),
        ("EMAIL_ADDRESS", "replace"),
    ]


def test_what_is_refused_is_named_by_kind_and_place_alone() -> None:
    with pytest.raises(Rejected) as caught:
        apply(
            redaction(Policy({"PERSON": "block"})),
            (Text("Anna Berg", path="messages[0]"), name("Anna Berg", "Anna Berg")),
        )
    assert "messages[0]: holds PERSON" in str(caught.value)
    assert "Anna" not in str(caught.value)


def test_a_role_may_refuse_what_was_recognised_elsewhere_alone() -> None:
    policy = Policy({}, {"tool": {"PERSON": "block"}})
    with pytest.raises(Rejected):
        apply(
            redaction(policy),
            (Text("Anna Berg", role="user"), name("Anna Berg", "Anna Berg")),
            (Text("of anna berg", role="tool"), []),
        )


def test_a_value_has_the_strictest_action_of_its_places() -> None:
    policy = Policy({"PERSON": "keep"}, {"user": {"PERSON": "mask"}})
    for roles in (("user", "tool"), ("tool", "user")):
        texts = [(Text("Anna Berg", role=role), name("Anna Berg", "Anna Berg")) for role in roles]
        assert apply(redaction(policy), *texts) == ["**** ****"] * 2


def test_only_wanted_kinds_from_wanted_roles_may_come_back() -> None:
    one = redaction()
    apply(
        one,
        (Text("Anna Berg", role="user", turn=0), name("Anna Berg", "Anna Berg")),
        (Text(MAIL, role="tool", turn=1), name(MAIL, MAIL, "EMAIL_ADDRESS")),
    )
    person, mail = {"PERSON_1": "Anna Berg"}, {"EMAIL_ADDRESS_1": MAIL}
    assert one.restorable(("*",), ("*",)) == {**person, **mail}
    assert one.restorable(("PERSON",), ("*",)) == person
    assert one.restorable(("*",), ("tool",)) == mail
    assert one.restorable(("PERSON",), ("tool",)) == {}
    assert one.restorable((), ("*",)) == {}
    apply(one, (Text("Bo Ek"), name("Bo Ek", "Bo Ek")))
    assert one.restorable(("*",), ("outside",)) == {"PERSON_2": "Bo Ek"}


def test_a_placeholder_is_nobodys_name() -> None:
    one = redaction()
    assert apply(one, (Text("API_KEY_1 and Grep"), name("API_KEY_1 and Grep", "API_KEY_1"))) == [
        "API_KEY_1 and Grep"
    ]
    assert one.entities() == set()


def test_what_a_pattern_finds_is_hidden_even_if_a_tool_is_called_so() -> None:
    one = redaction()
    one.avoid(["Grep"])
    assert apply(one, (Text("Grep"), name("Grep", "Grep", "NATIONAL_ID", "Identity"))) == [
        "NATIONAL_ID_1"
    ]


def test_a_fragment_of_a_value_is_hidden_where_it_was_found_alone() -> None:
    one = redaction()
    fragment = name("card 4111 11", "4111 11", "CREDIT_CARD", JOINED)
    assert apply(one, (Text("card 4111 11"), fragment), (Text("no. 4111 11"), [])) == [
        "card CREDIT_CARD_1",
        "no. 4111 11",
    ]
    whole = name("4111 11", "4111 11", "CREDIT_CARD", "Card")
    assert apply(one, (Text("4111 11"), whole), (Text("4111 11!"), [])) == [
        "CREDIT_CARD_1",
        "CREDIT_CARD_1!",
    ]
    assert apply(one, (Text("card 4111 11"), fragment), (Text("so 4111 11"), [])) == [
        "card CREDIT_CARD_1",
        "so CREDIT_CARD_1",
    ]
