"""Where two models see the same name, the one that sees less of it is right about plain words.

spaCy's models take words beside a name for a part of it: "Producer Anna Berg", "Anna Berg Apt".
"""

from collections.abc import Iterable, Iterator

from plugins.finding.spans import NER, TAGGED, Span
from plugins.pii.lexicon import Lexicon
from plugins.pii.people import words_of


def agreed(text: str, spans: Iterable[Span], known: Lexicon) -> Iterator[Span]:
    """The spans; guesses at people without the plain words that the tagger leaves out of them."""
    spans = list(spans)
    seen = [one for one in spans if one.source == TAGGED and one.entity == "PERSON"]
    for span in spans:
        inside = [one for one in seen if span.start <= one.start and one.end <= span.end]
        if span.source == NER and span.entity == "PERSON" and inside:
            start, end = min(one.start for one in inside), max(one.end for one in inside)
            rest = f"{text[span.start : start]} {text[end : span.end]}"
            if all(_plain(known, word) for _, _, word in words_of(rest)):
                span = span._replace(start=start, end=end)
        yield span


def _plain(known: Lexicon, word: str) -> bool:
    return known.plain(word) and not known.given(word) and not known.family(word)
