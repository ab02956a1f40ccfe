"""The kinds of secrets. Each is what its placeholders are called: `API_KEY_1`."""

from typing import Literal, get_args

Kind = Literal[
    "ACCESS_TOKEN", "API_KEY", "CONNECTION_STRING", "PASSWORD", "PRIVATE_KEY", "RANDOM_STRING"
]
"""An `ACCESS_TOKEN` is a JSON Web Token (RFC 7519); a `RANDOM_STRING` is known by nothing else.

Two words, where it can be: a language model takes `JWT_1` for a place.
"""

KINDS: tuple[Kind, ...] = get_args(Kind)
