"""Numbers that Presidio finds too: cards, accounts, addresses of machines, social security."""

import time

import pytest

from plugins.pii.recognisers import Iban

GERMAN, BRITISH = "DE89 3704 0044 0532 0130 00", "GB82 WEST 1234 5698 7654 32"


def accounts(text: str) -> list[str]:
    return [text[one.start : one.end] for one in Iban().analyze(text, ["IBAN_CODE"])]


@pytest.mark.parametrize("between", [" ", "-", ", ", "\n", " to ", " or account "])
def test_an_account_behind_another_is_found(between: str) -> None:
    assert accounts(f"pay {GERMAN}{between}{BRITISH} now") == [GERMAN, BRITISH]
    assert accounts(f"pay {BRITISH}{between}{GERMAN} now") == [BRITISH, GERMAN]


def test_an_account_behind_what_only_looks_like_one_is_found() -> None:
    assert accounts(f"order AB12 CD34 {GERMAN}") == [GERMAN]


def test_accounts_side_by_side_take_no_time_of_their_own() -> None:
    text = "AB12 " * 4_000
    began = time.process_time()
    assert accounts(text) == []
    assert time.process_time() - began < 2
