"""What a name that is not there was probably meant to be."""

import difflib
from collections.abc import Iterable


def did_you_mean(
    name: str, known: Iterable[str], otherwise: str = "see the list in the documentation"
) -> str:
    """The remedy for an unknown name, after what is wrong with it."""
    lower = {one.lower(): one for one in sorted(known)}
    close = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.5)
    return f"; did you mean `{lower[close[0]]}`?" if close else f"; {otherwise}"
