"""What may be noted down of an exchange."""

import pytest

from pipeline import Exchange, Fixed, Text
from pipeline.core.receipt import MOST, Finding, Receipt, Span, labels

VALUES = [
    "Anna Berg",
    "anna.berg@example.org",
    "+44 20 7946 0958",
    "4111111111111111",
    "4111-1111-1111-1111",
    "naïve",
    "a\nb",
    "a" * 101,
    "",
    None,
    7,
]


@pytest.mark.parametrize("value", VALUES)
def test_what_is_no_identifier_is_not_kept(value: str):
    receipt = Receipt()
    receipt.found("messages[0].content", value, value)
    receipt.restored(value)
    receipt.uninspected("x", value, "drop")
    [line] = receipt.plugins[""].found
    assert line == ("messages[0].content", "*", "*")
    assert list(receipt.plugins[""].restored) == ["*"]
    assert list(receipt.opaque) == [("x", "*", "drop")]
    assert labels({value, "pii"}) == ["*", "pii"]


@pytest.mark.parametrize("number", ["4111111111111111", "0207-946-0958"])
def test_a_number_is_no_path(number: str):
    receipt = Receipt()
    receipt.found(number, "CARD", "replace")
    assert list(receipt.plugins[""].found) == [("*", "CARD", "replace")]


@pytest.mark.parametrize("path", ["a b", "x.@y", "é", "", "a" * 201, "+44"])
def test_a_path_that_is_none_is_not_kept(path: str):
    receipt = Receipt()
    receipt.found(path, "PERSON", "replace")
    receipt.rules(path)
    assert list(receipt.plugins[""].found) == [("*", "PERSON", "replace")]
    assert receipt.plugins[""].rules == "*"


def test_findings_are_counted_by_plugin_place_entity_and_action():
    receipt = Exchange().receipt
    text = Text("Anna Berg", path="messages[0].content[1].*")
    receipt.at = "pii"
    receipt.found(text, "PERSON", "replace")
    receipt.found(text, "PERSON", "replace")
    receipt.found(Fixed("tools[0].function.name", "Anna"), "PERSON", "block")
    receipt.rules("2026.11-a")
    receipt.restored("PERSON", 2)
    receipt.restored("PERSON")
    receipt.at = "secrets"
    receipt.found("content", "API_KEY", "remove")
    assert receipt.plugins["pii"].found == {
        ("messages[0].content[1].*", "PERSON", "replace"): 2,
        ("tools[0].function.name", "PERSON", "block"): 1,
    }
    assert receipt.plugins["pii"].restored == {"PERSON": 3}
    assert receipt.plugins["pii"].rules == "2026.11-a"
    assert receipt.plugins["secrets"].found == {("content", "API_KEY", "remove"): 1}


def test_spans_are_told_to_who_listens_and_kept_nowhere():
    receipt = Receipt()
    text = Text("I am Anna", path="messages[0].content")
    receipt.found(text, "PERSON", "replace", span=(5, 9), score=0.9, recogniser="ner")
    assert "9" not in str(vars(receipt.plugins[""]))
    heard: list[tuple[object, Span]] = []
    receipt.listen = lambda where, span: heard.append((where, span))
    receipt.found(text, "PERSON", "replace", span=(5, 9), score=0.9, recogniser="Anna Berg")
    receipt.found(text, "PERSON", "replace")
    [(where, span)] = heard
    assert where is text
    assert span == Span(5, 9, "PERSON", "replace", 0.9, "*")


def test_a_receipt_is_bounded_and_loses_no_count():
    receipt = Receipt()
    for number in range(3 * MOST):
        receipt.found(f"messages[{number}].content", "PERSON", "replace")
        receipt.found(f"messages[{number}].content", f"E{number}", f"a{number}")
        receipt.restored(f"E{number}")
        receipt.uninspected(f"messages[{number}]", "images", "pass")
    notes = receipt.plugins[""]
    assert len(notes.found) <= MOST * 1.1 + 1
    assert sum(notes.found.values()) == 6 * MOST
    assert notes.found[Finding("*", "PERSON", "replace")] > MOST
    assert len(notes.restored) <= MOST + 1
    assert sum(notes.restored.values()) == 3 * MOST
    assert len(receipt.opaque) == MOST + 1
