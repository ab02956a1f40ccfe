"""The tier `model` with the real Rampart: what it finds, where, and that it stays in its bounds."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from plugins.finding.spans import GUESSES, TAGGED, Span
from plugins.pii.analysis import Analysis, CannotLoad
from plugins.pii.batches import PIECE
from plugins.pii.degrees import TierFailed
from plugins.pii.lexicon import Lexicon
from plugins.pii.options import RecogniserOptions
from plugins.pii.recogniser import Recogniser, open_recogniser
from plugins.pii.tagger.choice import meanings_of
from plugins.pii.tagger.files import files_of
from plugins.pii.tagger.recogniser import Tagged

ENTITIES = ("PERSON", "LOCATION", "PHONE_NUMBER", "EMAIL_ADDRESS", "US_SSN", "DRIVER_LICENSE")
NAME = "xanthor quillby"
PADDING = "we talked about the weather and the price of bread for a while. "


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return Analysis(RecogniserOptions(entities=ENTITIES, tiers=("patterns", "model")))


@pytest.fixture(scope="module")
def tagged(lexicon: Lexicon) -> Tagged:
    return Tagged("rampart", meanings_of("rampart", {}), ENTITIES, lexicon)


def spans(analysis: Analysis, text: str, *, prose: bool = True) -> list[Span]:
    [found] = analysis.find([text], [prose])
    assert not isinstance(found, str)
    return found


def found(analysis: Analysis, text: str, *, prose: bool = True) -> dict[str, str]:
    return {text[one.start : one.end]: one.entity for one in spans(analysis, text, prose=prose)}


@pytest.mark.parametrize(
    ("text", "value", "entity"),
    [
        (f"my name is {NAME}", NAME, "PERSON"),
        ("hi its wanjiru from accounting, can u call me back", "wanjiru", "PERSON"),
        ("pls tell oluwaseun adeyemi-smith that i am late", "oluwaseun adeyemi-smith", "PERSON"),
        ("we moved to rua das flores 12 in coimbra", "coimbra", "LOCATION"),
        ("Ich wohne seit kurzem bei Kunigunde Quillby in Ahlhorn", "Ahlhorn", "LOCATION"),
        ("la reunión es con Wenceslao García", "Wenceslao García", "PERSON"),
    ],
)
def test_names_are_found_in_chat_and_in_languages_without_a_spacy_model(
    analysis: Analysis, text: str, value: str, entity: str
) -> None:
    assert found(analysis, text).get(value) == entity


def test_what_it_finds_is_a_guess_with_a_score_of_its_own(analysis: Analysis) -> None:
    [one] = spans(analysis, f"then came {NAME} again")
    assert one.source == TAGGED in GUESSES
    assert 0.5 < one.score < 1


def test_patterns_come_first(analysis: Analysis) -> None:
    text = "call 07700 900123, ssn 078-05-1120, mail anna.berg@example.org"
    sources = {one.entity: one.source for one in spans(analysis, text)}
    assert TAGGED not in sources.values()
    assert sources.keys() == {"PHONE_NUMBER", "US_SSN", "EMAIL_ADDRESS"}


def test_a_name_is_found_wherever_it_stands_in_a_long_text(tagged: Tagged) -> None:
    for place in range(0, 2_400, 290):
        before = (PADDING * 40)[:place].rsplit(" ", 1)[0]
        text = f"{before} i met {NAME} there. {PADDING * 10}"
        names = [text[one.start : one.end] for one in tagged.analyze(text, ["PERSON"])]
        assert NAME in names, (place, names)


@pytest.mark.parametrize(
    "text", ["", " \n", "a", "\u200b", "x" * 5_000, "\u4e2d" * 700, "?!" * 900]
)
def test_no_text_is_too_odd_to_read(tagged: Tagged, text: str) -> None:
    for one in tagged.analyze(text, list(ENTITIES)):
        assert 0 <= one.start < one.end <= len(text)


def test_offsets_are_those_of_the_text(tagged: Tagged) -> None:
    text = "\U0001f600\U0001f600 é e\u0301 \u00df \u0130: please ask Xanthor Quillby-Østergård."
    [one] = tagged.analyze(text, ["PERSON"])
    assert text[one.start : one.end] == "Xanthor Quillby-Østergård"


def test_neighbours_in_a_batch_change_nothing(analysis: Analysis) -> None:
    texts = [f"my name is {NAME}", PADDING * 9, "call wanjiru or kunigunde in bremen", "x" * 300]
    together = analysis.find(texts, [True] * len(texts))
    assert together == [one for text in texts for one in analysis.find([text], [True])]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Mrs. Schwarz flew to Oslo on Sunday", "Schwarz"),
        ("Zak shouted at Scott: what are you doing?", "Zak"),
        ("She agreed, and before Labor Day we returned to Altoona by helicopter.", "Altoona"),
    ],
)
def test_words_beside_a_name_are_not_taken_along(tagged: Tagged, text: str, name: str) -> None:
    assert name in [text[one.start : one.end] for one in tagged.analyze(text, list(ENTITIES))]


@pytest.mark.parametrize(
    "text",
    [
        "v17.3-rc0: collections 49b2ae3d570201460c87364c9ece8c4d69d3af89",
        "pwd 13.8.post7 (build e1f60439)",
        "2024-07-02 16:05:36,675 DEBUG gzip: Argument 'encoding' not supported in binary mode",
        '127.0.0.1 - - [2024-01-02 10:00:00] "GET /enum/16211 HTTP/1.1" 404 57047',
        "for key in len(shutil.names): return enum[trace]",
        "the helicopter was late and satanic killers waited",
    ],
)
def test_technical_text_and_plain_words_are_left_alone(tagged: Tagged, text: str) -> None:
    results = tagged.analyze(text, list(ENTITIES))
    assert [text[one.start : one.end] for one in results] == []


def test_it_looks_where_names_may_be_and_in_languages_it_knows(analysis: Analysis) -> None:
    text = f"my name is {NAME}"
    assert found(analysis, text, prose=False) == {}
    one = RecogniserOptions(entities=("PERSON",), tiers=("model",), tagger_languages=("de",))
    assert found(Analysis(one), f"please tell me where i can find {NAME} and her sister") == {}
    assert Recogniser(one).without_model(["please tell me where i can find it and when"]) == {"en"}


def test_a_language_that_only_the_tagger_knows_is_known() -> None:
    german = "Ich wohne seit zwei Jahren mit meiner Schwester in Ahlhorn, und das ist gut"
    options = RecogniserOptions(
        entities=("LOCATION",), tiers=("patterns", "ner", "model"), unknown_language="refuse"
    )
    assert found(Analysis(options), german) == {"Ahlhorn": "LOCATION"}
    assert Recogniser(options).without_model([german]) == set()
    polish = "nazywam się Anna i jestem bardzo zmęczona, ale dlaczego nie piszesz do mnie"
    [refused] = Analysis(options).find([polish], [True])
    assert isinstance(refused, str)


@pytest.mark.parametrize("disguised", ["Xan\u200bthor Quill\u00adby", "\uff38anthor \uff31uillby"])
def test_disguises_are_seen_through(analysis: Analysis, disguised: str) -> None:
    assert found(analysis, f"my name is {disguised}, ok") == {disguised: "PERSON"}


def test_only_the_wanted_entities_are_found(analysis: Analysis) -> None:
    some = RecogniserOptions(
        entities=("PERSON", "LOCATION"), tiers=("patterns",), tiers_for={"PERSON": ("model",)}
    )
    assert found(Analysis(some), f"my name is {NAME} and i live in klippoortje") == {NAME: "PERSON"}


def test_a_failure_is_the_tiers_own(monkeypatch: pytest.MonkeyPatch, analysis: Analysis) -> None:
    def fail(*_: object) -> None:
        raise ValueError(NAME)

    monkeypatch.setattr(Tagged, "analyze", fail)
    [failed] = analysis.find([f"my name is {NAME}"], [True])
    assert isinstance(failed, TierFailed)
    assert failed.tier == "model"
    assert NAME not in failed
    [found] = analysis.find([f"mail a@b.example, {NAME}"], [True], ["model"])
    assert not isinstance(found, str)


def test_rampart_is_read_without_being_imported() -> None:
    script = (
        "import sys; from plugins.pii.options import RecogniserOptions as R; "
        "from plugins.pii.analysis import Analysis; "
        "Analysis(R(entities=('PERSON',), tiers=('model',))).find(['anna'], [True]); "
        "assert not {one for one in sys.modules if one.startswith('arcjet')}; "
        "o = R(); assert o.problems() == [] and o.by_tagger == frozenset()"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)


# Any model by its path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rampart under labels of another kind."""
    files = files_of("rampart")
    folder = tmp_path_factory.mktemp("tagger")
    (folder / "onnx").mkdir()
    shutil.copy(files.model, folder / "onnx" / "model_q4.onnx")
    shutil.copy(files.tokenizer, folder)
    named = {"GIVEN_NAME": "FIRSTNAME", "SURNAME": "FAMILIENNAME", "CITY": "GPE", "STATE": "MISC"}
    labels = {
        number: "-".join(named.get(part, part) for part in label.split("-"))
        for number, label in files.labels.items()
    }
    (folder / "config.json").write_text(json.dumps({"id2label": labels}))
    return folder


