"""The scorer, against other programs for the same figures, on random spans."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.lang.en import English
from spacy.lang.en.stop_words import STOP_WORDS

from benchmarks.measures.labelled import IGNORED, Found, Row
from benchmarks.measures.scores import PersonalOrNot, covered, typed_overlap

TOOL = Path(__file__).parents[3] / "shared" / "tools" / "score_pii.py"
KINDS = ("PERSON", "LOCATION", "AGE")
SAME = {kind: kind for kind in KINDS}

TEXT = "Mr. Quillby, the baker of 12 Elm St., met Anna-Lou Berg's son (x99) in Bath and Wells!"
TOKENS = [(one.idx, one.text.lower()) for one in English().tokenizer(TEXT)]


def _span(start: int, length: int, kind: str) -> Found:
    return Found(start, min(start + length, len(TEXT)), kind)


def spans(*kinds: str) -> st.SearchStrategy[list[Found]]:
    """Up to six spans, which may touch and overlap."""
    starts, lengths = st.integers(0, len(TEXT) - 1), st.integers(1, 25)
    return st.lists(st.builds(_span, starts, lengths, st.sampled_from(kinds)), max_size=6)


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    if not TOOL.is_file():
        pytest.skip(f"there is no {TOOL.name} beside the repository to compare with")
    spec = importlib.util.spec_from_file_location("score_pii", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@settings(max_examples=300, deadline=None)
@given(rows=st.lists(st.tuples(spans(*KINDS[:2], IGNORED), spans(*KINDS)), min_size=1, max_size=3))
def test_typed_overlap_and_covered_are_those_of_the_tool(
    tool: ModuleType, rows: list[tuple[list[Found], list[Found]]]
) -> None:
    texts = [f"{TEXT}{number}" for number in range(len(rows))]
    ours = [Row(text, tuple(gold)) for text, (gold, _) in zip(texts, rows, strict=True)]
    found = [one for _, one in rows]
    theirs = [
        {
            "text": row.text,
            "spans": [{"start": a, "end": b, "type": kind} for a, b, kind in row.gold],
        }
        for row in ours
    ]
    names = {"gold": {**SAME, IGNORED: "IGNORE"}, "pred": SAME}
    by_text = dict(zip(texts, found, strict=True))

    def detect(text: str) -> Sequence[tuple[int, int, str, float]]:
        return [(one.start, one.end, one.kind, 1.0) for one in by_text[text]]

    closed = tool.evaluate(detect, theirs, names)
    scores = typed_overlap(ours, found)
    for kind, score in scores.items():
        wanted = closed["types"][kind]["overlap"] if kind else closed["overall"]["overlap"]
        assert score == (wanted["tp"], wanted["fp"], wanted["fn"])
        assert (score.precision, score.recall, score.f2) == pytest.approx(
            (wanted["p"], wanted["r"], wanted["f2"]), abs=1e-4
        )
    # Something hidden under a kind that is not judged is hidden all the same.
    in_open = tool.evaluate(detect, theirs, names, open_world=True)
    assert covered(ours, found) == pytest.approx(in_open["overall"]["covered"], abs=1e-4)


_SKIPPED = STOP_WORDS | set(". , ' ( ) ! - mr. st. the of and 's".split())


def by_tags(gold: Sequence[Found], found: Sequence[Found]) -> tuple[int, int, int]:
    """The evaluator's own way: tags of tokens, entities of equal tags, those joined, compared."""

    def entities(spans: Sequence[Found]) -> list[list[int]]:
        """Numbers of the tokens that count, entity by entity."""
        tags = [
            any(
                one.start <= at < one.end or (at <= one.start and one.end <= at + len(word))
                for one in spans
            )
            for at, word in TOKENS
        ]
        made: list[list[int]] = []
        open_entity = False
        for number, tag in enumerate(tags):
            if not tag:
                open_entity = False
            elif open_entity:
                made[-1].append(number)
            else:
                made.append([number])
                open_entity = True
        made = [kept for one in made if (kept := [n for n in one if TOKENS[n][1] not in _SKIPPED])]
        joined: list[list[int]] = []
        for one in made:
            between = range(joined[-1][-1] + 1, one[0]) if joined else range(0)
            if joined and all(TOKENS[n][1] in _SKIPPED for n in between):
                joined[-1] += one
            else:
                joined.append(one)
        return joined

    def chars(entity: list[int]) -> set[int]:
        last, word = TOKENS[entity[-1]]
        return set(range(TOKENS[entity[0]][0], last + len(word)))

    right = predicted = 0
    wanted, said = [[chars(one) for one in entities(spans)] for spans in (gold, found)]
    for one in wanted:
        touching = [other for other in said if one & other]
        together = set[int]().union(*touching)
        right += len(one & together) >= 0.9 * len(one | together)
        predicted += bool(touching)
    predicted += sum(not any(one & other for one in wanted) for other in said)
    return right, predicted - right, len(wanted) - right


@settings(max_examples=300, deadline=None)
@given(gold=spans(*KINDS), found=spans(*KINDS))
def test_personal_or_not_is_what_the_tags_of_tokens_say(
    gold: list[Found], found: list[Found]
) -> None:
    assert _evaluator([Row(TEXT, tuple(gold))], [found]) == by_tags(gold, found)


_evaluator = PersonalOrNot()
