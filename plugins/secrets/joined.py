"""Keys that were split over two texts: parts of a message, messages, members of an array."""

from collections.abc import Iterator, Sequence

from plugins.finding.spans import JOINED, Span, resolve
from plugins.secrets.disguised import Find, uncut

_WINDOW = 250
"""Characters at the border of a text that may belong to a key which goes on in the next."""


def with_fragments(
    find: Find, texts: Sequence[str], found: Sequence[Sequence[Span]]
) -> Iterator[list[Span]]:
    """What was found in texts that follow each other, with the parts of keys that two of them hold.

    The end of one and the beginning of the next are looked at as two lines; what goes on over the
    line end there is cut in two again.
    """
    out = [list(spans) for spans in found]
    for at in range(len(texts) - 1):
        text, other = texts[at].rstrip(), texts[at + 1]
        start, shift = max(0, len(text) - _WINDOW), len(other) - len(other.lstrip())
        border = len(text) - start
        both = f"{text[start:]}\n{other[shift : shift + _WINDOW]}"
        known = [
            *(_moved(one, -start) for one in out[at]),
            *(_moved(one, border + 1 - shift) for one in out[at + 1]),
        ]
        for one in uncut(find, both, known):
            if one.start < border < one.end:
                fragment = one._replace(source=JOINED)
                left = _moved(fragment._replace(end=border), start)
                right = _moved(fragment._replace(start=border + 1), shift - border - 1)
                out[at] = resolve(texts[at], [*out[at], left])
                out[at + 1] = resolve(other, [*out[at + 1], right])
    yield from out


def _moved(span: Span, by: int) -> Span:
    return span._replace(start=span.start + by, end=span.end + by)
