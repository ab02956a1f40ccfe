"""Recognisers of the user's own: by class, with options, and by entry point."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
from click.testing import CliRunner
from presidio_analyzer import LocalRecognizer, PatternRecognizer, RecognizerResult
from presidio_analyzer.predefined_recognizers.ner import (
    gliner_recognizer,
    huggingface_ner_recognizer,
)

from pipeline import PrivetError, testing
from pipeline.cli import privet
from plugins.pii import Pii
from plugins.pii.analysis import Analysis
from plugins.pii.options import RecogniserOptions
from plugins.pii.own import CannotLoad
from plugins.pii.signature import arguments, located, members

PRESIDIOS = "presidio_analyzer.predefined_recognizers"
PHONES = {
    "use": f"{PRESIDIOS}:PhoneRecognizer",
    "options": {"supported_regions": ["JP"], "context": []},
}


def options(*recognisers: object, **more: object) -> RecogniserOptions:
    given = {"entities": [], "languages": [], "recognisers": recognisers, **more}
    return msgspec.convert(given, RecogniserOptions)


def found(analysis: Analysis, text: str) -> set[str] | str:
    [findings] = analysis.find([text], [True])
    if isinstance(findings, str):
        return findings
    return {text[one.start : one.end] for one in findings}


class Colours(LocalRecognizer):
    """What a user may write."""

    def __init__(self, colours: Sequence[str], *, score: float = 0.9):
        self._colours = colours
        self._score = score
        super().__init__(["COLOUR"])

    def load(self) -> None:
        """Nothing to load."""

    def analyze(
        self, text: str, entities: list[str], nlp_artifacts: object = None
    ) -> list[RecognizerResult]:
        return [
            RecognizerResult("COLOUR", text.index(one), text.index(one) + len(one), self._score)
            for one in self._colours
            if one in text
        ]


def made() -> Colours:
    """A factory will do, too."""
    return Colours(["teal"])


def refused(token: str) -> Colours:
    raise ValueError(token)


def install(folder: Path, *points: str, name: str = "paints") -> None:
    """A distribution with entry points, in a folder that is to be on `sys.path`."""
    information = folder / f"{name}-1.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n")
    (information / "entry_points.txt").write_text("\n".join(["[privet.recognisers]", *points]))


def test_a_class_of_presidios_takes_options() -> None:
    text = "Ring 03-3224-9999, says the blue one."
    deny = {
        "use": "presidio_analyzer:PatternRecognizer",
        "options": {"supported_entity": "COLOUR", "deny_list": ["blue"]},
    }
    chosen = options(PHONES, deny)
    assert chosen.problems() == []
    assert found(Analysis(chosen), text) == {"03-3224-9999", "blue"}
    other = {**PHONES, "options": {"supported_regions": ["GB"], "context": []}}
    assert found(Analysis(options(other, deny)), text) == {"blue"}


def test_options_reach_the_workers() -> None:
    own = {"use": f"{__name__}:Colours", "options": {"colours": ["mauve"]}}
    pii = msgspec.convert(
        {"entities": [], "languages": [], "workers": 1, "recognisers": [own]}, Pii
    )
    assert testing.redact(pii, "It is mauve, not blue.") == "It is COLOUR_1, not blue."


def test_an_entry_point_names_a_recogniser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    install(tmp_path, f"colours = {__name__}:Colours", f"teal = {__name__}:made")
    chosen = options({"use": "colours", "options": {"colours": ["mauve"]}}, "teal")
    assert chosen.problems() == []
    assert found(Analysis(chosen), "teal and mauve and blue") == {"teal", "mauve"}
    listed = CliRunner().invoke(privet, ["plugins", "colours"])
    assert listed.output == f"recogniser colours  `{__name__}:Colours` of paints 1\n"
    [told] = options("colour").problems()
    assert "did you mean `colours`?" in told


def test_two_of_one_name_are_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, target in (("a", "Colours"), ("b", "made")):
        monkeypatch.syspath_prepend(tmp_path / name)
        install(tmp_path / name, f"colours = {__name__}:{target}", name=name)
    [told] = options("colours").problems()
    assert told == ("recognisers[0]: two recognisers are called `colours`; uninstall one of them")


@pytest.mark.parametrize(
    ("recogniser", "problem"),
    [
        ("Class", "recognisers[0]: `Class` is neither of the form `package.module:Class` nor an"),
        ("a b:Class", "recognisers[0]: `a b:Class` is not of the form `package.module:Class`"),
        ("nowhere.at_all:Class", "recognisers[0]: there is no module `nowhere.at_all`"),
        (f"{PRESIDIOS}.nowhere:X", f"there is no module `{PRESIDIOS}.nowhere`"),
        (f"{PRESIDIOS}:GlinerRecognizer", "did you mean `GLiNERRecognizer`?"),
        (
            {"use": f"{PRESIDIOS}:PhoneRecognizer", "options": {"regions": ["GB"]}},
            "recognisers[0].options: `PhoneRecognizer` takes no `regions`",
        ),
        (
            {"use": f"{PRESIDIOS}:HuggingFaceNerRecognizer", "options": {"label_maping": {}}},
            "`HuggingFaceNerRecognizer` takes no `label_maping`; did you mean `label_mapping`?",
        ),
        ("presidio_analyzer:PatternRecognizer", "`PatternRecognizer` needs `supported_entity`"),
        (
            {"use": f"{__name__}:Colours", "options": {"colour": [], "colours": []}},
            "`Colours` takes no `colour`; did you mean `colours`?",
        ),
        ({"use": f"{__name__}:made", "options": {"colours": []}}, "`made` takes no `colours`"),
    ],
)
def test_what_is_wrong_is_told_before_anything_is_loaded(recogniser: object, problem: str) -> None:
    [told] = options(recogniser).problems()
    assert problem in told


def test_checking_imports_neither_presidio_nor_the_users_module() -> None:
    program = f"""
        import sys
        from plugins.pii.options import RecogniserOptions
        from plugins.pii.own import RecogniserOption

        good = RecogniserOption("{PRESIDIOS}:GLiNERRecognizer", {{"max_length": 9}})
        bad = RecogniserOption("{PRESIDIOS}:GLiNERRecognizer", {{"model_nam": "m"}})
        assert RecogniserOptions(recognisers=(good,)).problems() == []
        assert len(RecogniserOptions(recognisers=(bad,)).problems()) == 1
        assert not {{"presidio_analyzer", "spacy"}} & sys.modules.keys()
    """
    lines = [line.strip() for line in program.strip().splitlines()]
    subprocess.run([sys.executable, "-c", "\n".join(lines)], check=True)


def test_what_cannot_be_made_is_an_error_of_the_start() -> None:
    """Neither package is installed here, which is the user's to do."""
    for own, words in (
        ({"use": f"{PRESIDIOS}:GLiNERRecognizer"}, "GLiNER is not installed"),
        ({"use": f"{PRESIDIOS}:HuggingFaceNerRecognizer"}, "transformers is not installed"),
        (f"{__name__}:RecogniserOptions", "is not a recogniser"),
    ):
        with pytest.raises(CannotLoad, match=words):
            Analysis(options(own))


