"""Phone numbers right after the word that says what they are."""

import pytest

from plugins.pii.phones import Phone

PHONE = Phone(["DE", "US", "GB"])


def found(text: str) -> list[str]:
    return [text[one.start : one.end] for one in PHONE.analyze(text, ["PHONE_NUMBER"])]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Tel/0151 2345678", "0151 2345678"),
        ("phone/+49 151 2345678", "+49 151 2345678"),
        ("Mobile/Fax/0151 2345678", "0151 2345678"),
        ("(tel/0151 2345678)", "0151 2345678"),
        ("Tel:0151 2345678", "0151 2345678"),
        ("FAX:+1 415 555 0132", "+1 415 555 0132"),
    ],
)
def test_number_right_after_its_word_is_found(text: str, number: str) -> None:
    assert found(text) == [number]


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com/phone/0151 2345678",
        "see api/tel/0151 2345678",
        "assets/mobile/20240112 1530",
        "total/0151 2345678",
        "hotel/0151 2345678",
        "report/2024-01-12 15:30",
        "build:0151 2345678",
    ],
)
def test_path_is_no_number(text: str) -> None:
    assert found(text) == []
