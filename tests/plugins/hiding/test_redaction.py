"""Placeholders, the sweep and their numbers, by spans written down in the tests."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from pipeline import Text
from plugins.finding.spans import NER, Span
from plugins.hiding.redaction import Redaction, whole_words
from plugins.hiding.restore import RestoreFilter, Restorer
from plugins.hiding.sweep import Known, Sweep
from plugins.hiding.units import identity
from plugins.hiding.vault import Vault


def spans(text: str, *values: tuple[str, str], source: str = "pattern") -> list[Span]:
    found = [
        Span(text.index(value), text.index(value) + len(value), entity, 0.9, source)
        for value, entity in values
    ]
    return sorted(found)


def redact(
    texts: Sequence[Text], *found: Sequence[Span], into: Redaction | None = None
) -> Redaction:
    redaction = into or Redaction(shortest=3, surest=0.6)
    redaction.apply(texts, found)
    return redaction


def test_one_value_has_one_placeholder_and_two_never_share() -> None:
    source = "Anna Berg, Anna Berg and Bo Ek"
    texts = [Text(source)]
    found = [Span(0, 9, "PERSON", 0.9, NER), Span(11, 20, "PERSON", 0.9, NER)]
    redact(texts, [*found, Span(25, 30, "PERSON", 0.9, NER)])
    assert texts[0].text == "PERSON_1, PERSON_1 and PERSON_2"


def test_a_value_is_hidden_wherever_it_stands() -> None:
    texts = [Text("berg@x.example wrote"), Text("and BERG@x.example, xberg@x.example")]
    redaction = redact(texts, spans(texts[0].text, ("berg@x.example", "EMAIL_ADDRESS")), [])
    assert [one.text for one in texts] == [
        "EMAIL_ADDRESS_1 wrote",
        "and EMAIL_ADDRESS_1a, xberg@x.example",
    ]
    assert redaction.vault.values == {
        "EMAIL_ADDRESS_1": "berg@x.example",
        "EMAIL_ADDRESS_1a": "BERG@x.example",
    }


def test_another_spelling_does_not_shift_numbers() -> None:
    first, second = [Text("Anna Berg"), Text("anna berg")], [Text("Anna Berg"), Text("Bo Ek")]
    redact(first, spans(first[0].text, ("Anna Berg", "PERSON"), source=NER), [])
    redact(
        second,
        spans(second[0].text, ("Anna Berg", "PERSON"), source=NER),
        spans(second[1].text, ("Bo Ek", "PERSON"), source=NER),
    )
    assert [one.text for one in first] == ["PERSON_1", "PERSON_1a"]
    assert [one.text for one in second] == ["PERSON_1", "PERSON_2"]


def test_a_spelling_that_was_recognised_too_has_the_number_of_the_first() -> None:
    texts = [Text("Anna Berg"), Text("ANNA BERG, Bo Ek"), Text("berg@x.example")]
    redaction = redact(
        texts,
        spans(texts[0].text, ("Anna Berg", "PERSON"), source=NER),
        spans(texts[1].text, ("ANNA BERG", "PERSON"), ("Bo Ek", "PERSON"), source=NER),
        spans(texts[2].text, ("berg@x.example", "EMAIL_ADDRESS")),
    )
    assert [one.text for one in texts] == ["PERSON_1", "PERSON_1a, PERSON_2", "EMAIL_ADDRESS_1"]
    assert redaction.vault.values["PERSON_1a"] == "ANNA BERG"


def test_a_spelling_in_a_later_turn_does_not_shift_letters() -> None:
    """One of an earlier turn that only the sweep finds keeps its letter."""
    for later in ("nobody", "ANNA BERG"):
        texts = [Text("Anna Berg"), Text("anna berg"), Text(later)]
        redact(
            texts,
            spans(texts[0].text, ("Anna Berg", "PERSON"), source=NER),
            [],
            spans(later, ("ANNA BERG", "PERSON"), source=NER) if later != "nobody" else [],
        )
        assert [one.text for one in texts[:2]] == ["PERSON_1", "PERSON_1a"]
        assert texts[2].text in ("nobody", "PERSON_1b")


def test_one_spelling_of_two_kinds_has_two_placeholders() -> None:
    texts = [Text("Berg"), Text("BERG")]
    redact(
        texts,
        spans("Berg", ("Berg", "PERSON")),
        spans("BERG", ("BERG", "LOCATION")),
    )
    assert [one.text for one in texts] == ["PERSON_1", "LOCATION_1"]


def test_texts_outside_messages_are_numbered_first() -> None:
    turn, tool = Text("Anna Berg", turn=0), Text("Bo Ek")
    redact(
        [turn, tool],
        spans("Anna Berg", ("Anna Berg", "PERSON")),
        spans("Bo Ek", ("Bo Ek", "PERSON")),
    )
    assert (turn.text, tool.text) == ("PERSON_2", "PERSON_1")


def test_placeholders_that_are_typed_in_are_skipped_and_stay() -> None:
    texts = [Text("PERSON_1 and PERSON\\_2 know Anna Berg")]
    redaction = redact(texts, spans(texts[0].text, ("Anna Berg", "PERSON")))
    assert texts[0].text == "PERSON_1 and PERSON\\_2 know PERSON_3"
    assert restore(redaction, "PERSON_1, PERSON_2, PERSON_3") == "PERSON_1, PERSON_2, Anna Berg"


def test_a_placeholder_that_stands_in_added_text_is_given_up() -> None:
    texts = [Text("I am Anna Berg")]
    redaction = redact(texts, spans(texts[0].text, ("Anna Berg", "PERSON")))
    added = [Text("PERSON_1 is a word of this document")]
    redact(added, [], into=redaction)
    assert texts[0].text == "I am PERSON_2"
    assert restore(redaction, "PERSON_1 PERSON_2") == "PERSON_1 Anna Berg"


def test_what_added_text_makes_known_is_hidden_in_earlier_text() -> None:
    texts = [Text("who is Anna Berg?")]
    redaction = redact(texts, [])
    added = [Text("Anna Berg: nurse")]
    redact(added, spans(added[0].text, ("Anna Berg", "PERSON")), into=redaction)
    assert texts[0].text == "who is PERSON_1?"


def test_spans_are_widened_to_whole_words() -> None:
    source = "user_anna@x.example_2"
    assert whole_words(source, [Span(5, 19, "EMAIL_ADDRESS", 1.0, "p")])[0][:2] == (0, 21)
    assert whole_words("日本Annaさん", [Span(2, 6, "PERSON", 1.0, "p")])[0][:2] == (2, 6)


def test_what_is_swept() -> None:
    def found(text: str, *known: Known) -> list[str]:
        return [hit.text for hit in Sweep(known, shortest=3, surest=0.6).find(text)]

    assert found("Will will go", Known("Will", 0.9, 1, True)) == ["Will"]
    assert found("Will will go", Known("Will", 0.5, 1, True)) == []
    assert found("Will will go", Known("Will", 0.5, 2, True)) == ["Will"]
    assert found("anna\n BERG", Known("Anna Berg", 0.5, 1, True)) == ["anna\n BERG"]
    assert found("Li, Lin", Known("Li", 0.9, 3, True)) == []


@given(st.lists(st.sampled_from(["Anna Berg", "ANNA BERG", "Bo", "x@y.example"]), max_size=8))
def test_a_vault_can_always_be_read_back(values: list[str]) -> None:
    vault = Vault()
    names = [vault.add("PERSON", value) for value in values]
    assert [vault.values[name] for name in names] == values
    assert len(set(names)) == len(set(values))


def restore(redaction: Redaction, text: str) -> str:
    one = RestoreFilter(Restorer(redaction.vault.values, redaction.texts()))
    return one.feed(text) + one.flush()


def test_two_values_of_the_same_digits_are_two():
    assert identity("11/2/1980") != identity("1/12/1980")
    assert identity("12 3") != identity("1 23")
    assert identity("11/2/1980") == identity("11.2.1980") == identity("\uff11\uff11/2/1980")
    assert identity("+44 20 7946 0958") == identity("+44 2079 460958")
