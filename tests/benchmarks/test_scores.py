"""The scorer, against cases computed by hand."""

import pytest

from benchmarks.measures.labelled import IGNORED, Found, Row
from benchmarks.measures.scores import PersonalOrNot, Score, covered, typed_overlap


def marked(text: str) -> tuple[str, list[Found]]:
    """A text and the spans that are marked in it: `[P:Anna] of [L:Bath]`; they may not nest."""
    out = ""
    spans: list[Found] = []
    for piece in text.split("["):
        inside, closed, after = piece.partition("]")
        if not closed:
            out += piece
            continue
        kind, _, value = inside.partition(":")
        kind = {"P": "PERSON", "L": "LOCATION", "A": "AGE", "X": IGNORED}[kind]
        spans.append(Found(len(out), len(out) + len(value), kind))
        out += value + after
    return out, spans


def case(labelled: str, *found: str) -> tuple[list[Row], list[list[Found]]]:
    """A row, and what a detector finds in it; `found` are several markings of the same text."""
    text, gold = marked(labelled)
    spans: list[Found] = []
    for one in found:
        same, more = marked(one)
        assert same == text
        spans += more
    return [Row(text, tuple(gold))], [spans]


@pytest.mark.parametrize(
    ("gold", "found", "score"),
    [
        ("see [P:Anna Berg] now", ["see [P:Anna Berg] now"], (1, 0, 0)),
        ("see [P:Anna Berg] now", ["see [P:Anna] Berg now"], (1, 0, 0)),
        ("see [P:Anna Berg] now", ["see Anna Ber[P:g now]"], (1, 0, 0)),
        ("see [P:Anna Berg] now", ["see Anna Berg[P: now]"], (0, 1, 1)),
        ("see [P:Anna Berg] now", ["see [L:Anna Berg] now"], (0, 0, 1)),
        ("see [P:Anna] in [L:Bath]", ["see [L:Anna] in Bath"], (0, 1, 2)),
        ("see [P:Anna Berg] now", ["see Anna Berg now"], (0, 0, 1)),
        ("see [P:Anna Berg] now", ["see [P:Anna] [P:Berg] now"], (1, 0, 0)),
        ("see [P:Anna] [P:Berg] now", ["see [P:Anna Berg] now"], (2, 0, 0)),
        ("see [P:Anna Berg] now", ["see [P:Anna Berg] now"] * 2, (1, 0, 0)),
        ("see [P:Anna] now", ["see [P:Anna] now", "[P:see Anna now]"], (1, 0, 0)),
        ("see [P:Anna] now", ["[P:see] [P:Anna] [P:now]"], (1, 2, 0)),
        ("dear [X:Mrs] [P:Berg]", ["dear [P:Mrs] [P:Berg]"], (1, 0, 0)),
        ("dear [X:Mrs] [P:Berg]", ["dear [P:Mrs] Berg"], (0, 0, 1)),
        ("dear [X:Mrs] [P:Berg]", ["[P:dear] Mrs Berg"], (0, 1, 1)),
        ("dear [X:Mrs] [P:Berg]", ["dear [P:Mrs Berg]"], (1, 0, 0)),
        ("[P:Anna] is 40", ["[P:Anna] is [A:40]"], (1, 0, 0)),
        ("nobody", ["[P:nobody]"], (0, 0, 0)),
        ("nobody", [], (0, 0, 0)),
    ],
)
def test_typed_overlap(gold: str, found: list[str], score: tuple[int, int, int]) -> None:
    assert typed_overlap(*case(gold, *found))[""] == score


def test_a_kind_that_is_labelled_anywhere_is_judged_everywhere() -> None:
    rows, found = case("[P:Anna] is 40", "Anna is [A:40]")
    more = Row("aged 40", (Found(5, 7, "AGE"),))
    scores = typed_overlap([*rows, more], [*found, [Found(5, 7, "AGE")]])
    assert scores == {"": (1, 1, 1), "AGE": (1, 1, 0), "PERSON": (0, 0, 1)}


@pytest.mark.parametrize(
    ("gold", "found", "share"),
    [
        ("call [P:Anna 5] now", ["call [P:Anna 5] now"], 1.0),
        ("call [P:Anna 5] now", ["call [P:Anna ]5 now"], 0.0),
        ("call [P:Anna 5] now", ["call A[P:nna 5] now"], 0.0),
        ("call [P:Anna (5)] now", ["call [P:Anna] ([P:5]) now"], 1.0),
        ("call [P:Anna] now", ["call [L:Anna] now"], 1.0),
        ("call [P:Anna] now", ["[L:call An][A:na now]"], 1.0),
        ("[P:Anna] and [P:Berg]", ["[P:Anna] and Berg"], 0.5),
        ("[X:Mrs] [P:Berg]", ["Mrs [P:Berg]"], 1.0),
        ("nobody", [], 0.0),
    ],
)
def test_covered(gold: str, found: list[str], share: float) -> None:
    assert covered(*case(gold, *found)) == share