def test_the_start_says_why_and_quotes_no_option() -> None:
    for one, words in (
        ({"use": f"{__name__}:refused", "options": {"token": "Hush-5678"}}, "raised ValueError"),
        ({"use": f"{PRESIDIOS}:GLiNERRecognizer"}, "GLiNER is not installed"),
    ):
        pii = msgspec.convert({"workers": 1, "languages": [], "recognisers": [one]}, Pii)
        with pytest.raises(PrivetError, match=words) as told, testing.started(pii):
            pass
        assert "Hush" not in str(told.value)


class Model:
    """Stands in for what GLiNER and transformers load."""

    def predict_entities(self, text: str, labels: list[str], **_: object) -> list[object]:
        at = text.find("Xanthor")
        return [{"start": at, "end": at + 7, "label": labels[0], "score": 0.9}] if at >= 0 else []

    def __call__(self, text: str) -> list[object]:
        if "RAISE" in text:
            raise ValueError(text)
        at = text.find("Xanthor")
        one = {"start": at, "end": at + 7, "entity_group": "B-PER", "score": 0.9}
        return [one] if at >= 0 else []


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What models were asked for."""
    asked: list[object] = []

    def load(*_: object, **options: object) -> Model:
        asked.append(options["model"])
        return Model()

    def from_pretrained(name: str, **_: object) -> Model:
        asked.append(name)
        return Model()

    pretrained = SimpleNamespace(from_pretrained=from_pretrained)
    monkeypatch.setattr(gliner_recognizer, "GLiNER", pretrained)
    monkeypatch.setattr(huggingface_ner_recognizer, "hf_pipeline", load)
    monkeypatch.setattr(huggingface_ner_recognizer, "torch", object())
    return asked


GLINER = {
    "use": f"{PRESIDIOS}:GLiNERRecognizer",
    "options": {
        "model_name": "/models/gliner",
        "entity_mapping": {"person": "PERSON"},
        "map_location": "cpu",
    },
}
HUGGING_FACE = {
    "use": f"{PRESIDIOS}:HuggingFaceNerRecognizer",
    "options": {
        "model_name": "/models/tagger",
        "label_mapping": {"PER": "PERSON"},
        "device": "cpu",
    },
}


@pytest.mark.parametrize("own", [GLINER, HUGGING_FACE])
def test_what_presidio_has_for_gliner_and_transformers_works(
    own: dict[str, dict[str, object]], loaded: list[object]
) -> None:
    assert options(own).problems() == []
    assert found(Analysis(options(own)), "It was Xanthor again") == {"Xanthor"}
    assert loaded == [own["options"]["model_name"]]


@pytest.mark.usefixtures("loaded")
def test_what_a_recogniser_logs_and_drops_fails_its_text() -> None:
    """Presidio's Hugging Face recogniser takes a model that raises for one that finds nothing."""
    said = Analysis(options(HUGGING_FACE)).find(["RAISE Xanthor", "Xanthor"], [True, True])
    assert said[0] == "the recogniser HuggingFaceNerRecognizer raised Swallowed"
    assert not isinstance(said[1], str)


def test_sources_are_read_through_imports_and_bases() -> None:
    inherited = arguments(PRESIDIOS, "MedicalNERRecognizer")
    assert inherited is not None
    assert "model_name" in inherited.names
    assert arguments("presidio_analyzer", "PatternRecognizer") == arguments(
        PatternRecognizer.__module__, "PatternRecognizer"
    )
    assert arguments("builtins", "dict") is None
    assert members("sys") is None
    assert located("plugins.pii.own") is not None
    assert located("plugins.nowhere.own") is None
