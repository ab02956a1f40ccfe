"""What is recognised behind disguises, with the real recognisers."""

from base64 import b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.finding.disguises import Findings, see_through
from plugins.finding.spans import Span
from plugins.pii.analysis import Analysis
from plugins.pii.options import RecogniserOptions

IBAN = "DE89 3704 0044 0532 0130 00"


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return Analysis(RecogniserOptions())


def found(analysis: Analysis, text: str, *, names: bool = True) -> dict[str, str]:
    """Value to entity."""
    [findings] = analysis.find([text], [names])
    assert not isinstance(findings, str)
    return {text[one.start : one.end]: one.entity for one in findings}


@pytest.mark.parametrize(
    ("before", "value", "after", "entity"),
    [
        ("mail ", "an\u200bna@exam\u00adple.org", "\u200b now", "EMAIL_ADDRESS"),
        ("mail ", "anna.b\nerg@example.org", "\nnow", "EMAIL_ADDRESS"),
        ("mail ", "anna.berg@\n  example.org", ", now", "EMAIL_ADDRESS"),
        ("mail ", "anna.berg\n@example.org", ". Now", "EMAIL_ADDRESS"),
        ("mail ", "anna@example.o\r\nrg", ". Now", "EMAIL_ADDRESS"),
        ("mail ", "anna@example.co\nm", ". Now", "EMAIL_ADDRESS"),
        ("mail ", "anna@example\n.co.uk", ". Now", "EMAIL_ADDRESS"),
        ("mail ", "anna\n.berg@example.org", ". Now", "EMAIL_ADDRESS"),
        ("phone ", "0 2 0 7 9 4 6 0 9 5 8", ".", "PHONE_NUMBER"),
        ("mail ", "anna @ example . org", ". Now", "EMAIL_ADDRESS"),
        ("mail ", "a n n a @ e x a m p l e . o r g", " now", "EMAIL_ADDRESS"),
        ("card ", "4111\u00a01111\u200b 1111 \uff11\uff11\uff11\uff11", " ok", "CREDIT_CARD"),
        ("card ", "4 1 1 1   1 1 1 1   1 1 1 1   1 1 1 1", ".", "CREDIT_CARD"),
        ("card ", "4-1-1-1-1-1-1-1-1-1-1-1-1-1-1-1", ".", "CREDIT_CARD"),
        ("card ", "4111\n1111\n1111\n1111", "\nthanks", "CREDIT_CARD"),
        ("card ", "4111 11\n11 1111 1111", " ok", "CREDIT_CARD"),
        ("card ", "41I1 1111 11ll 1111", " ok", "CREDIT_CARD"),
        ("account ", IBAN.replace(" 05", "\n05"), "\nBIC COBADEFF", "IBAN_CODE"),
        ("account ", IBAN.replace("9 3", "\n9 3"), ", ok", "IBAN_CODE"),
        ("account ", IBAN.replace(" ", "\n"), "\n\n2024", "IBAN_CODE"),
        ("ssn ", "219-0\n9-9998", ".", "US_SSN"),
        ("call ", "+44 20 7946\n0958", ".", "PHONE_NUMBER"),
        ("I am ", "M a r i a   G o n z a l e z", ".", "PERSON"),
        ("I am ", "M a r i a G o n z a l e z", ".", "PERSON"),
        ("My name is ", "Maria G\nonzalez", " and", "PERSON"),
        ("My name is ", "Maria Gonza\nlez", " and", "PERSON"),
        ("I am ", b64encode(b"Maria Gonzalez").decode(), " there.", "PERSON"),
    ],
)
def test_whole_value_is_found(
    analysis: Analysis, before: str, value: str, after: str, entity: str
) -> None:
    assert found(analysis, before + value + after).get(value) == entity


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Anna Berg\nanna.berg@example.org\nRegards", {"Anna Berg", "anna.berg@example.org"}),
        ("Write to:\nanna@example.org", {"anna@example.org"}),
        ("This ends.\nberg@example.org is new", {"berg@example.org"}),
        ("Write to anna@example.org\nor call", {"anna@example.org"}),
        ("Write to anna@example.de\nmo to fr", {"anna@example.de"}),
        ("Tel +49 30 123456\n10115 is the code", {"+49 30 123456"}),
        ("\n".join(["4111", "1111", "1111", "1111"] * 5), set[str]()),
        ("1 0 1 1 0 0 1 0\n0 1 1 1 0 1 0 0\n" * 4, set[str]()),
        (
            "I have met Anna\nbell in hand, and Maria\nyesterday",
            {"Anna", "Maria"},
        ),
        ("done 5\n2. next 17\n3. last", set[str]()),
        ("12:00 port 5432\n2024-01-01 12:01 port 5433\n2024-01-01", set[str]()),
    ],
)
def test_ordinary_lines_stay_apart(analysis: Analysis, text: str, values: set[str]) -> None:
    assert set(found(analysis, text)) == values


def _anna(texts: list[str], names: list[bool]) -> list[Findings]:
    """A recogniser of `anna`, and of people where it may look for names."""
    return [
        [
            Span(at, at + 4, "PERSON" if wanted else "WORD", 0.9, "test")
            for at in range(len(text))
            if text.startswith("anna", at)
        ]
        for text, wanted in zip(texts, names, strict=True)
    ]


def test_plain_text_is_asked_for_once() -> None:
    asked: list[tuple[list[str], list[bool]]] = []

    def find(texts: list[str], names: list[bool]) -> list[Findings]:
        asked.append((texts, names))
        return [[] for _ in texts]

    texts = ["Anna wrote to Bob.", "anna@example.org"]
    see_through(find, texts, [True, False])  # type: ignore[arg-type]
    assert asked == [(texts, [True, False])]
    assert asked[0][0] is texts


def test_names_are_looked_for_in_the_shadow_alone() -> None:
    [findings] = see_through(_anna, ["an\u00adna, anna"], [True])  # type: ignore[arg-type]
    assert [(one.start, one.end, one.entity) for one in findings] == [  # type: ignore[union-attr]
        (0, 5, "PERSON"),
        (7, 11, "PERSON"),
    ]


def test_failure_in_a_view_is_a_failure() -> None:
    def find(texts: list[str], names: list[bool]) -> list[Findings]:
        return [[] if text.isascii() else "it failed" for text in texts]

    assert see_through(find, ["a\u00adb", "b"], [True, True]) == ["it failed", []]  # type: ignore[arg-type]


NOISE = st.sampled_from(["\u200b", "\u00ad", "\u0301", "\u200f", "\ufe0f", "\u2060", "\u0336"])


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_noise_anywhere_hides_nothing(analysis: Analysis, data: st.DataObject) -> None:
    value = data.draw(
        st.sampled_from(["anna.berg@example.org", "4111 1111 1111 1111", IBAN, "219-09-9998"])
    )
    places = data.draw(st.sets(st.integers(1, len(value) - 1), min_size=1))
    noisy = "".join(
        char + (data.draw(NOISE) if at + 1 in places else "") for at, char in enumerate(value)
    )
    text = f"My number is {noisy}, thanks"
    assert any(value_found.startswith(noisy) for value_found in found(analysis, text, names=False))
