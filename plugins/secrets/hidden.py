"""Values that hide something already: the placeholders of `pii` and `secrets`."""

import re

from plugins.pii.entities import KNOWN_ENTITIES
from plugins.secrets.kinds import KINDS

_NAMES = "|".join(sorted(KNOWN_ENTITIES.union(KINDS)))
_PLACEHOLDER = rf"(?:{_NAMES})_(?:[0-9]+[a-z]*|h[0-9a-f]{{16}})"
_PLACEHOLDERS = re.compile(rf"\W*{_PLACEHOLDER}(?:\W+{_PLACEHOLDER})*\W*")


def is_hidden(value: str) -> bool:
    """Whether this is a placeholder or digest, or several, such as a name and a password."""
    return _PLACEHOLDERS.fullmatch(value) is not None
