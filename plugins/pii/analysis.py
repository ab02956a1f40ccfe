"""Recognition itself: what runs inside a worker process, on Presidio and spaCy.

Of spaCy only the entity recogniser runs: parser, tagger and lemmatiser cost as much again and serve
only Presidio's search for context words, which compares whole words here and needs no lemmas. Every
recogniser is one of Presidio's kind, called as its engine would, without that engine's copies and
traces.
"""

import inspect
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import TypeAlias, cast

import presidio_analyzer.predefined_recognizers as predefined
from presidio_analyzer import EntityRecognizer, LocalRecognizer, Pattern, PatternRecognizer
from presidio_analyzer.nlp_engine import NlpArtifacts
from spacy.tokens import Doc

from plugins.finding.disguises import see_through
from plugins.finding.spans import Span, resolve
from plugins.pii.agreement import agreed
from plugins.pii.beside import names_beside
from plugins.pii.context import Context
from plugins.pii.degrees import PATTERNS, TierFailed
from plugins.pii.entities import NER_ENTITIES
from plugins.pii.language import Languages
from plugins.pii.lexicon import Lexicon
from plugins.pii.models import artifacts_of, fitting, folder_of, forgetting, loaded
from plugins.pii.names import Names
from plugins.pii.options import RecogniserOptions
from plugins.pii.own import CannotLoad
from plugins.pii.people import People
from plugins.pii.places import Places
from plugins.pii.plugged import ask, plugged
from plugins.pii.reading import reader
from plugins.pii.recase import Recase
from plugins.pii.recognisers import corrected
from plugins.pii.tagger.choice import meanings_of
from plugins.pii.words import Text

_BY_MODEL_ALONE = NER_ENTITIES - {"DATE_TIME"}

Docs: TypeAlias = dict[str, Doc] | None
"""By language, what the models say of a text; None if none can read it."""

Findings = list[Span] | str
"""What was found in a text, or why it could not be analysed, in words that hold nothing of it."""


