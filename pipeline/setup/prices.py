"""Prices of tokens, as the configuration writes them."""

from pipeline.core.catalog import Price

CURRENCIES = frozenset(
    "AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD HUF ILS INR JPY KRW MXN NOK NZD PLN RON SEK SGD TRY "
    "TWD UAH USD ZAR".split()
)
_PER = {"1M": 1e-6, "1K": 1e-3}


def currency(price: Price) -> str:
    """The currency of a price; empty if its unit is none that is known."""
    money, _, per = price.unit.partition("/")
    return money if money in CURRENCIES and per in _PER else ""


def per_token(price: Price) -> tuple[float, float]:
    """What a token of a request costs, and one of a reply."""
    factor = _PER[price.unit.partition("/")[2]]
    return price.input * factor, price.output * factor
