"""What a value looks like, at the borders between made, chosen and no value at all."""

from base64 import b64encode, urlsafe_b64encode

import pytest

from plugins.secrets.looks import (
    entropy,
    is_code,
    is_no_value,
    is_prose,
    looks_chosen,
    looks_made,
    looks_random,
    lowered,
)

RANDOM = "Zx81kQw0Rt5Lm2Np7VbYc3Hd"


@pytest.mark.parametrize("value", ["", "...", "<your key>", "Password", "$NAME", "xxxx", "AES256"])
def test_what_stands_for_a_value_is_none(value: str) -> None:
    assert is_no_value(value)
    assert not is_no_value(f"q7{value}")


@pytest.mark.parametrize(
    ("value", "prose"),
    [
        ("enter it here", True),
        ("tulip 77:", True),
        ("tulip 77?", True),
        ("tulip 77...", True),
        ("tulip 77", False),
        ("enter", False),
        ("tulip: 77", False),
        ("theory isotope", False),
    ],
)
def test_a_sentence_has_spaces_and_words_of_sentences(value: str, prose: bool) -> None:
    assert is_prose(value) is prose


@pytest.mark.parametrize("value", ["/etc/keys/1", "a.b.c1", "read(1)", "x[1]", "~/keys", "./k1"])
def test_code_is_told_by_its_signs(value: str) -> None:
    assert is_code(value)
    assert not is_code(f" {value}")


def test_a_key_in_a_path_is_a_key() -> None:
    assert not is_code(f"/etc/{RANDOM}")


@pytest.mark.parametrize("value", ["tulip", "tulip-red", "Tulip!", "größe"])
def test_plain_words_are_not_chosen(value: str) -> None:
    assert not looks_chosen(value)
    assert looks_chosen(f"{value}7")


@pytest.mark.parametrize(
    ("value", "made"),
    [
        ("a1b2c3d4", True),
        ("a1b2c3d", False),
        ("a1a1a1a1", False),
        ("3f2504e0-4f89-11d3-9a0c-0305e82c3301", True),
        ("00000000-0000-0000-0000-000000000000", False),
        ("1234567812345678", True),
        ("123456781234567", False),
        ("Zx8-1kQ-w0R-t5L-m2Np", True),
        ("information-architecture", False),
    ],
)
def test_what_a_machine_makes(value: str, made: bool) -> None:
    assert looks_made(value) is made


@pytest.mark.parametrize(
    "value",
    [
        RANDOM[:-1],
        RANDOM.lower().translate(str.maketrans("ghijklmnopqrstuvwxyz", "0" * 20)),
        "getElementsByClassNameAndTag2",
        "Ab1Ab1Ab1Ab1Ab1Ab1Ab1Ab1",
        "abcdefgh12345678ABCDEFGH",
        "AbCdEfGhIjKlMnOpQrStUvWx",
        b64encode(b"To whom it\r\nmay concern").decode(),
        urlsafe_b64encode(b"~~~???~~~ >>> ~~~???~~~ ??>").decode(),
    ],
)
def test_what_somebody_might_write_is_not_random(value: str) -> None:
    assert looks_random(RANDOM)
    assert not looks_random(value)


def test_entropy_is_in_bits_per_character() -> None:
    assert [entropy(one) for one in ("", "aaaa", "abab", "abcd")] == [0, 0, 1, 2]


def test_small_letters_keep_their_places() -> None:
    assert lowered("ÄbC") == "äbc"
    assert lowered("\u0130PASS") == "\u0130pass"
