"""Texts that are one word in another code, and numbers that a line end cuts."""

from collections.abc import Iterator

import pytest

from pipeline import testing
from plugins.pii import Pii

SENTENCE = "My name is Martha Hopkins."


@pytest.fixture(scope="module")
def pii() -> Iterator[testing.Started]:
    with testing.started(Pii(workers=1)) as started:
        yield started


@pytest.mark.parametrize(
    "text",
    [
        SENTENCE.encode().hex(),
        SENTENCE.encode().hex().upper(),
        "TXkgbmFtZSBpcyBNYXJ0aGEgQmFrZXIu",
    ],
)
def test_a_name_in_a_text_of_one_word_is_hidden(pii: testing.Started, text: str):
    assert testing.redact(pii, text) == "PERSON_1"


def test_other_words_with_digits_stay(pii: testing.Started):
    for text in ("4d79206e616d652069732049", "2f9a1c3b7d5e8f60a1b2c3d4e5f60718", "IngridBerg2"):
        assert testing.redact(pii, text) == text


@pytest.mark.parametrize("cut", range(1, 17))
def test_a_hardware_address_with_a_line_end_inside(pii: testing.Started, cut: int):
    value = "3c:22:91:72:60:53"
    text = f"The MAC address is {value[:cut]}\n{value[cut:]}."
    assert testing.redact(pii, text) == "The MAC address is MAC_ADDRESS_1."
