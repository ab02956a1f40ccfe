"""What models and lists make of capitals, and of code."""

import pytest

from plugins.finding.spans import Span
from plugins.pii.beside import names_beside
from plugins.pii.lexicon import Lexicon
from plugins.pii.places import Places
from plugins.pii.recase import Recase
from plugins.pii.technical import Lines, glued


@pytest.mark.parametrize(
    ("text", "cased"),
    [
        ("please call xanthor quillby today", "please call Xanthor Quillby today"),
        ("PLEASE CALL XANTHOR QUILLBY TODAY", "please call Xanthor Quillby today"),
        ("We flew to KAJAANI with NASA", "We flew to Kajaani with NASA"),
        ("We met Anna in Berlin", "We met Anna in Berlin"),
        ("x = quillby(foo_bar)", "x = quillby(foo_bar)"),
        ("Anna is here\nquillby is not", "Anna is here\nQuillby is not"),
        ("straße ŉx ßquillby", "Straße ŉx ßquillby"),
    ],
)
def test_unknown_words_get_a_capital_where_there_are_few(
    lexicon: Lexicon, text: str, cased: str
) -> None:
    result = Recase(lexicon)(text)
    assert result == cased
    assert len(result) == len(text)


def test_without_words_nothing_is_recased() -> None:
    assert Recase(Lexicon(None))("call quillby") == "call quillby"


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("I moved from Norway to Utrecht", ["Norway", "Utrecht"]),
        ("i live in norway, near utrecht", ["norway", "utrecht"]),
        ("New York and north carolina", ["New York", "north carolina"]),
        ("nice to read this, turkey and china are plates", []),
        ("from norway import oslo; x = Norway(1)", []),
    ],
)
def test_places_are_found_by_lists(lexicon: Lexicon, text: str, places: list[str]) -> None:
    found = Places(lexicon).analyze(text, ["LOCATION"])
    assert [text[one.start : one.end] for one in found] == places


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Becker, Lindqvist and Ann Berg", ["Becker", "Lindqvist"]),
        ("Ann and Microsoft, or Ann, Friday and Paris", []),
    ],
)
def test_who_stands_in_a_list_with_people_is_one(
    lexicon: Lexicon, text: str, names: list[str]
) -> None:
    start = text.index("Ann")
    spans = [Span(start, start + 3, "PERSON", 0.8, "ner")]
    found = names_beside(text, spans, lexicon)
    assert sorted(text[one.start : one.end] for one in found) == names


@pytest.mark.parametrize(
    ("line", "technical"),
    [
        ("Anna said (on Monday) that 50% of it is fine; see /home.", False),
        ("Dear Anna, I'm back: call me!", False),
        ("    def grace(self, rose):", True),
        ("2024-01-02 10:00:00,123 INFO [main] grace.hopper: done id=12", True),
        ("requests==2.31.0; python_version>='3.8'", True),
        ("", False),
    ],
)
def test_code_and_logs_are_told_from_sentences(line: str, technical: bool) -> None:
    assert Lines(f"one\n{line}\nthree").technical(4) is technical


@pytest.mark.parametrize("text", ["a_Anna", "Anna(1)", "/Anna", "x.Anna", "Anna.find", "Anna=1"])
def test_a_part_of_an_expression_is_glued(text: str) -> None:
    start = text.index("Anna")
    assert glued(text, start, start + 4)
    assert not glued("(Anna).", 1, 5)
