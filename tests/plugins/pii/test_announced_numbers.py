"""Numbers of documents, accounts and vehicles that a word before them explains, in any language."""

import pytest

from plugins.pii.analysis import Analysis
from plugins.pii.options import RecogniserOptions


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return Analysis(RecogniserOptions(tiers=("patterns",)))


def found(analysis: Analysis, text: str) -> dict[str, str]:
    [findings] = analysis.find([text], [False])
    assert not isinstance(findings, str)
    return {text[one.start : one.end]: one.entity for one in findings}


@pytest.mark.parametrize(
    "between", [" ", ": ", " no ", " no. ", " number: ", " is ", "'s ", " # ", "\n"]
)
def test_what_may_stand_between_the_word_and_the_number(analysis: Analysis, between: str) -> None:
    assert found(analysis, f"my medical record{between}00482913, ok") == {
        "00482913": "MEDICAL_RECORD"
    }


@pytest.mark.parametrize(
    ("text", "value", "entity"),
    [
        *[(f"{word} C01X00T47", "C01X00T47", "PASSPORT") for word in ("passport", "Reisepass")],
        *[(f"{word} C01X00T47", "C01X00T47", "PASSPORT") for word in ("passeport", "pasaporte")],
        *[(f"{word} C01X00T47", "C01X00T47", "PASSPORT") for word in ("passaporto", "paszport")],
        *[(f"{word} B072RRE2I55", "B072RRE2I55", "DRIVER_LICENSE") for word in ("Führerschein",)],
        ("driver's license B072RRE2I55", "B072RRE2I55", "DRIVER_LICENSE"),
        ("permis de conduire 12AB34567", "12AB34567", "DRIVER_LICENSE"),
        ("rijbewijs B072RRE2I55", "B072RRE2I55", "DRIVER_LICENSE"),
        *[(f"{word} AB12 CDE", "AB12 CDE", "LICENSE_PLATE") for word in ("number plate", "plate")],
        *[(f"{word} AB12 CDE", "AB12 CDE", "LICENSE_PLATE") for word in ("reg no", "Kennzeichen")],
        *[(f"{word} AB12 CDE", "AB12 CDE", "LICENSE_PLATE") for word in ("targa", "kenteken")],
        ("matrícula 1234 BCD", "1234 BCD", "LICENSE_PLATE"),
        ("chassis 1HGCM82633A004352", "1HGCM82633A004352", "VEHICLE_ID"),
        ("member id XQW883920114", "XQW883920114", "MEDICAL_RECORD"),
        ("patient id: A-482913", "A-482913", "MEDICAL_RECORD"),
        ("patient number 00812345", "00812345", "MEDICAL_RECORD"),
        ("hospital no. 00812345", "00812345", "MEDICAL_RECORD"),
        ("Patientennummer: 00812345", "00812345", "MEDICAL_RECORD"),
        ("Patienten-ID 4711223", "4711223", "MEDICAL_RECORD"),
        ("Pat.-Nr. 00812345", "00812345", "MEDICAL_RECORD"),
        ("Fallnummer 4711223", "4711223", "MEDICAL_RECORD"),
        ("Versichertennr.: X000000000", "X000000000", "MEDICAL_RECORD"),
        ("KV-Nummer X000000000", "X000000000", "MEDICAL_RECORD"),
        ("numéro de dossier 123456", "123456", "MEDICAL_RECORD"),
        ("IPP : 8001234567", "8001234567", "MEDICAL_RECORD"),
        ("historia clínica nº 123456", "123456", "MEDICAL_RECORD"),
        ("cartella clinica n. 123456", "123456", "MEDICAL_RECORD"),
        ("patiëntnummer 123456", "123456", "MEDICAL_RECORD"),
        ("SVNR 1238 010180", "1238 010180", "NATIONAL_ID"),
        ("Sozialversicherungs-Nr. 15070649C104", "15070649C104", "NATIONAL_ID"),
        ("tax id 12-3456789", "12-3456789", "NATIONAL_ID"),
        ("Steuer-ID 36 574 261 809", "36 574 261 809", "NATIONAL_ID"),
        ("my login is quill-99", "quill-99", "USERNAME"),
        ("skype: xanthor.quillby", "xanthor.quillby", "USERNAME"),
        ("on twitter as @xquillby", "xquillby", "USERNAME"),
        ("my github account is 'xquillby'", "xquillby", "USERNAME"),
    ],
)
def test_a_word_explains_a_number(analysis: Analysis, text: str, value: str, entity: str) -> None:
    assert found(analysis, f"so {text}.") == {value: entity}


@pytest.mark.parametrize(
    "text",
    [
        "passports 2024 were issued; a passport photo 35x45; passport is ready",
        "the platelets 12345 count; a plate of 12 oysters; template AB12",
        "vineyard 1HGCM82633A004352; vin 1HGCM82633A00435; vin 1HGCM82633A0043521",
        "the medical records of 12 people; medical recorder 123456",
        "login: required; login page; the username field; discordant views",
        "licensed 12345678 times; in 2024 the licence was granted",
        "the patient 2024 was seen; hospital 1234; patients no. 3; in diesem Fall 4711 Euro",
        "der Versicherte zahlt 4711 Euro; die Versicherung 12345; le dossier 2024 complet",
    ],
)
def test_other_words_explain_nothing(analysis: Analysis, text: str) -> None:
    assert found(analysis, text) == {}
