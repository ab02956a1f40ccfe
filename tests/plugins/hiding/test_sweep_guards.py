"""Where the sweep stops: length, words, numbers, and the punctuation around them."""

import pytest

from plugins.hiding.sweep import Known, Sweep
from plugins.hiding.units import identity


def swept(text: str, *values: str, shortest: int = 3) -> list[str]:
    known = [Known(value, 0.9, 1, is_name=False) for value in values]
    return [hit.text for hit in Sweep(known, shortest=shortest, surest=0.6).find(text)]


def test_only_values_of_some_length_are_looked_for() -> None:
    assert swept("abc abcd", "abc", shortest=3) == ["abc"]
    assert swept("abc abcd", "abc", shortest=4) == []


def test_a_value_that_overlaps_itself_is_found_once_at_a_place() -> None:
    assert swept("11-22-11-22-11", "11-22-11") == ["11-22-11"]


def test_of_two_values_that_begin_alike_the_longer_is_found() -> None:
    assert swept("Anna Berg Lund", "Anna Berg", "Anna Berg Lund") == ["Anna Berg Lund"]
    assert swept("Anna Berg Lunde", "Anna Berg", "Anna Berg Lund") == ["Anna Berg"]


def test_numbers_of_few_digits_and_dates_keep_their_groups() -> None:
    assert swept("no. 12 3, 1 23, 123", "12 3") == ["12 3"]
    assert swept("on 1.12.1980, 11.2.1980", "1/12/1980") == ["1.12.1980"]
    assert swept("at 123 4567, 1234 567", "1234567") == ["123 4567", "1234 567"]


def test_the_punctuation_of_a_value_belongs_to_it_where_it_stands() -> None:
    assert swept("at acme inc. now", "Acme Inc.") == ["acme inc."]
    assert swept("at acme inc, now", "Acme Inc.") == ["acme inc"]
    assert swept("call 415 555 0132", "(415) 555-0132") == ["415 555 0132"]
    assert swept("call ((415) 555 0132", "(415) 555-0132") == ["(415) 555 0132"]


@pytest.mark.parametrize("value", ["\u0301", "\u200d", "...", "", "-"])
def test_a_value_without_words_is_itself_and_is_not_looked_for(value: str) -> None:
    assert identity(value) == value
    assert swept(f"a {value} b", value, shortest=0) == []


def test_digits_of_all_scripts_are_the_same() -> None:
    assert identity("\u0665\u0663 6") == identity("53 6") != identity("5 36")


@pytest.mark.parametrize(
    "spelt",
    [
        "berg%40x.example",
        "b&#101;rg@x.example",
        "YmVyZ0B4LmV4YW1wbGU=",
        "be\u200brg@x\uff0eexample",
    ],
)
def test_a_value_is_found_behind_a_disguise(spelt: str) -> None:
    assert swept(f"to {spelt} now", "berg@x.example") == [spelt]
    text = f"berg@x.example, {spelt}, Berg@x.example"
    assert swept(text, "berg@x.example") == text.split(", ")