@pytest.fixture(scope="module")
def evaluator() -> PersonalOrNot:
    return PersonalOrNot()


@pytest.mark.parametrize(
    ("gold", "found", "score"),
    [
        ("see [P:Anna Berg] soon", ["see [P:Anna Berg] soon"], (1, 0, 0)),
        ("see [P:Anna Berg] soon", ["see [L:Anna Berg] soon"], (1, 0, 0)),
        # 4 of 9 characters in common
        ("see [P:Anna Berg] soon", ["see [P:Anna] Berg soon"], (0, 1, 1)),
        # 18 of 20 in common are enough, 18 of 21 are not
        ("[P:Maximiliane Bergho] x", ["[P:Maximiliane Bergho x]"], (1, 0, 0)),
        ("[P:Maximiliane Bergho] xy", ["[P:Maximiliane Bergho xy]"], (0, 1, 1)),
        # A token counts if its beginning does, or if it has the whole finding in it
        ("see [P:Anna Berg] soon", ["see [P:Anna B]erg soon"], (1, 0, 0)),
        ("see [P:Anna Berg] soon", ["see A[P:nna Berg] soon"], (0, 1, 1)),
        ("see [P:Annaberg] soon", ["see Ann[P:abe]rg soon"], (1, 0, 0)),
        # Stop words, punctuation and the like count for nothing, at the ends and in between
        ("[P:Mr. Berg] said", ["Mr. [P:Berg] said"], (1, 0, 0)),
        ("in [L:Bath, the Avon]!", ["in [L:Bath], the [L:Avon!]"], (1, 0, 0)),
        ("in [L:Bath] and [L:Avon]!", ["in [L:Bath and Avon]!"], (1, 0, 0)),
        ("[X:Mr.] said", ["Mr. [P:said]"], (0, 1, 0)),
        ("[P:Anna >> Berg's]", ["[P:Anna] >> [P:Berg]'s"], (1, 0, 0)),
        # Neighbours are one, of whatever kind
        ("[P:Anna] [L:Bath] here", ["[P:Anna Bath] here"], (1, 0, 0)),
        ("[P:Anna] likes [L:Bath]", ["[P:Anna likes Bath]"], (0, 2, 2)),
        ("[P:Anna] likes [L:Bath]", ["[P:Anna] likes Bath"], (1, 0, 1)),
        # Two findings in one label count together, once
        ("[P:Anna likes Bath]", ["[P:Anna] likes [L:Bath]"], (0, 1, 1)),
        ("[P:Annabella Maria x Bathory]", ["[P:Annabella Maria] x [P:Bathory]"], (0, 1, 1)),
        (
            "[P:Annabellina Mariella x Bathory]",
            ["[P:Annabellina Mariella] x [P:Bathory]"],
            (1, 0, 0),
        ),
        # One finding over two labels counts for each
        ("[P:Annabella Mariella] x [P:Bo]", ["[P:Annabella Mariella x Bo]"], (0, 2, 2)),
        ("[P:Anna]", ["[P:Anna]"] * 3, (1, 0, 0)),
        ("[P:Anna] came", ["Anna [P:came]"], (0, 1, 1)),
        ("  ", [], (0, 0, 0)),
        ("", [], (0, 0, 0)),
    ],
)
def test_personal_or_not(
    evaluator: PersonalOrNot, gold: str, found: list[str], score: tuple[int, int, int]
) -> None:
    assert evaluator(*case(gold, *found)) == score


def test_the_measures_are_those_of_the_textbook() -> None:
    score = Score(right=6, wrong=2, missed=4)
    assert (score.precision, score.recall) == (0.75, 0.6)
    assert score.f2 == pytest.approx(5 * 0.75 * 0.6 / (4 * 0.75 + 0.6))


def test_nothing_found_and_nothing_to_find_are_no_errors() -> None:
    assert Score(0, 0, 0)[:] == (0, 0, 0)
    assert (Score(0, 0, 5).precision, Score(0, 5, 0).recall, Score(0, 5, 5).f2) == (0.0, 0.0, 0.0)


def test_rows_without_findings_are_no_rows_left_out() -> None:
    rows, found = case("[P:Anna]", "[P:Anna]")
    with pytest.raises(ValueError, match="zip"):
        covered([*rows, *rows], found)
