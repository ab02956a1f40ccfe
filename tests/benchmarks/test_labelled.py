"""Reading labelled text, and telling which rows were made from one template."""

import json
from pathlib import Path

import pytest

from benchmarks.measures import labelled, ordinary
from benchmarks.measures.labelled import IGNORED, Found, Row

DATA = Path(__file__).parents[2] / "benchmarks" / "data"


def test_labels_get_the_names_they_are_measured_by_and_others_are_left_out(tmp_path: Path) -> None:
    spans = [
        {"start": 8, "end": 12, "type": "GPE"},
        {"start": 0, "end": 4, "type": "PERSON"},
        {"start": 5, "end": 7, "type": "UNHEARD_OF"},
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"text": "Anna in Bath", "spans": spans}), encoding="utf-8")
    [row] = labelled.rows(path, labelled.SYNTH)
    assert row == Row("Anna in Bath", (Found(0, 4, "PERSON"), Found(8, 12, "LOCATION")))


@pytest.mark.parametrize(
    ("name", "kinds", "count"),
    [("synth_dev", labelled.SYNTH, 750), ("wnut17_test", labelled.WNUT, 1287)],
)
def test_every_label_of_the_data_lies_in_its_text(
    name: str, kinds: dict[str, str], count: int
) -> None:
    rows = labelled.rows(DATA / f"{name}.jsonl", kinds)
    assert len(rows) == count
    for row in rows:
        for one in row.gold:
            assert row.text[one.start : one.end].strip()


def test_every_kind_of_label_of_the_data_is_measured_or_ignored_on_purpose() -> None:
    lines = (DATA / "synth_dev.jsonl").read_text(encoding="utf-8").splitlines()
    assert {one["type"] for line in lines for one in json.loads(line)["spans"]} == {*labelled.SYNTH}


def test_lower_case_keeps_the_places_of_the_labels() -> None:
    same, longer = Row("ANNA", (Found(0, 4, "PERSON"),)), Row("\u0130zmir", ())
    assert labelled.lowered([same, longer]) == [Row("anna", same.gold)]


def test_rows_of_one_template_have_it_in_common() -> None:
    one = Row("I am Anna, from Bath.", (Found(5, 9, "PERSON"), Found(16, 20, "LOCATION")))
    other = Row("I am Bo, from Kiel!", (Found(5, 7, "PERSON"), Found(14, 18, "LOCATION")))
    overlapping = Row("I am Bo", (Found(0, 7, "PERSON"), Found(5, 7, "PERSON")))
    ignored = Row("I am Bo, from Kiel!", (Found(5, 7, IGNORED), Found(14, 18, "LOCATION")))
    assert labelled.template(one) == labelled.template(other)
    assert labelled.template(other) != labelled.template(ignored)
    assert "Bo" not in labelled.template(overlapping)


def test_templates_are_dealt_out_whole_and_evenly() -> None:
    rows = labelled.rows(DATA / "synth_dev.jsonl", labelled.SYNTH)
    folds = labelled.folds(rows)
    assert sorted(at for fold in folds for at in fold) == [*range(len(rows))]
    assert len(folds) == labelled.FOLDS
    owners: dict[str, set[int]] = {}
    for number, fold in enumerate(folds):
        for at in fold:
            owners.setdefault(labelled.template(rows[at]), set()).add(number)
    assert {len(one) for one in owners.values()} == {1}
    assert min(map(len, folds)) > len(rows) / labelled.FOLDS / 2
    assert folds == labelled.folds(rows)


def test_ordinary_text_is_the_same_each_time_and_names_nobody() -> None:
    texts = ordinary.texts()
    assert texts == ordinary.texts()
    lines = [line for text in texts for line in text.split("\n")]
    assert len(lines) == ordinary.LINES
    for word in ("copyright", "maintain", "http://", "guido"):
        assert not any(word in line.lower() for line in lines)
