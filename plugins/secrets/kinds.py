"""The kinds of secrets. Each is what its placeholders are called: `API_KEY_1`."""

from typing import Literal, get_args

Kind = Literal["API_KEY", "CONNECTION_STRING", "JWT", "PASSWORD", "PRIVATE_KEY", "SECRET"]
"""A `SECRET` is known by nothing but its randomness."""

KINDS: tuple[Kind, ...] = get_args(Kind)
