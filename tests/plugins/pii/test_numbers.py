"""Numbers that Presidio finds too: cards, accounts, addresses of machines, social security."""

import time

import pytest
from presidio_analyzer import EntityRecognizer

from plugins.pii.contacts import Email
from plugins.pii.recognisers import WEAK, Card, Iban, Ip, Licence, Mac, Nhs, Ssn, nino, url

GERMAN, BRITISH = "DE89 3704 0044 0532 0130 00", "GB82 WEST 1234 5698 7654 32"


def accounts(text: str) -> list[str]:
    return [text[one.start : one.end] for one in Iban().analyze(text, ["IBAN_CODE"])]


@pytest.mark.parametrize("between", [" ", "-", ", ", "\n", " to ", " or account "])
def test_an_account_behind_another_is_found(between: str) -> None:
    assert accounts(f"pay {GERMAN}{between}{BRITISH} now") == [GERMAN, BRITISH]
    assert accounts(f"pay {BRITISH}{between}{GERMAN} now") == [BRITISH, GERMAN]


def test_an_account_behind_what_only_looks_like_one_is_found() -> None:
    assert accounts(f"order AB12 CD34 {GERMAN}") == [GERMAN]


@pytest.mark.parametrize("around", ["{}7", "7{}", "x{}", "{}x"])
def test_a_part_of_something_longer_is_no_account(around: str) -> None:
    assert accounts(around.format(GERMAN.replace(" ", ""))) == []


def test_accounts_side_by_side_take_no_time_of_their_own() -> None:
    text = "AB12 " * 4_000
    began = time.process_time()
    assert accounts(text) == []
    assert time.process_time() - began < 2


def scores(recogniser: EntityRecognizer, text: str) -> dict[str, float]:
    """Value to the best score, before any context."""
    found = recogniser.analyze(text, recogniser.supported_entities, None)  # pyright: ignore[reportArgumentType]
    ordered = sorted(found, key=lambda one: one.score)
    return {text[one.start : one.end]: one.score for one in ordered if one.score > 0}


@pytest.mark.parametrize(
    ("recogniser", "value", "score"),
    [
        (Card(), "4111 1111 1111 1111", 1.0),
        (Card(), "4111-1111-1111-1111", 1.0),
        (Card(), "3782 822463 10005", 1.0),
        (Card(), "3056 930902 5904", 1.0),
        (Card(), "4222222222222", 1.0),
        (Card(), "4111 1111 1111 1112", WEAK),
        (Ip(), "203.0.113.7", 0.6),
        (Ip(), "2001:db8::8a2e:370:7334", 0.6),
        (Mac(), "00:1a:2b:3c:4d:5e", 0.6),
        (Mac(), "001a.2b3c.4d5e", 0.6),
        (Ssn(), "219-09-9998", 0.85),
        (Ssn(), "219 09 9998", 0.5),
        (Ssn(), "219.09.9998", 0.5),
        (Ssn(), "21909-9998", WEAK),
        (Ssn(), "219-099998", WEAK),
        (Ssn(), "219099998", WEAK),
        (nino(), "AB12 34 56 C", 0.6),
        (nino(), "AB123456C", 0.6),
        (Email(), "anna.berg+x@mail.example.org", 1.0),
        (Email(), "anna@host.internal", 1.0),
        (url(), "https://anna.example/x?y=1#z", 0.6),
    ],
)
def test_a_value_is_found_between_other_things(
    recogniser: EntityRecognizer, value: str, score: float
) -> None:
    for around in ("{}", "it is {}, yes", "({})", "'{}'"):
        assert scores(recogniser, around.format(value)) == {value: score}, around


@pytest.mark.parametrize(
    ("recogniser", "text"),
    [
        (Card(), "4111111111111112"),
        (Card(), "4111 1111-1111 1111"),
        (
            Card(),
            "x4111111111111111 14111111111111111 4111111111111111.5 -4111111111111111 "
            "4111111111111111-2 4111111111111111x",
        ),
        (Card(), "1111 1111 1111 1117"),
        (Ip(), "==203.0.113.7, v203.0.113.7, version 203.0.113.7, build=203.0.113.7"),
        (Ip(), "203.0.113.7-rc, 203.0.113.7.post1, pkg-203.0.113.7, >203.0.113.7"),
        (Ip(), "127.0.0.1 ::1 0.0.0.0 :: a::b 203.0.113.999"),
        (Ssn(), "000-09-9998, 666-09-9998, 219-00-9998, 219-09-0000, 111-11-1111"),
        (Ssn(), "1219-09-9998, 219-09-99981, x219-09-9998, 219 09.9998, 1.219.09.9998"),
        (nino(), "BG123456C AB123456E ABX123456C AB123456CD QQ123456C"),
        (Email(), "anna@host, @example.org, anna@example.o, anna@.org"),
        (url(), "anna.example/x, self.socket.co, xhttps://anna.example"),
    ],
)
def test_what_only_resembles_it_is_left(recogniser: EntityRecognizer, text: str) -> None:
    assert scores(recogniser, text) == {}


def test_a_health_number_needs_its_word_and_its_check_digit() -> None:
    assert scores(Nhs(), "NHS 943 476 5919") == {"943 476 5919": 0.35}
    assert scores(Nhs(), "NHS 943 476 5918") == {}
    assert scores(Nhs(), "NHS x943 476 5919, 943 476 59191") == {}
    assert scores(Nhs(), "no. 943 476 5919") == {}


def test_a_licence_needs_its_word_and_four_digits() -> None:
    assert set(scores(Licence(), "driver's licence A1234567")) == {"A1234567"}
    assert set(scores(Licence(), "driver's licence A1234")) == {"A1234"}
    assert scores(Licence(), "road A1234567") == {}
    assert scores(Licence(), "driver H1, licence A123, driving AB12") == {}
