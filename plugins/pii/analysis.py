"""Recognition itself: what runs inside a worker process, on Presidio and spaCy.

Of spaCy only the entity recogniser runs: parser, tagger and lemmatiser cost as much again and serve
only Presidio's search for context words, which compares whole words here and needs no lemmas. Every
recogniser is one of Presidio's kind, called as its engine would, without that engine's copies and
traces.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import TypeAlias

from presidio_analyzer import EntityRecognizer
from presidio_analyzer.nlp_engine import NlpArtifacts
from spacy.tokens import Doc

from plugins.finding.disguises import see_through
from plugins.finding.spans import Span, resolve
from plugins.pii.agreement import agreed
from plugins.pii.beside import names_beside
from plugins.pii.chosen import pattern_recognisers
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
from plugins.pii.tagger.choice import meanings_of
from plugins.pii.words import Text

Docs: TypeAlias = dict[str, Doc] | None
"""By language, what the models say of a text; None if none can read it."""

Findings = list[Span] | str
"""What was found in a text, or why it could not be analysed, in words that hold nothing of it."""


class _Case:
    """A text that is shown to all recognisers, and what was found in it; or why it has failed."""

    __slots__ = ("artifacts", "failed", "found", "prose", "tagged", "text")

    def __init__(self, text: str, prose: bool):
        self.text = Text(text)
        self.prose = prose
        self.artifacts: dict[str, NlpArtifacts] = {}
        self.found: list[Span] = []
        self.tagged = False
        self.failed = ""


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
        self._patterns = pattern_recognisers(options, lexicon)
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
            cases = map(self._case, texts, docs, tagged, ner)
            return self._findings([*cases], names)

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
        known = self._models.keys() | self._tagged_languages
        if known == {""}:  # Where no model looks, no language is unknown.
            return [{} for _ in texts]
        guesses = [
            self._languages.guess(text) if prose else ""
            for text, prose in zip(texts, ner, strict=True)
        ]
        unknown = {*guesses} - known
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

    def _case(
        self, text: str, docs: Docs | TierFailed, tags: list[Span] | TierFailed, prose: bool
    ) -> _Case:
        one = _Case(text, prose)
        if isinstance(docs, TierFailed):
            one.failed = docs
        elif isinstance(tags, TierFailed):
            one.failed = tags
        elif docs is None and self._options.unknown_language == "refuse":
            one.failed = "it is in a language that no model is configured for"
        else:
            one.found, one.tagged = [*tags], bool(tags)
            one.artifacts = {
                language: artifacts_of(doc, language, whole=bool(self._plugged))
                for language, doc in (docs or {}).items()
            }
        return one

    def _findings(self, cases: Sequence[_Case], names: Names | None) -> list[Findings]:
        """What is found in texts.

        All of them are shown to one recogniser, then to the next one: with eight texts that takes
        a sixth less, because its pattern is in the processor's cache already.
        """
        for recogniser in self._patterns:
            for one in cases:
                self._look(recogniser, one)
        for recogniser in self._lists:
            for one in cases:
                if one.prose:
                    self._look(recogniser, one)
        for one in cases:
            if names:
                for artifacts in one.artifacts.values():
                    self._look(names, one, artifacts)
            for recogniser in self._plugged:
                self._look(recogniser, one, fitting(recogniser, one.artifacts))
        return [one.failed or self._decided(one) for one in cases]

    def _look(
        self, recogniser: EntityRecognizer, one: _Case, artifacts: NlpArtifacts | None = None
    ) -> None:
        """Add what a recogniser finds in a text; the text has failed if it raises."""
        if one.failed:
            return
        try:
            one.found += self._ask(recogniser, one.text, artifacts)
        except Exception as error:
            reason = f"the recogniser {recogniser.name} raised {type(error).__name__}"
            one.failed = TierFailed("ner", reason) if recogniser is self._names else reason

    def _decided(self, one: _Case) -> list[Span]:
        """What of the findings in a text counts."""
        text, found = one.text, one.found
        if one.tagged:
            found = [*agreed(text, found, self._lexicon)]
        resolved = resolve(text, self._allowed(text, found))
        if self._names_beside and one.prose:
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
        if not results:
            return []
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
