"""Postal addresses of many countries, whole, and sentences that are none."""

import time

import pytest

from plugins.pii.address import Address
from plugins.pii.lexicon import Lexicon


@pytest.fixture(scope="module")
def address(lexicon: Lexicon) -> Address:
    return Address(lexicon)


def found(address: Address, text: str) -> list[str]:
    return [text[one.start : one.end] for one in address.analyze(text, ["LOCATION"])]


@pytest.mark.parametrize(
    "value",
    [
        "221B Baker Street",
        "12 North Elm St",
        "1600 Pennsylvania Avenue NW",
        "350 5th Avenue, Suite 3300",
        "10 Downing Street, London SW1A 2AA",
        "742 Evergreen Terrace, Springfield, IL 62704",
        "Friedrichstraße 43, 10117 Berlin",
        "Hauptstr. 5a",
        "Lange Straße 12",
        "12 rue de la Paix, 75002 Paris",
        "Calle de Alcalá 45",
        "Via Giuseppe Verdi 7",
        "Rua Augusta 1500",
        "Keizersgracht 174",
        "Sofienberggata 12",
        "Mannerheimintie 5",
        "ul. Marszałkowska 10",
        "Andrássy út 22",
        "PSC 1234, Box 5678",
        "P.O. Box 4711",
        "Postfach 1234",
        "K1A 0B1",
        "SW1A 1AA",
        "CA 94105",
        "Flat 4, 17 Wexford Road, Leeds LS8 2PQ",
        "Unit 12B, 450 Harbor Boulevard, Oakland",
        "apt 3c, 210 w 89th st, new york ny 10024",
        "5127 ne 42nd ave, portland or 97218",
        "3 Mill Cottages, Hebden Bridge",
        "Goethestraße 27, 60313 Frankfurt",
        "12 Hill Lane, St. Albans",
    ],
)
def test_an_address_is_one_finding(address: Address, value: str) -> None:
    assert found(address, f"Please note: {value} (my home)") == [value]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("she lives at 17 oak lane now", "17 oak lane"),
        ("i live in the hauptstraße 12 there", "hauptstraße 12"),
        ("My zip code is 90010-170", "90010-170"),
        ("PLZ: 28195", "28195"),
        ("wohnhaft Am Mühlbach 3, 83022 Rosenheim.", "Am Mühlbach 3, 83022 Rosenheim"),
        ("at 450 Harbor Boulevard, Oakland. Draft a note", "450 Harbor Boulevard, Oakland"),
        ("at 17 oak street, in the town", "17 oak street"),
        ("We moved to Elmsworth 14, ok?", "Elmsworth 14"),
        ("the corner of Main and 5th Avenue.", "Main and 5th Avenue"),
        ("in 28195 Bremen it rains", "28195 Bremen"),
        (
            "Anna\n12 High Street\nFlat 3\nBristol\nBS1 4ST",
            "12 High Street\nFlat 3\nBristol\nBS1 4ST",
        ),
    ],
)
def test_addresses_are_found_by_what_is_around_them(
    address: Address, text: str, value: str
) -> None:
    assert found(address, text) == [value]


@pytest.mark.parametrize(
    "text",
    [
        "5 years in court, 7 days a week all the way, 12 angry men drive",
        "there are 3 ways and 20 people in the square; 2 way street",
        "100 users, 12345 Users, error 50012 in module 7",
        "Chapter 12, Section 3, Figure 4; Windows 11, Python 3, Level 5",
        "released in May 2020 and June 2021, on Monday 12",
        "they returned to work at 9 and ran 10 miles; sent to 5 people",
        "the zip file is 20 MB, the address is 0x7fff, see page 90210",
        "street smarts for 2 and a place in the sun; via email 2",
        "room for 3, unit tests 12, flat 5 percent, box 12 of 40",
    ],
)
def test_sentences_with_numbers_are_no_addresses(address: Address, text: str) -> None:
    assert found(address, text) == []


UNITS = ["12 ", "1 A ", "Aa ", "Aa 1 ", "12 Aa Bb ", "via ", "lives at ", "Via Aa ", "a\n", "12,\n"]


@pytest.mark.parametrize("unit", UNITS)
def test_no_text_takes_long(address: Address, unit: str) -> None:
    text = (unit * 4_000)[:4_000]
    began = time.process_time()
    address.analyze(text, ["LOCATION"])
    assert time.process_time() - began < 0.5
