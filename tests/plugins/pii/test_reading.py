"""The quick way to read with a model finds what spaCy's own way finds."""

import json
from pathlib import Path

import pytest
import spacy
from spacy.language import Language

from plugins.pii.models import loaded
from plugins.pii.options import DEFAULT_MODELS
from plugins.pii.reading import reader

DATA = Path(__file__).parents[3] / "benchmarks" / "data"
TEXTS = [
    "",
    " ",
    "\n\n",
    "Berlin",
    "Anna",
    "We met Anna Berg",
    "We met Anna \n Berg \n ",
    " Anna Berg  and   Robert von der Heide, New York City, on the 3rd of May 2021",
    "of the United States of America and the University of California at Los Angeles in the",
]


@pytest.fixture(scope="module")
def model() -> Language:
    return loaded(DEFAULT_MODELS["en"])


@pytest.fixture(scope="module")
def theirs() -> Language:
    return loaded(DEFAULT_MODELS["en"])


def entities(model: Language, texts: list[str], *, quickly: bool) -> list[list[tuple[int, ...]]]:
    if quickly:
        docs = [model.make_doc(text) for text in texts]
        reader(model)(docs)
    else:
        docs = list(model.pipe(texts))
    return [[(one.start_char, one.end_char, one.label) for one in doc.ents] for doc in docs]


def test_the_entities_are_spacys(model: Language, theirs: Language) -> None:
    lines = (DATA / "synth_dev.jsonl").read_text().splitlines()[:150]
    written = [json.loads(line)["text"] for line in lines]
    # Cut anywhere, an entity is the last word, or begins with the last one.
    cut = [text[: 7 * len(text) // 11] for text in written] + [text[:25] for text in written]
    texts = [*TEXTS, *written, *cut, *(text.upper() for text in written[:30])]
    found = entities(model, texts, quickly=True)
    assert found == entities(theirs, texts, quickly=False)
    assert sum(map(len, found)) > 500


def test_a_text_alone_says_what_it_says_among_others(model: Language) -> None:
    together = entities(model, TEXTS, quickly=True)
    assert together == [entities(model, [text], quickly=True)[0] for text in TEXTS]


def test_other_pipes_are_read_in_their_own_way() -> None:
    ruled = spacy.blank("en")
    ruled.add_pipe("entity_ruler").add_patterns([{"label": "PERSON", "pattern": "Quillby"}])  # pyright: ignore[reportFunctionMemberAccess]
    [[found]] = entities(ruled, ["call Quillby"], quickly=True)
    assert found[:2] == (5, 12)
