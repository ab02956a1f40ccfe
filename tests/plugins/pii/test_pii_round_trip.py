"""A model that repeats what it was sent gives the user back the user's own words."""

import time
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import Text
from plugins.finding.spans import NER, Span
from plugins.hiding.redaction import Redaction
from plugins.hiding.restore import RestoreFilter, Restorer
from plugins.hiding.vault import Vault

ALPHABET = "AnaBergZoë日本さ😀\u0301ñ 1234567890_\\.-@,;:'\"()*|\n\t\u00a0/+#&%={}$~^`?"
Item = tuple[str, list[int]]
items = st.lists(
    st.tuples(st.text(ALPHABET, max_size=40), st.lists(st.integers(0, 40), max_size=8)),
    min_size=1,
    max_size=3,
)


def spans(text: str, cuts: Sequence[int], source: str) -> list[Span]:
    places = sorted({min(cut, len(text)) for cut in cuts})
    return [
        Span(start, end, "PERSON", 0.9, source)
        for start, end in zip(places[::2], places[1::2], strict=False)
        if text[start:end].strip()
    ]


def restorer(redaction: Redaction) -> Restorer:
    return Restorer(redaction.vault.values, redaction.texts())


def restore(restorer: Restorer, text: str, step: int = 0) -> str:
    one = RestoreFilter(restorer)
    pieces = [text[at : at + step] for at in range(0, len(text), step)] if step else [text]
    return "".join(map(one.feed, pieces)) + one.flush()


@settings(max_examples=300, deadline=None)
@given(items, st.booleans())
def test_what_is_repeated_is_restored(parts: list[Item], by_model: bool) -> None:
    texts = [Text(source) for source, _ in parts]
    redaction = Redaction(shortest=3, surest=0.6)
    source = NER if by_model else "pattern"
    redaction.apply(texts, [spans(text, cuts, source) for text, cuts in parts])
    if redaction.vault.values:
        for text, (original, _) in zip(texts, parts, strict=True):
            assert restore(restorer(redaction), text.text) == original
            assert restore(restorer(redaction), text.text, 1) == original


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Zoës Haus", "Zoë"),
        ("Anna田中 ist da", "田中"),
        (r"Anna\_x", "Anna"),
        (r"x\_Anna", "Anna"),
        ("_Anna_ und __Anna__", "Anna"),
        ("I am Anna.Call me", "Anna"),
        ("evil.com/Anna.", "Anna"),
        ("mail Anna-x@corp.example, now", "Anna"),
        (r"see https://x.example/a\_b/Anna", "Anna"),
    ],
)
def test_what_stands_next_to_a_value(text: str, value: str) -> None:
    texts = [Text(text)]
    redaction = Redaction(shortest=3, surest=0.6)
    start = text.index(value)
    redaction.apply(texts, [[Span(start, start + len(value), "PERSON", 0.9, NER)]])
    assert value not in texts[0].text
    for step in range(len(texts[0].text)):
        assert restore(restorer(redaction), texts[0].text, step) == text


def test_values_with_nothing_but_underscores_between_them() -> None:
    source = "Zoë_\\_élan"
    texts = [Text(source)]
    redaction = Redaction(shortest=3, surest=0.6)
    redaction.apply(texts, [[Span(0, 3, "PERSON", 0.9, NER), Span(6, 10, "PERSON", 0.9, NER)]])
    assert restore(restorer(redaction), texts[0].text) == source


def test_a_placeholder_in_emphasis_is_its_own_word() -> None:
    one = Restorer({"PERSON_1": "Anna"}, [])
    text = r"_PERSON_1_ __PERSON_1__ \_PERSON_1\_ ***PERSON_1*** x_PERSON_1_ _PERSON_1_x"
    expected = r"_Anna_ __Anna__ \_Anna\_ ***Anna*** x_PERSON_1_ _PERSON_1_x"
    assert restore(one, text) == restore(one, text, 1) == expected


@pytest.mark.parametrize(
    "typed", ["_PERSON_1_", "**PERSON_1**", r"PERSON\_1", "(PERSON_1)", "x/PERSON_1", r"\PERSON_1"]
)
def test_what_is_typed_in_is_never_used(typed: str) -> None:
    vault = Vault()
    vault.avoid([f"this {typed} is mine"])
    assert vault.add("PERSON", "Anna") == "PERSON_2"


@pytest.mark.parametrize("entity", ["order-no", "Kunde 1", "PERSON_1", "1st", "日本", "a__b", "__"])
def test_odd_entities_have_placeholders_that_can_be_typed_in(entity: str) -> None:
    name = Vault().add(entity, "x")
    vault = Vault()
    vault.avoid([f"the {name} of"])
    assert vault.add(entity, "x") != name
    assert restore(Restorer({name: "Anna"}, []), f"the {name} of") == "the Anna of"


def test_two_entities_never_share_a_placeholder() -> None:
    vault = Vault()
    names = [
        vault.add(entity, f"{entity} {number}")
        for entity in ("PERSON", "PERSON_1", "person-1", "PERSON_1_1", "P")
        for number in range(12)
    ]
    one = Restorer(vault.values, [])
    assert len(set(names)) == len(names)
    assert restore(one, " ".join(names)) == " ".join(vault.values[name] for name in names)


def test_only_whole_placeholders_of_an_address_are_restored() -> None:
    text = "https://x.example/XPERSON_1/PERSON_1"
    one = Restorer({"PERSON_1": "Anna"}, [text])
    assert restore(one, text) == "https://x.example/XPERSON_1/Anna"


def test_giving_up_a_placeholder_leaves_others_alone() -> None:
    redaction = Redaction(shortest=3, surest=0.6)
    texts = [Text("Anna is Bo")]
    redaction.apply(
        texts, [[Span(0, 4, "PERSON", 0.9, NER), Span(8, 10, "MY_PERSON", 0.9, "pattern")]]
    )
    redaction.apply([Text("PERSON_1")], [[]])
    assert texts[0].text == "PERSON_2 is MY_PERSON_1"


@pytest.mark.parametrize("unit", ["a", "<a ", "](", "![", "PERSON_1,", "PERSON_1/", "A_", r"A\_"])
def test_the_time_is_linear(unit: str) -> None:
    text = unit * (50_000 // len(unit))
    begun = time.process_time()
    vault = Vault()
    vault.avoid([text])
    one = Restorer({"PERSON_1": "Anna", "PERSON_77": "Bo"}, [text])
    restore(one, text)
    assert time.process_time() - begun < 3  # 0.5 s at most; "a" took 20 s
