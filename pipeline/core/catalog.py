"""What is known of the models behind a backend: what they can do, hold and cost."""

from typing import Annotated, Literal, get_args

from msgspec import Meta, Struct

Capability = Literal["stream", "tools", "vision", "audio", "files", "json"]
"""What a request may need of a model."""

CAPABILITIES: tuple[Capability, ...] = get_args(Capability)

Trust = Literal["public", "partner", "house"]
"""Where a backend stands: with anybody, with somebody bound by contract, in the own house."""

TRUST: tuple[Trust, ...] = ("public", "partner", "house")
"""From the least to the most."""

TokenSource = Literal["provider", "tokenizer", "estimate"]

CHARACTERS_PER_TOKEN = 4
"""What an estimate divides by; right within a third for English prose."""


class Price(Struct, frozen=True, forbid_unknown_fields=True):
    """What tokens cost."""

    input: Annotated[float, Meta(ge=0)]
    """For the tokens of a request."""

    output: Annotated[float, Meta(ge=0)]
    """For the tokens of a reply."""

    unit: str = "USD/1M"
    """A currency by ISO 4217, and for how many tokens: `1M` or `1K`."""


class ModelInfo(Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of one model. What is not said is not held against it."""

    context: Annotated[int, Meta(gt=0)] | None = None
    """Tokens that a request and its reply may have together."""

    capabilities: tuple[Capability, ...] | None = None
    """What it can do. Requests that need more go to another target; without this, all go here."""

    price: Price | None = None
    """What its tokens cost."""

    tokenizer: str = ""
    """A file `tokenizer.json`, to count tokens with where the backend does not; needs the package
    `tokenizers`. Without it they are estimated, at four characters each.
    """


class Tokens(Struct, frozen=True):
    """A count of tokens, and who counted."""

    count: int
    source: TokenSource = "estimate"


class Usage(Struct, frozen=True):
    """The tokens of an exchange. They are estimated where the backend said nothing credible."""

    input: int
    output: int
    estimated: bool = False


def estimated_tokens(characters: int) -> int:
    """How many tokens so many characters may be; at least one."""
    return max(1, -(-characters // CHARACTERS_PER_TOKEN))
