"""Addresses of crypto currencies: those with a right check sum, and what only looks like one."""

import pytest

from plugins.pii.wallets import Wallet

BITCOIN = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"
SHORTEST = "1111111111111111111114oLvT2"
RIPPLE = "rHb9CJAWyB4rj91VRWn96DkukG4bwdtyTh"
ETHEREUM = "0x52908400098527886E0F7030069857D2E4169EE7"
BECH = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"
MONERO = "4" + "4" * 94
GOOD = [BITCOIN, "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", SHORTEST, RIPPLE, ETHEREUM, BECH, MONERO]


def found(text: str) -> dict[str, float]:
    return {text[one.start : one.end]: one.score for one in Wallet().analyze(text, ["CRYPTO"])}


@pytest.mark.parametrize("value", GOOD)
def test_an_address_is_found_certain_where_it_was_checked(value: str) -> None:
    checked = value in (*GOOD[:2], SHORTEST, RIPPLE)
    assert found(f"send it to {value}, please") == {value: 1.0 if checked else 0.8}


@pytest.mark.parametrize("value", GOOD)
@pytest.mark.parametrize(
    "around", ["x{}", "{}b", "/{}", "={}", "+{}", "-{}", "{}=", "{}/", "{}+", "{}-"]
)
def test_a_part_of_something_longer_is_none(value: str, around: str) -> None:
    assert found(around.format(value)) == {}


@pytest.mark.parametrize(
    "value",
    [
        BITCOIN[:-1] + "b",
        BITCOIN.replace("P1", "P2"),
        BITCOIN.replace("A", "0"),
        RIPPLE[:-1] + "i",
        ETHEREUM[:-1],
        ETHEREUM[:-1] + "g",
        BECH[:20],
        BECH.replace("q", "b"),
        MONERO[:-1],
        "r" * 34,
    ],
)
def test_a_wrong_check_sum_or_form_is_none(value: str) -> None:
    assert found(f"send it to {value}, please") == {}