class Analysis:
    """The recognisers and models of one configuration, loaded.

    `enter` is told which tier is at work from now on.
    """

    def __init__(self, options: RecogniserOptions, enter: Callable[[str], None] = lambda _: None):
        self._options = options
        self._enter = enter
        self._allow = {value.casefold() for value in options.allow}
        needed = options.by_model or options.recognisers
        self._models = {
            language: loaded(options.model(language)) for language in options.languages if needed
        }
        self._readers = {language: reader(model) for language, model in self._models.items()}
        self._languages = Languages()
        self._tagged_languages = {"", *options.tagged_languages}
        lexicon = Lexicon(folder_of(options.model("en")))
        self._patterns = _patterns(options, lexicon)
        self._plugged = [plugged(one) for one in options.recognisers]
        wanted = frozenset(options.entities)
        found = {
            one for each in (*self._patterns, *self._plugged) for one in each.supported_entities
        }
        if missing := wanted - NER_ENTITIES - options.by_tagger - found:
            raise CannotLoad(f"entities: nothing finds `{min(missing)}`; correct or remove it")
        self._context = Context([*self._patterns, *self._plugged])
        self._lexicon = lexicon
        self._recase = Recase(lexicon)
        listed = [
            ("PERSON", People(lexicon)),
            ("LOCATION", Places(lexicon)),
        ]
        self._lists: list[EntityRecognizer] = [
            one
            for entity, one in listed
            if entity in wanted and "patterns" in options.tiers_of(entity)
        ]
        self._names_beside = any("PERSON" in one.supported_entities for one in self._lists)
        self._names = Names(options.by_model, lexicon) if options.by_model else None
        self._tagged = _tagged(options, lexicon) if options.by_tagger else None

    def find(
        self, texts: Sequence[str], ner: Sequence[bool], without: Collection[str] = ()
    ) -> list[Findings]:
        """What is personal in each text; where `ner` is not set, by patterns alone.

        `without` names tiers that are not to look. A failure is a TierFailed if it is a tier's.
        """
        return see_through(partial(self._as_written, without), texts, ner, self._lexicon)

    def reads(self, tier: str, text: str) -> bool:
        """Whether a tier looks at texts in the language of this one; patterns know no language."""
        known = {"ner": self._models.keys(), "model": self._tagged_languages}.get(tier)
        return known is None or self._languages.guess(text) in {"", *known}

    def _as_written(
        self, without: Collection[str], texts: Sequence[str], ner: Sequence[bool]
    ) -> list[Findings]:
        """The same, without a look behind disguises."""
        with ExitStack() as stack:
            for model in self._models.values():
                stack.enter_context(forgetting(model))
            names = None if "ner" in without else self._names
            docs = self._read(texts, ner, names is not None)
            tagger = None if "model" in without else self._tagged
            tagged = [
                self._tags(tagger, text, prose) for text, prose in zip(texts, ner, strict=True)
            ]
            self._enter(PATTERNS)
            return [
                self._findings(text, each, tags, prose, names)
                for text, each, tags, prose in zip(texts, docs, tagged, ner, strict=True)
            ]

    def _tags(
        self, tagger: EntityRecognizer | None, text: str, prose: bool
    ) -> list[Span] | TierFailed:
        """What the tagger finds in a text, if it may hold names and is in a language it knows."""
        if tagger is None or not prose:
            return []
        if self._languages.guess(text) not in self._tagged_languages:
            return []
        self._enter("model")
        try:
            return self._ask(tagger, text, None)
        except Exception as error:
            return TierFailed("model", f"the tagger raised {type(error).__name__}")

    def _read(
        self, texts: Sequence[str], ner: Sequence[bool], names: bool
    ) -> list[Docs | TierFailed]:
        """What the models say of each text; where they raise, of each text by itself."""
        if names and self._models:
            self._enter("ner")
        try:
            return [*self._docs(texts, ner, names)]
        except Exception as error:
            if len(texts) == 1:
                return [TierFailed("ner", f"the language model raised {type(error).__name__}")]
            alone = zip(texts, ner, strict=True)
            return [one for text, prose in alone for one in self._read([text], [prose], names)]

    def _docs(self, texts: Sequence[str], ner: Sequence[bool], names: bool) -> list[Docs]:
        """By language, what the models say of each text; None for a text that none can read."""
        guesses = [
            self._languages.guess(text) if prose else ""
            for text, prose in zip(texts, ner, strict=True)
        ]
        known = self._models.keys() | self._tagged_languages
        # Where no model looks, no language is unknown.
        unknown = {*guesses} - known if known != {""} else set[str]()
        docs: list[Docs] = [None if guess in unknown else {} for guess in guesses]
        for language, model in self._models.items():
            chosen: list[int] = []
            for at, (text, prose, guess) in enumerate(zip(texts, ner, guesses, strict=True)):
                if docs[at] is None:
                    continue
                if prose and names and guess in ("", language):
                    chosen.append(at)
                elif self._plugged and (one := docs[at]) is not None:
                    one[language] = model.make_doc(text)
            read = [model.make_doc(self._recase(texts[at])) for at in chosen]
            self._readers[language](read)
            for at, doc in zip(chosen, read, strict=True):
                if (one := docs[at]) is not None:
                    one[language] = doc
        return docs

    def _findings(
        self,
        text: str,
        docs: Docs | TierFailed,
        tags: list[Span] | TierFailed,
        prose: bool,
        names: Names | None,
    ) -> Findings:
        if isinstance(docs, TierFailed):
            return docs
        if isinstance(tags, TierFailed):
            return tags
        if docs is None and self._options.unknown_language == "refuse":
            return "it is in a language that no model is configured for"
        artifacts = {
            language: artifacts_of(doc, language, whole=bool(self._plugged))
            for language, doc in (docs or {}).items()
        }
        found = [*tags]
        calls: list[tuple[EntityRecognizer, NlpArtifacts | None]] = [
            *((one, None) for one in self._patterns),
            *((one, None) for one in self._lists if prose),
            *((names, each) for each in artifacts.values() if names),
            *((one, fitting(one, artifacts)) for one in self._plugged),
        ]
        seen = Text(text)
        for recogniser, artifact in calls:
            try:
                found += self._ask(recogniser, seen, artifact)
            except Exception as error:
                reason = f"the recogniser {recogniser.name} raised {type(error).__name__}"
                return TierFailed("ner", reason) if recogniser is names else reason
        if tags:
            found = [*agreed(text, found, self._lexicon)]
        resolved = resolve(text, self._allowed(text, found))
        if self._names_beside and prose:
            resolved = sorted([*resolved, *names_beside(text, resolved, self._lexicon)])
        return self._allowed(text, resolved)

    def _ask(
        self, recogniser: EntityRecognizer, text: str, artifacts: NlpArtifacts | None
    ) -> list[Span]:
        if recogniser in self._plugged:
            results = ask(recogniser, str(text), artifacts)
        else:
            entities = recogniser.supported_entities
            results = recogniser.analyze(text, entities, artifacts)  # pyright: ignore[reportArgumentType]
        self._context.boost(recogniser, text, results)
        return [
            Span(one.start, one.end, one.entity_type, float(one.score), recogniser.name)
            for one in results
            if one.start < one.end and one.score >= self._threshold(one.entity_type)
        ]

    def _threshold(self, entity: str) -> float:
        return self._options.thresholds.get(entity, self._options.threshold)

    def _allowed(self, text: str, spans: Iterable[Span]) -> list[Span]:
        """The spans that are not among the values that the configuration allows."""
        if not self._allow:
            return list(spans)
        return [span for span in spans if text[span.start : span.end].casefold() not in self._allow]


def _patterns(options: RecogniserOptions, lexicon: Lexicon) -> list[EntityRecognizer]:
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


def _tagged(options: RecogniserOptions, lexicon: Lexicon) -> EntityRecognizer:
    """The recogniser that asks the tagger."""
    # Imported here because only this tier needs its packages.
    from plugins.pii.tagger.files import NoTagger
    from plugins.pii.tagger.recogniser import Tagged

    meanings = meanings_of(options.tagger, options.tagger_labels)
    try:
        return Tagged(options.tagger, meanings, options.by_tagger, lexicon)
    except NoTagger as error:
        raise CannotLoad(f"tagger: {error}") from error


def _stock() -> Iterable[EntityRecognizer]:
    """Presidio's pattern recognisers, of every country."""
    for _, kind in inspect.getmembers(predefined, inspect.isclass):
        family = kind.__module__.removeprefix(predefined.__name__).split(".")[1]
        if family in ("generic", "country_specific") and issubclass(kind, LocalRecognizer):
            yield cast("Callable[[], EntityRecognizer]", kind)()
