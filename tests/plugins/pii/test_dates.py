"""Dates of birth, ages and dates: every way of writing them, and numbers beside them."""

import pytest

from plugins.pii.dates import Age, Birth, date

BORN = [
    *("1984-03-12", "1984/3/1", "1984.03.12", "1984-03-12T10:15:30.123456Z", "1984-03-12 10:15"),
    *(
        "12.03.1984",
        "12/03/84",
        "3/1/1984",
        "3-12-84",
        "12.03.1984 7:05 pm",
        "12/03/1984 07:05+0200",
    ),
    *("12 March 1984", "12th of March, 1984", "1st Jan 1984", "2nd feb. 1984", "3rd Sept 1984"),
    *(
        "March 12, 1984",
        "Mar. 12th 1984",
        "Oct 3",
        "3 Oct",
        "12 de marzo de 1984",
        "1er avril 1984",
    ),
    *("12. März 1984", "12. Dezember 1984", "5. Okt 1984", "3 janvier 1984", "4 novembre 1984"),
    *("May 5", "June 5", "Jun 5 1984".replace("Jun", "July"), "Aug 5", "August 5", "Nov 5, 1984"),
    *("Dec 24, 1984", "Feb 2 1984", "January 2", "February 2", "April 2", "October 2"),
    *(
        "November 2",
        "December 2",
        "September 2",
        "5 septiembre 1984".replace("septiembre", "septembre"),
    ),
]


def births(text: str) -> list[str]:
    return [text[one.start : one.end] for one in Birth().analyze(text, ["DATE_OF_BIRTH"])]


def ages(text: str) -> list[str]:
    return [text[one.start : one.end] for one in Age().analyze(text, ["AGE"])]


def dates(text: str) -> list[str]:
    found = date().analyze(text, ["DATE_TIME"], None)  # pyright: ignore[reportArgumentType]
    spans = [(one.start, one.end) for one in found]
    widest = [
        one for one in spans if not any(a <= one[0] < one[1] <= b != one[1] for a, b in spans)
    ]
    return [text[start:end] for start, end in sorted(widest)]


@pytest.mark.parametrize("value", BORN)
def test_a_date_is_found_whole_beside_a_word_of_birth(value: str) -> None:
    assert births(f"She was born on {value}, they say") == [value]


@pytest.mark.parametrize("value", BORN)
def test_a_date_is_found_whole_without_one_where_dates_are_wanted(value: str) -> None:
    assert dates(f"It was on {value}, they say") == [value]
    assert births(f"It was on {value}, they say") == []


@pytest.mark.parametrize(
    "words",
    [
        *(
            "DOB",
            "D.O.B.",
            "dob:",
            "born",
            "Birthday:",
            "birth date",
            "birthdate",
            "date of birth is",
        ),
        *("geboren am", "Geburtstag", "Geburtsdatum:", "geb.", "né le", "née le", "nacida el"),
        *("nacido el", "fecha de nacimiento:", "nata il", "data di nascita", "nascida em"),
        *(
            "data de nascimento",
            "geboortedatum",
            "född",
            "født",
            "urodzony",
            "urodzona",
            "syntynyt",
        ),
        *("date de naissance :", "born in Bath in a storm on"),
    ],
)
def test_a_word_of_birth(words: str) -> None:
    assert births(f"({words} 12.03.1984)") == ["12.03.1984"]


@pytest.mark.parametrize(
    "text",
    [
        "stubborn 12.03.1984",
        "airborne 12.03.1984",
        "born in 2 towns, on 12.03.1984",
        "born\n12.03.1984",
        "born " + "somewhere very far away, " * 2 + "12.03.1984",
        "reborned 12.03.1984",
        "born 1984",
        "born 123.456.7890",
    ],
)
def test_words_and_numbers_that_say_nothing_of_a_birth(text: str) -> None:
    assert births(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "1.12.03.1984",
        "12.03.1984-7",
        "a12.03.1984",
        "12.03.19845",
        "/12/03/1984",
        "3 Mayor",
        "Marchand 3",
    ],
)
def test_parts_of_something_longer_are_no_dates(text: str) -> None:
    assert dates(text) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[(f"a 63{old} man", "63") for old in (" year old", "-year-old", " years old", " yr old")],
        *[(f"a 63{old} man", "63") for old in (" yrs old", "y old", " y/o", "yo", " y.o", "-yo")],
        *[(f"he is 63{old}", "63") for old in (" years of age", " Jahre alt", " jaar oud", " lat")],
        *[(f"{said} 63.", "63") for said in ("I'm", "i am", "He's", "she is", "turned", "turning")],
        *[
            (f"{said} 63 here", "63")
            for said in ("aged", "age", "Age:", "age is", "age of", "Alter")
        ],
        *[(f"{said} 63", "63") for said in ("edad:", "idade", "età", "leeftijd", "age=", "turns")],
        *[(f"{said} 63 ans", "63") for said in ("j'ai", "de", "a")],
        ("tengo 63 años", "63"),
        ("ho 63 anni", "63"),
        ("I am 9 and happy", "9"),
        ("aged 0", "0"),
        ("aged 119", "119"),
        ("I'm 63", "63"),
        ("I'm 63!", "63"),
    ],
)
def test_an_age_is_found(text: str, value: str) -> None:
    assert ages(text) == [value]


@pytest.mark.parametrize(
    "text",
    [
        *("aged 120", "aged 163", "aged 63%", "aged 6:30", "aged 63.5", "aged 63,000", "aged 6/7"),
        *(
            "aged $63",
            "aged -63",
            "aged a63",
            "page 63",
            "stage is 63",
            "packaged 63",
            "I'm 63 km off",
        ),
        *(
            "I'm 63 under",
            "63 yolks",
            "63 yoke",
            "63 years older",
            "pendant 63 ans",
            "il y a 3 jours",
        ),
        *("his 63.", "return 63.", "63 latte", "a 63 year olden", "I am 09"),
    ],
)
def test_other_numbers_are_no_ages(text: str) -> None:
    assert ages(text) == []
