"""Phone numbers by their shape: how much each says, and what looks like one."""

import pytest

from plugins.pii.options import REGIONS
from plugins.pii.phones import CERTAIN, FAIR, LIKELY, WEAK, Phone


@pytest.fixture(scope="module")
def phone() -> Phone:
    return Phone(REGIONS)


def found(phone: Phone, text: str) -> dict[str, float]:
    return {text[one.start : one.end]: one.score for one in phone.analyze(text, ["PHONE_NUMBER"])}


@pytest.mark.parametrize(
    ("value", "score"),
    [
        ("+44 7700 118 204", CERTAIN),
        ("+49 (0)89 5550 1234", CERTAIN),
        ("+1-312-555-0147", CERTAIN),
        ("+ 39 011 555 2310", CERTAIN),
        ("0044 7700 118204", CERTAIN),
        ("(312) 555-0147", LIKELY),
        ("1 (312) 555-0147", LIKELY),
        ("(030) 5551234", LIKELY),
        ("312-555-0147", LIKELY),
        ("312.555.0147", LIKELY),
        ("312 555 0147", LIKELY),
        ("1-312-555-0147", LIKELY),
        ("312-555-0147 x12", LIKELY),
        ("312-555-0147, ext. 123456", LIKELY),
        ("312-555-0147 extension 9", LIKELY),
        ("07911 842 663", FAIR),
        ("030/5551234", FAIR),
        ("06 12 34 98 71", FAIR),
        ("07911842663", WEAK),
        ("0171 555", WEAK),
        ("555-0136", WEAK),
        ("555 0136", WEAK),
        ("98765432", WEAK),
        ("600 700 800", WEAK),
    ],
)
def test_how_much_a_shape_says(phone: Phone, value: str, score: float) -> None:
    assert found(phone, f"it is {value}, ok") == {value: score}


@pytest.mark.parametrize(
    "text",
    [
        *("2024-05-11", "2024/5/11 08", "11.05.2024", "11-05-2024 08", "192.168.10.20"),
        *("1.250.000.000", "078-05-1120", "2019-2023", "1998 / 2004", "978-3-16-148410-0"),
        *("12 34", "1234567", "123-45", "1 2 3 4 5 6 7 8 9"),
        *("$312-555-0147", "#312-555-0147", "@312-555-0147", "x312-555-0147", "3.312-555-0147"),
        *("312-555-0147%", "312-555-0147@x", "312-555-0147-1", "312-555-0147:1", "312-555-0147a"),
        *("5551234/5551234", "1234567890123456", "(312 555-0147-9"),
    ],
)
def test_what_only_looks_like_one(phone: Phone, text: str) -> None:
    assert found(phone, f"it is {text}, ok") == {}


def test_of_a_run_of_numbers_each_is_found(phone: Phone) -> None:
    text = "call 312-555-0147 312-555-0148 now"
    assert found(phone, text) == {"312-555-0147": LIKELY, "312-555-0148": LIKELY}
