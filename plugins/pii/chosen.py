"""Which recognisers need no model and are asked for: ours, Presidio's, the user's patterns."""

import inspect
from collections.abc import Callable, Iterable
from typing import cast

import presidio_analyzer.predefined_recognizers as predefined
from presidio_analyzer import EntityRecognizer, LocalRecognizer, Pattern, PatternRecognizer

from plugins.pii.entities import NER_ENTITIES
from plugins.pii.lexicon import Lexicon
from plugins.pii.options import RecogniserOptions
from plugins.pii.recognisers import corrected

_BY_MODEL_ALONE = NER_ENTITIES - {"DATE_TIME"}


def pattern_recognisers(options: RecogniserOptions, lexicon: Lexicon) -> list[EntityRecognizer]:
    """The recognisers that need no model: ours, Presidio's where we have none, the user's."""
    wanted = set(options.entities)
    ours = [
        one
        for one in corrected(options.regions, lexicon)
        if any("patterns" in options.tiers_of(entity) for entity in one.supported_entities)
        and wanted.intersection(one.supported_entities)
    ]
    wanted -= _BY_MODEL_ALONE.union(*(one.supported_entities for one in ours))
    theirs = (
        [one for one in _stock() if wanted.intersection(one.supported_entities)] if wanted else []
    )
    listed = [
        PatternRecognizer(entity, name="deny", deny_list=sorted(words, key=len, reverse=True))
        for entity, words in options.deny.items()
        if words
    ]
    users = [
        PatternRecognizer(
            one.entity,
            name="pattern",
            patterns=[Pattern(one.entity, one.regex, one.score)],
            context=list(one.context),
        )
        for one in options.patterns
    ]
    return [*ours, *theirs, *listed, *users]


def _stock() -> Iterable[EntityRecognizer]:
    """Presidio's pattern recognisers, of every country."""
    for _, kind in inspect.getmembers(predefined, inspect.isclass):
        family = kind.__module__.removeprefix(predefined.__name__).split(".")[1]
        if family in ("generic", "country_specific") and issubclass(kind, LocalRecognizer):
            yield cast("Callable[[], EntityRecognizer]", kind)()
