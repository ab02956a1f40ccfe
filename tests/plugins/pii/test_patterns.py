"""What the patterns find beyond Presidio's: each with what it must leave alone."""

import time

import pytest

from plugins.pii.analysis import Analysis
from plugins.pii.batches import PIECE
from plugins.pii.options import RecogniserOptions


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return Analysis(RecogniserOptions())


def found(analysis: Analysis, text: str) -> dict[str, str]:
    """Value to entity, by patterns alone."""
    [findings] = analysis.find([text], [False])
    assert not isinstance(findings, str)
    return {text[one.start : one.end]: one.entity for one in findings}


@pytest.mark.parametrize(
    ("text", "value", "entity"),
    [
        (
            "write to anna dot berg at example dot org",
            "anna dot berg at example dot org",
            "EMAIL_ADDRESS",
        ),
        ("anna (at) example [dot] org", "anna (at) example [dot] org", "EMAIL_ADDRESS"),
        ("anna.berg[at]example.org!", "anna.berg[at]example.org", "EMAIL_ADDRESS"),
        ("anna AT example DOT co DOT uk", "anna AT example DOT co DOT uk", "EMAIL_ADDRESS"),
        ("mail anita dot patel at gmail", "anita dot patel at gmail", "EMAIL_ADDRESS"),
        ("annab99 at gmail.com", "annab99 at gmail.com", "EMAIL_ADDRESS"),
        ("born on 12 March 1984", "12 March 1984", "DATE_OF_BIRTH"),
        ("DOB: 03/12/1984", "03/12/1984", "DATE_OF_BIRTH"),
        ("date of birth is 1984-03-12", "1984-03-12", "DATE_OF_BIRTH"),
        ("Geburtsdatum: 12.03.1984", "12.03.1984", "DATE_OF_BIRTH"),
        ("née le 12/03/1984", "12/03/1984", "DATE_OF_BIRTH"),
        ("my birthday is May 5th, 1990", "May 5th, 1990", "DATE_OF_BIRTH"),
        ("a 63 year old man", "63", "AGE"),
        ("a 5-year-old girl", "5", "AGE"),
        ("i'm 54 y/o", "54", "AGE"),
        ("She just turned 18.", "18", "AGE"),
        ("aged 72 and well", "72", "AGE"),
        ("ich bin 42 Jahre alt", "42", "AGE"),
        ("j'ai 35 ans", "35", "AGE"),
        ("my username is quill_99", "quill_99", "USERNAME"),
        ("login: xquillby", "xquillby", "USERNAME"),
        ("thanks @quillby99 for that", "quillby99", "USERNAME"),
        ("DNI 12345678Z", "12345678Z", "NATIONAL_ID"),
        ("RSSMRA85T10A562S", "RSSMRA85T10A562S", "NATIONAL_ID"),
        ("CPF 529.982.247-25", "529.982.247-25", "NATIONAL_ID"),
        ("AHV 756.9217.0769.85", "756.9217.0769.85", "NATIONAL_ID"),
        ("131052-308T", "131052-308T", "NATIONAL_ID"),
        ("personnummer 811218-9876", "811218-9876", "NATIONAL_ID"),
        ("2 55 08 14 168 025 38", "2 55 08 14 168 025 38", "NATIONAL_ID"),
        ("S1234567D", "S1234567D", "NATIONAL_ID"),
        ("my pesel 44051401359", "44051401359", "NATIONAL_ID"),
        ("11010519491231002X", "11010519491231002X", "NATIONAL_ID"),
        ("Reisepass: C01X00T47", "C01X00T47", "PASSPORT"),
        ("führerschein nr B072RRE2I55", "B072RRE2I55", "DRIVER_LICENSE"),
        ("license plate AB12 CDE", "AB12 CDE", "LICENSE_PLATE"),
        ("Kennzeichen B-MW 1234", "B-MW 1234", "LICENSE_PLATE"),
        ("VIN 1HGCM82633A004352", "1HGCM82633A004352", "VEHICLE_ID"),
        ("MRN: 00482913", "00482913", "MEDICAL_RECORD"),
        ("at 40.7128° N, 74.0060° W", "40.7128° N, 74.0060° W", "LOCATION"),
        ("gps 52.520008, 13.404954", "52.520008, 13.404954", "LOCATION"),
        ("40°26'46\" N 79°58'56\" W", "40°26'46\" N 79°58'56\" W", "LOCATION"),
        ("0x52908400098527886E0F7030069857D2E4169EE7",) * 2 + ("CRYPTO",),
        ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",) * 2 + ("CRYPTO",),
        ("00:1B:44:11:3A:B7",) * 2 + ("MAC_ADDRESS",),
        ("login ok ip=203.0.113.44 port=22", "203.0.113.44", "IP_ADDRESS"),
        ("from /home/jkowalski/proj", "jkowalski", "USERNAME"),
        ("we met Xanthor, 41, of all people", "41", "AGE"),
    ],
)
def test_it_is_found(analysis: Analysis, text: str, value: str, entity: str) -> None:
    assert found(analysis, text) == {value: entity}


@pytest.mark.parametrize(
    "text",
    [
        "meet me at noon, look at example and at the dot in the corner",
        "she works at google mail and looks at yahoo finance",
        "the build of 12.03.2024 was born out of need, released on May 5th, 2024",
        "I'm 5 minutes late, turned 90 degrees, in 20 years, 3 years ago, page 12",
        "8+ years of experience, a 10% raise, I am 100% sure, he's 1.5 times faster",
        "the login is required, user name must be unique, username: string",
        "@property\n@dataclass(frozen=True)\nimport foo from '@types/node'",
        "12345678A and 529.982.247-26 and 756.9217.0769.86",
        "order 44051401359, build 811218, ticket S1234567A",
        "upgrade H1 and A4 at x00; plate of pasta for 4 people; reg no known",
        "0.123456, 0.654321 and (52.520008, 13.404954)",
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb and 0x1234",
        "policy on A12345; passport control is on level 2; vin rouge",
        "lib==1.2.3.4, >=1.2.3.4, version=1.2.3.4, ^1.2.3.4, v1.2.3.4, 1.2.3.4.post1, x-1.2.3.4",
        "127.0.0.1, 0.0.0.0, ::1 and a::b",
        "std::vector at 0x7ffe and 12:34:56",
    ],
)
def test_ordinary_text_is_left_alone(analysis: Analysis, text: str) -> None:
    assert found(analysis, text) == {}


UNITS = """a_dot_ @a_ (at)_ x(at)y. born_1 1_ 12.3.4 1-a 0x1 A1- a1. 1°_ my_name_is_ user:a_ 1A1z
id_1_ plate_A1_ 12/ '_ 1234567""".split()


@pytest.mark.parametrize("unit", [unit.replace("_", " ") for unit in UNITS])
def test_no_text_takes_long(analysis: Analysis, unit: str) -> None:
    text = (unit * PIECE)[:PIECE]
    began = time.process_time()
    analysis.find([text], [True])
    assert time.process_time() - began < 1.5
