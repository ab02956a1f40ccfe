"""What is closed up in a text that was pulled apart, and which findings are owed to that."""

import pytest

from plugins.finding.closed import SURE, closed
from plugins.finding.fold import fold
from plugins.finding.shadow import Shadow
from plugins.finding.spans import Span

IBAN = "DE89370400440532013000"
MAC = "00:1a:2b:3c:4d:5e"


class Names:
    """Knows two given names, a family name and three words."""

    def given(self, word: str) -> bool:
        return word in ("rosalind", "wilhelmina")

    def family(self, word: str) -> bool:
        return word in ("lindqvist", "hansen")

    def plain(self, word: str) -> bool:
        return word in ("rosa", "lind", "will")


def views(text: str, *, names: bool = False) -> list[str]:
    return [one.shadow.text for one in closed(Shadow(text), Names() if names else None)]


@pytest.mark.parametrize(
    ("text", "shut"),
    [
        ("a n n a @ x . o r g", "anna@x.org"),
        ("A n n a  M c K a y", "Anna McKay"),
        ("A n n a M a y", "Anna May"),
        ("w_o_r_d_w_o_r_d", "wordword"),
        ("41I1 llOO 111| 1o11", "4111 1100 1111 1011"),
        ("+l 415 555 O132", "+1 415 555 0132"),
        ("anna @ example . org", "anna@example.org"),
    ],
)
def test_what_was_spaced_out_or_imitated_is_closed_once(text: str, shut: str) -> None:
    assert views(text) == [shut]


@pytest.mark.parametrize("end", ["\n", "\r\n", " \n", "\n  "])
def test_lines_of_a_number_are_joined_with_a_space_and_without(end: str) -> None:
    assert views(f"call 4155{end}550199 now") == ["call 4155550199 now", "call 4155 550199 now"]


@pytest.mark.parametrize("value", [IBAN, MAC])
def test_a_value_may_be_cut_anywhere(value: str) -> None:
    for cut in range(1, len(value)):
        assert value in views(f"it is {value[:cut]}\n{value[cut:]}, yes")[0], cut


@pytest.mark.parametrize(
    "text",
    [
        "a = b + c - d * e / f",
        "a b c d, e f",
        "done 12\n34 56",
        "12:00 GET\n2024-01-01 12:01",
        "port 5432101\n2024-01-01 12:01",
        "from 5432101\n10.0.0.1 to",
        "00:1a:2b\n:3c:4d",
        "O'Il 1",
        "IIII1111",
        "a @ b",
        "\n".join(["4111 1111"] * 12),
    ],
)
def test_ordinary_text_is_left(text: str) -> None:
    assert views(text, names=True) == []


@pytest.mark.parametrize("cut", ["Rosal\nind", "Wil\nhelmina", "Lind\r\n qvist", "Hans\nen"])
def test_a_name_is_joined_if_one_of_its_parts_is_no_word(cut: str) -> None:
    [shut] = views(f"I am {cut}, hello", names=True)
    assert shut == f"I am {''.join(cut.split())}, hello"
    assert views(f"I am {cut}, hello") == []


@pytest.mark.parametrize(
    "cut", ["Rosa\nlind", "Rosal\nina", "rosal\nind", "Rosal\nInd", "Rosal,\nind"]
)
def test_two_words_and_what_is_no_name_stay_apart(cut: str) -> None:
    assert views(f"I am {cut}, hello", names=True) == []


def owed(text: str, value: str, entity: str = "PHONE_NUMBER", score: float = SURE) -> bool:
    one = closed(fold(text))[0]
    at = one.shadow.text.index(value)
    return one.owed(Span(at, at + len(value), entity, score, "test"))


def test_a_finding_is_owed_to_the_gap_that_it_goes_over() -> None:
    text = "call 4155\n550199 or 12345678"
    assert owed(text, "4155550199")
    assert not owed(text, "4155550199", score=SURE - 0.01)
    assert not owed(text, "12345678", score=1.0)
    assert not owed(text, "call 4155", score=1.0)
    assert not owed(text, "550199", score=1.0)


def test_a_finding_among_lines_of_numbers_goes_over_all_of_them() -> None:
    table = "4111 1111\n1111 1111\n2024"
    assert owed(table, "4111 11111111 11112024")
    assert not owed(table, "4111 11111111 1111", "CREDIT_CARD", 1.0)
    assert owed(table, "4111 11111111 1111", "IBAN_CODE", 1.0)


def test_lines_of_numbers_with_words_between_have_nothing_to_do_with_each_other() -> None:
    text = "a 4111 1111\n1111 1111 and\nb 5500 0000\n0000 0004"
    assert owed(text, "4111 11111111 1111", "CREDIT_CARD", 1.0)
    assert owed(text, "5500 00000000 0004", "CREDIT_CARD", 1.0)


def test_a_part_of_what_was_spaced_out_may_be_a_finding() -> None:
    assert owed("a n n a @ x . o r g , h i", "anna@x.org", "EMAIL_ADDRESS", 1.0)
