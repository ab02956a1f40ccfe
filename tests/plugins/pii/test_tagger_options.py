"""What may be wrong with the choice of a tagger is told before anything is loaded."""

import json
from pathlib import Path

import pytest

from plugins.pii.options import RecogniserOptions
from plugins.pii.tagger import choice, files
from plugins.pii.tagger.labels import bare, usual_entity


def options(**more: object) -> RecogniserOptions:
    return RecogniserOptions(tiers=("patterns", "ner", "model"), **more)  # type: ignore[arg-type]


def folder(path: Path, labels: object, models: tuple[str, ...] = ("model.onnx",)) -> str:
    """Files that look like a tagger's."""
    (path / "onnx").mkdir()
    for name in models:
        (path / name).touch()
    (path / "tokenizer.json").touch()
    (path / "config.json").write_text(json.dumps({"id2label": labels}))
    return str(path)


LABELS = {"0": "O", "1": "B-PER", "2": "I-PER", "3": "B-DISEASE"}


def test_rampart_is_all_right_and_says_what_it_looks_for() -> None:
    assert options().problems() == []
    assert {"PERSON", "LOCATION", "PHONE_NUMBER"} < options().by_tagger
    assert "de" in options().tagged_languages
    assert RecogniserOptions().tagged_languages == ()


def test_each_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "find_spec", lambda _name: None)  # pyright: ignore[reportUnknownLambdaType]
    packages, tagger = options().problems()
    assert "`onnxruntime` and `tokenizers`" in packages
    assert "`make model`" in packages
    assert "tagger: `rampart` is not installed" in tagger


def test_a_pipeline_without_the_tier_needs_no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "find_spec", lambda _name: None)  # pyright: ignore[reportUnknownLambdaType]
    assert RecogniserOptions(tagger="nowhere").problems() == []


def test_what_is_no_tagger_is_told(tmp_path: Path) -> None:
    [nowhere] = options(tagger=str(tmp_path / "none")).problems()
    assert "neither `rampart` nor a folder or file" in nowhere
    [empty] = options(tagger=str(tmp_path)).problems()
    assert "holds no `model.onnx`" in empty
    (tmp_path / "model.onnx").touch()
    [alone] = options(tagger=str(tmp_path)).problems()
    assert "no `tokenizer.json`" in alone
    (tmp_path / "tokenizer.json").touch()
    [nameless] = options(tagger=str(tmp_path)).problems()
    assert "no `config.json` with its labels" in nameless
    for broken in ("{", "[]", '{"id2label": {"x": "O"}}', '{"id2label": []}'):
        (tmp_path / "config.json").write_text(broken)
        assert options(tagger=str(tmp_path)).problems() == [nameless]


def test_labels_that_nobody_knows_are_named_with_the_remedy(tmp_path: Path) -> None:
    tagger = folder(tmp_path, LABELS)
    [unknown] = options(tagger=tagger).problems()
    assert unknown.startswith("tagger_labels: nobody knows what the label `DISEASE` stands for")
    assert options(tagger=tagger, tagger_labels={"DISEASE": ""}).problems() == []
    own = {"DISEASE": "CONDITION"}
    named = options(tagger=tagger, tagger_labels=own, entities=("PERSON", "CONDITION"))
    assert named.problems() == []
    assert named.by_tagger == {"PERSON", "CONDITION"}
    typo = options(tagger=tagger, tagger_labels={"DISEASE": "", "PERS": "PERSON"}).problems()
    assert typo == ["tagger_labels: the tagger has no label `PERS`; did you mean `PER`?"]


def test_an_entity_that_the_tagger_cannot_find_needs_another_tier(tmp_path: Path) -> None:
    tiers = {"ORGANIZATION": ("model",)}
    [told] = options(entities=("ORGANIZATION",), tiers_for=tiers).problems()
    assert told == "tiers: `ORGANIZATION` is found by `ner` alone; add `ner` to its tiers"
    tagger = folder(tmp_path, {"0": "O", "1": "ORG"})
    chosen = options(entities=("ORGANIZATION",), tiers_for=tiers, tagger=tagger)
    assert chosen.problems() == []


def test_of_several_models_in_a_folder_the_fastest_is_taken(tmp_path: Path) -> None:
    names = ("model.onnx", "onnx/model_fp16.onnx", "onnx/model_quantized.onnx")
    tagger = folder(tmp_path, LABELS, names)
    assert files.files_of(tagger).model.name == "model_quantized.onnx"
    chosen = files.files_of(str(tmp_path / "onnx" / "model_fp16.onnx"))
    assert chosen.model.name == "model_fp16.onnx"
    assert chosen.kinds == {"PER", "DISEASE"}


@pytest.mark.parametrize(
    ("label", "entity"),
    [
        ("B-PER", "PERSON"),
        ("I-GIVENNAME", "PERSON"),
        ("E-LAST_NAME", "PERSON"),
        ("LOC", "LOCATION"),
        ("b-zip code", "LOCATION"),
        ("I_STREET", "LOCATION"),
        ("ORG", "ORGANIZATION"),
        ("TELEPHONENUM", "PHONE_NUMBER"),
        ("S-email", "EMAIL_ADDRESS"),
        ("B-MISC", ""),
        ("O", ""),
        ("I-DISEASE", None),
    ],
)
def test_the_usual_labels_are_known(label: str, entity: str | None) -> None:
    assert usual_entity(bare(label)) == entity


def test_meanings_of_no_tagger_are_none() -> None:
    assert choice.meanings_of("nowhere", {}) == {}
