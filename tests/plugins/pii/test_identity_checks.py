"""National identity numbers: what their checks and dates let through, and what they refute."""

import pytest

from plugins.pii.identity import SURE, WEAK, Identity

RIGHT = {
    "ES 12345678Z": SURE,
    "ES X1234567L": SURE,
    "ES X-1234567-L": SURE,
    "IT RSSMRA85T10A562S": 1.0,
    "IT RSSMRA 85T10 A562S": 1.0,
    "FR 255081416802538": SURE,
    "FR 2 55 08 14 168 025 38": SURE,
    "FI 131052-308T": SURE,
    "SE 880320-0016": 0.6,
    "SE 19880320-0016": 0.6,
    "SE 8803200016": WEAK,
    "PL 44051401359": WEAK,
    "NO 15108695088": 0.5,
    "NO 151086 95088": 0.5,
    "DK 211062-5629": 0.5,
    "BR 529.982.247-25": SURE,
    "BR 52998224725": WEAK,
    "BE 85.07.30-033.28": 0.5,
    "CH 756.9217.0769.85": SURE,
    "CH 7569217076985": SURE,
    "CN 360426199101010071": SURE,
    "CN 11010519491231002X": SURE,
    "SG S1234567D": SURE,
    "IE 1234567T": SURE,
    "IE 1234567FA": SURE,
    "RO 1630615123457": 0.5,
    "DE 36574261809": WEAK,
    "DE 36 574 261 809": WEAK,
    "DE A123456780": 0.5,
    "DE 15070649C103": SURE,
    "DE 15 070649 C 103": SURE,
    "NL 111222333": WEAK,
    "CA 046 454 286": WEAK,
    "CA 046-454-286": WEAK,
    "CZ 710319/2745": 0.6,
    "IN ABCPE1234F": 0.6,
    "MX GODE561231HDFRRN09": SURE,
}
"""Examples that authorities publish, and how much each says on its own."""


def found(text: str) -> dict[str, float]:
    return {
        text[one.start : one.end]: one.score for one in Identity().analyze(text, ["NATIONAL_ID"])
    }


@pytest.mark.parametrize(("example", "score"), RIGHT.items())
def test_a_right_number_is_found(example: str, score: float) -> None:
    value = example[3:]
    assert found(f"it is {value}, yes") == {value: score}
    assert found(f"it is {value.lower()}, yes") == {value.lower(): score}


@pytest.mark.parametrize(
    "example",
    [one for one in RIGHT if one[:2] not in ("DK", "IN", "MX", "NO", "SE", "PL", "BR", "BE", "DE")],
)
def test_no_digit_of_it_may_be_another(example: str) -> None:
    value = example[3:]
    for at, char in enumerate(value):
        if char.isdigit():
            for other in "0123456789".replace(char, ""):
                wrong = value[:at] + other + value[at + 1 :]
                assert found(f"it is {wrong}, yes").get(wrong, 0.0) < RIGHT[example], wrong


@pytest.mark.parametrize(
    "wrong",
    [
        "880320-0017",
        "881320-0014",
        "880332-0012",
        "15108695089",
        "15108695188",
        "321062-5629",
        "211362-5629",
        "529.982.247-26",
        "529.982.247-15",
        "111.111.111-11",
        "85.07.30-033.29",
        "1 55 08 14 168 025 38",
        "S1234567E",
        "1234567U",
        "ABCXE1234F",
        "GODE561231XDFRRN09",
        "A123456781",
        "15070649C104",
        "15320649C103",
    ],
)
def test_a_wrong_number_is_none(wrong: str) -> None:
    assert found(f"it is {wrong}, yes") == {}


@pytest.mark.parametrize(
    "around", ["x{}", "1{}", "{}x", "{}1", "a.{}", "@{}", "#{}", "/{}", "-{}", "{}@", "{}-1"]
)
def test_a_part_of_something_longer_is_none(around: str) -> None:
    assert found(f"it is {around.format('529.982.247-25')}, yes") == {}
