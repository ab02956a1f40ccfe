"""References to environment variables: `${NAME}` and `${NAME:-default}` in any string.

Names are in capitals, so that a plugin's own `${placeholders}` stay as they are. `$${NAME}` stands
for the text `${NAME}`.
"""

import re
from collections.abc import Mapping
from typing import cast

from pipeline.setup.problems import Problems

_REFERENCE = re.compile(r"(\$?)\$\{([A-Z_][A-Z0-9_]*)(?::-([^}]*))?\}")


class Environment:
    """Fills in references, and hides in messages what it filled in."""

    def __init__(self, variables: Mapping[str, str], problems: Problems):
        self._variables = variables
        self._problems = problems

    def fill(self, value: object, place: str) -> object:
        """The value with every reference in it filled in; a missing variable is a problem."""
        if isinstance(value, str):
            return _REFERENCE.sub(lambda match: self._look_up(match, place), value)
        if isinstance(value, dict):
            table = cast(dict[str, object], value)
            return {key: self.fill(one, join(place, key)) for key, one in table.items()}
        if isinstance(value, list):
            items = cast(list[object], value)
            return [self.fill(one, f"{place}[{index}]") for index, one in enumerate(items)]
        return value

    def _look_up(self, match: re.Match[str], place: str) -> str:
        if match[1]:
            return match[0][1:]
        name = match[2]
        default = cast(str | None, match[3])
        found = self._variables.get(name, default)
        if found is None:
            self._problems.error(
                place,
                f"the environment variable `{name}` is not set",
                f"set it, or give a default: `${{{name}:-…}}`",
            )
            return ""
        self._problems.hide(found, match[0])
        return found


def join(place: str, key: str) -> str:
    """The path of a member, as TOML would write it."""
    bare = key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else f'"{key}"'
    return f"{place}.{bare}" if place else bare