OWN = {"FAMILIENNAME": "SURNAME", "GPE": ""}


@pytest.mark.parametrize("within", ["", "onnx/model_q4.onnx"])
def test_any_folder_or_file_with_ones_own_labels_will_do(folder: Path, within: str) -> None:
    options = RecogniserOptions(
        entities=("PERSON", "LOCATION", "SURNAME"),
        tiers=("model",),
        tagger=str(folder / within),
        tagger_labels=OWN,
    )
    assert options.problems() == []
    assert options.tagged_languages == ("en",)
    text = "my name is xanthor quillby and i live at 12 high street in coimbra"
    assert found(Analysis(options), text) == {
        "xanthor": "PERSON",
        "quillby": "SURNAME",
        "12 high street": "LOCATION",
    }


def test_a_broken_model_is_told_when_it_is_loaded(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "broken")
    (tmp_path / "broken" / "onnx" / "model_q4.onnx").write_bytes(b"not a model")
    options = RecogniserOptions(
        entities=("PERSON",), tiers=("model",), tagger=str(tmp_path / "broken")
    )
    with pytest.raises(CannotLoad, match="tagger: "):
        Analysis(options)


# In the service


@pytest.fixture
async def recogniser(anyio_backend: str) -> AsyncIterator[Recogniser]:
    tiers = ("patterns", "model")
    options = RecogniserOptions(entities=ENTITIES, tiers=tiers, workers=1, timeout=120.0)
    async with AsyncExitStack() as stack:
        yield await open_recogniser(stack, options)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.anyio
async def test_a_worker_reads_texts_of_any_length(recogniser: Recogniser) -> None:
    text = f"{'a1 b2 c3 d4 ' * 500}\n\nplease ask {NAME} about it"
    for _ in range(2):
        [spans] = await recogniser.find([text])
        assert NAME in [text[one.start : one.end] for one in spans]


def test_the_densest_batch_fits_its_time_many_times_over(tagged: Tagged) -> None:
    batch = ["\u00bd?" * (PIECE // 2)] * 2
    began = time.process_time()
    for text in batch:
        tagged.analyze(text, list(ENTITIES))
    assert time.process_time() - began < RecogniserOptions().timeout / 2
