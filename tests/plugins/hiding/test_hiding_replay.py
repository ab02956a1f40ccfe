"""The same texts again are redacted from a plan, as if all had been worked out."""

import random

import pytest

from pipeline import Rejected, Text
from plugins.finding.spans import NER, Span
from plugins.hiding.plan import LARGEST, Plan, digest
from plugins.hiding.policy import Policy
from plugins.hiding.replay import Replay
from plugins.hiding.words import Place

VALUES = {
    "Anna Berg": "PERSON",
    "anna@x.example": "EMAIL_ADDRESS",
    "Berg": "PERSON",
    "Ulm": "LOCATION",
}
SAID = [*VALUES, "ANNA BERG", "_Ulm_", "Annas", "PERSON_1", "ulm", "and", "-", "\n", "\u00fc"]
ROLES = ("system", "user", "assistant", "")
POLICY = Policy({"EMAIL_ADDRESS": "mark"}, {"assistant": {"LOCATION": "keep"}})


def texts(draw: random.Random, count: int = 5) -> list[Text]:
    return [
        Text(" ".join(draw.choices(SAID, k=6)), role=draw.choice(ROLES), turn=turn or None)
        for turn in range(count)
    ]


def spans(given: list[Text]) -> list[list[Span]]:
    found: list[list[Span]] = []
    for text in given:
        at = [(text.text.find(value), value) for value in VALUES]
        here = [Span(i, i + len(v), VALUES[v], 0.8, NER) for i, v in sorted(at) if i >= 0]
        found.append([one for i, one in enumerate(here) if not i or here[i - 1].end <= one.start])
    return found


def copies(given: list[Text]) -> list[Text]:
    return [Text(one.text, role=one.role, turn=one.turn) for one in given]


def noting(notes: list[object]) -> Replay:
    def note(text: Text, place: Place, as_it_came: bool) -> None:
        notes.append((text.role, place._replace(known=""), as_it_came))

    return Replay(shortest=3, surest=0.6, policy=POLICY, key=b"key", note=note)


@pytest.mark.parametrize("seed", range(40))
def test_a_plan_does_what_was_done(seed: int) -> None:
    draw = random.Random(seed)
    came, added = texts(draw), texts(draw, 2)
    fixed = ["get_PERSON_2", "Ulm"] if seed % 2 else []
    told: list[object] = []
    noted: list[object] = []
    once, again = noting(told), noting(noted)
    first, second = copies(came), copies(came)
    for one in (once, again):
        one.avoid(fixed)
    once.apply(first, spans(came))
    plan = once.plan([one.text for one in came], spans(came))
    assert plan
    again.replay(second, plan)

    def same() -> None:
        assert [one.text for one in first] == [one.text for one in second]
        assert noted == told
        assert dict(again.vault.values) == dict(once.vault.values)
        for role in ("*", "user", "assistant"):
            assert again.restorable(["*"], [role]) == once.restorable(["*"], [role])
        assert list(again.texts()) == list(once.texts())
        assert again.entities() == once.entities()

    same()
    for one in (first, second):
        one[0].text = "what another plugin made of it"
    same()
    # What comes later finds all that is known.
    later, later_too = copies(added), copies(added)
    once.apply(later, spans(added))
    again.apply(later_too, spans(added))
    first, second = [*first, *later], [*second, *later_too]
    same()
    assert again.knows("about anna berg") == once.knows("about anna berg")
    assert again.identities() == once.identities()
    assert again.actions() == once.actions()


@pytest.mark.parametrize("seed", range(5))
def test_what_is_known_is_asked_of_a_replay(seed: int) -> None:
    came = texts(random.Random(seed))
    once, again, third, fourth = (noting([]) for _ in range(4))
    once.apply(copies(came), spans(came))
    plan = once.plan([one.text for one in came], spans(came))
    assert plan
    for one in (again, third, fourth):
        one.replay(copies(came), plan)
    assert again.knows("Anna Berg") == once.knows("Anna Berg")
    assert third.identities() == once.identities()
    assert fourth.actions() == once.actions()


def test_a_plan_holds_no_text() -> None:
    plan = made("Anna Berg of Ulm, anna@x.example", POLICY)
    assert plan
    assert not any(value in repr(plan) for value in ("Anna", "Ulm", "anna"))


@pytest.mark.parametrize("action", ["mask", "surrogate"])
def test_what_tells_of_a_value_or_is_drawn_is_not_planned(action: str) -> None:
    assert made("Anna Berg of Ulm", Policy({"PERSON": action})) is None  # pyright: ignore[reportArgumentType]


def test_a_large_plan_is_not_kept() -> None:
    assert made("Ulm " * (LARGEST - 1), POLICY)
    assert made("Ulm " * LARGEST, POLICY) is None


def test_what_is_refused_is_refused_again() -> None:
    redaction = Replay(shortest=3, surest=0.6, policy=Policy({"PERSON": "block"}))
    with pytest.raises(Rejected):
        redaction.apply([Text("Anna Berg")], [[Span(0, 9, "PERSON", 0.8, NER)]])


def made(said: str, policy: Policy) -> Plan | None:
    redaction = Replay(shortest=3, surest=0.6, policy=policy, key=b"key")
    text = Text(said)
    found = spans([text])
    redaction.apply([text], found)
    return redaction.plan([said], found)


def test_a_digest_tells_apart_all_that_matters() -> None:
    def of(
        *given: Text, fixed: tuple[str, ...] = (), key: bytes = b"key", endpoint: str = "chat"
    ) -> bytes:
        return digest(key, endpoint, given, fixed)

    plain = Text("a", role="user", turn=1)
    others = [
        of(plain),
        of(plain, key=b"other"),
        of(plain, endpoint="embeddings"),
        of(plain, fixed=("a",)),
        of(plain, fixed=("a", "a")),
        of(plain, plain),
        of(),
        of(Text("b", role="user", turn=1)),
        of(Text("a", role="system", turn=1)),
        of(Text("a", role="user", turn=2)),
        of(Text("a", role="user")),
        of(Text("a", "number", role="user", turn=1)),
        of(Text("aa"), Text("b")),
        of(Text("a"), Text("ab")),
        of(Text("\ud800")),
    ]
    assert len(set(others)) == len(others)
    assert of(Text("a", role="user", turn=1)) == others[0]
