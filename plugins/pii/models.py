"""spaCy's models: loaded with what recognition needs, and read by Presidio's recognisers."""

from contextlib import AbstractContextManager
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol, cast

import spacy
from presidio_analyzer import EntityRecognizer
from presidio_analyzer.nlp_engine import NlpArtifacts
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import get_package_path

from plugins.pii.own import CannotLoad

_UNUSED = """tagger morphologizer parser senter attribute_ruler lemmatizer trainable_lemmatizer
entity_linker textcat textcat_multilabel""".split()


class _Forgetful(Protocol):
    def memory_zone(self) -> AbstractContextManager[object]: ...


def folder_of(name: str) -> Path | None:
    """Where the data of a model lie; None if there is no such model."""
    if Path(name).is_dir():
        return Path(name)
    if not name or find_spec(name) is None:
        return None
    return next((path.parent for path in get_package_path(name).glob("*/config.cfg")), None)


def loaded(name: str) -> Language:
    """A spaCy model with only what its entity recogniser needs."""
    try:
        model = spacy.load(name, exclude=_UNUSED)
    except (OSError, ValueError) as error:
        raise CannotLoad(f"models: `{name}` cannot be loaded: {error}") from error
    if "tok2vec" in model.pipe_names and not _listened_to(model):
        model.remove_pipe("tok2vec")
    return model


def forgetting(model: Language) -> AbstractContextManager[object]:
    """A zone in which a model forgets, when it is left, the words it met; else its memory grows."""
    return cast(_Forgetful, model).memory_zone()


def _listened_to(model: Language) -> bool:
    """Whether a pipe takes the shared vectors; some entity recognisers bring their own."""
    return bool(getattr(model.get_pipe("tok2vec"), "listening_components", True))


def artifacts_of(doc: Doc, language: str, *, whole: bool) -> NlpArtifacts:
    """A document as Presidio's recognisers want it; its lemmas are lower-case words.

    Unless `whole`, without its words: going through them costs a tenth of recognising names.
    """
    return NlpArtifacts(
        entities=list(doc.ents),
        tokens=doc,
        tokens_indices=[token.idx for token in doc] if whole else [],
        lemmas=[token.lower_ for token in doc] if whole else [],
        nlp_engine=None,
        language=language,
    )


def fitting(
    recogniser: EntityRecognizer, artifacts: dict[str, NlpArtifacts]
) -> NlpArtifacts | None:
    """The artifacts of a recogniser's language, or any."""
    own = artifacts.get(recogniser.supported_language)
    return own or next(iter(artifacts.values()), None)
