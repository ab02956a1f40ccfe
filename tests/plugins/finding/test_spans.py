"""Which of two findings counts, and what is joined."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.finding.spans import NER, Span, resolve

TEXT = "Anna Berg, 12 High Street, Bath BA1 5AW; anna@berg.example; 4111 1111 1111 1111 12/27"


def span(value: str, entity: str, score: float = 0.6, source: str = "pattern") -> Span:
    start = TEXT.index(value)
    return Span(start, start + len(value), entity, score, source)


def found(*spans: Span) -> list[tuple[str, str]]:
    return [(TEXT[one.start : one.end], one.entity) for one in resolve(TEXT, spans)]


def test_the_wider_span_wins() -> None:
    assert found(span("Anna", "A", 0.9), span("Anna Berg", "B", 0.5)) == [("Anna Berg", "B")]


def test_of_equals_the_higher_score_wins() -> None:
    assert found(span("Anna", "A", 0.6), span("Anna", "B", 0.7)) == [("Anna", "B")]


def test_a_checked_number_beats_a_wider_date_and_the_rest_of_the_date_is_kept() -> None:
    date = span("4111 1111 1111 1111 12/27", "DATE_TIME", 0.85, NER)
    card = span("4111 1111 1111 1111", "CREDIT_CARD", 1.0)
    assert found(date, card) == [("4111 1111 1111 1111", "CREDIT_CARD"), ("12/27", "DATE_TIME")]


def test_a_pattern_beats_a_wider_guess_of_a_model() -> None:
    guess = span("BA1 5AW; anna@berg.example", "PERSON", 0.85, NER)
    address = span("anna@berg.example", "EMAIL_ADDRESS", 0.9)
    assert found(guess, address) == [("BA1 5AW", "PERSON"), ("anna@berg.example", "EMAIL_ADDRESS")]


def test_the_parts_of_a_name_are_joined() -> None:
    assert found(span("Anna", "PERSON"), span("Berg", "PERSON")) == [("Anna Berg", "PERSON")]


def test_the_parts_of_an_address_are_joined_and_two_cities_are_not() -> None:
    street, town, code = (
        span(value, "LOCATION") for value in ("12 High Street", "Bath", "BA1 5AW")
    )
    assert found(street, town, code) == [("12 High Street, Bath BA1 5AW", "LOCATION")]
    cities = "Paris, Rome"
    two = [Span(0, 5, "LOCATION", 0.9, NER), Span(7, 11, "LOCATION", 0.9, NER)]
    assert resolve(cities, two) == two


@pytest.mark.parametrize("entity", ["EMAIL_ADDRESS", "PHONE_NUMBER"])
def test_two_values_of_one_kind_stay_two(entity: str) -> None:
    assert len(found(span("Anna", entity), span("Berg", entity))) == 2


spans = st.builds(
    lambda start, length, entity, score, source: Span(
        start, min(start + length, len(TEXT)), entity, score, source
    ),
    st.integers(0, len(TEXT) - 1),
    st.integers(1, 30),
    st.sampled_from(["PERSON", "LOCATION", "CREDIT_CARD"]),
    st.sampled_from([0.4, 0.6, 1.0]),
    st.sampled_from([NER, "pattern"]),
)


@given(st.lists(spans, max_size=12))
def test_resolved_spans_are_sorted_apart_and_cover_all_that_was_found(given: list[Span]) -> None:
    resolved = resolve(TEXT, given)
    assert resolved == sorted(resolved)
    assert all(one.end <= two.start for one, two in pairwise(resolved))
    covered = {at for one in resolved for at in range(one.start, one.end)}
    lost = {at for one in given for at in range(one.start, one.end)} - covered
    assert not any(TEXT[at].isalnum() for at in lost)
    assert resolve(TEXT, resolved) == resolved
