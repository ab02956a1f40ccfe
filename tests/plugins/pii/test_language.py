"""Languages are guessed, and what has no model is handled as the options say."""

import pytest

from plugins.pii.analysis import Analysis
from plugins.pii.language import Languages
from plugins.pii.options import RecogniserOptions
from plugins.pii.recogniser import Recogniser

GERMAN = "Ich wohne seit zwei Jahren in Bremen, schreib mir an x@example.com, sagt Xanthor Quillby"


@pytest.fixture(scope="module")
def languages() -> Languages:
    return Languages()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Hello, my name is Anna and I live in Oslo", "en"),
        ("pls tell me what i can do about this", "en"),
        (GERMAN, "de"),
        ("Je m'appelle Anne et j'habite à Paris avec ma soeur", "fr"),
        ("hej jag heter Anna och bor i Stockholm", "sv"),
        ("mijn naam is Jan en ik woon in Utrecht", "nl"),
        ("nazywam się Anna i jestem bardzo zmęczona, ale dlaczego nie piszesz do mnie", "pl"),
        ("Меня зовут Анна и я живу в Омске", "ru"),
        ("Моє ім\u2019я Олена", "uk"),
        ("我叫王小明", "zh"),
        ("田中さんに電話して", "ja"),
        ("김철수님께 전화해 주세요", "ko"),
        ("", ""),
        ("Phone: 555", ""),
        ("x = foo(3)", ""),
        ("Anna Berg\nHauptstr. 5\nBremen", ""),
    ],
)
def test_a_language_is_told_or_left_open(languages: Languages, text: str, language: str) -> None:
    assert languages.guess(text) == language


def found(options: RecogniserOptions, text: str) -> set[str] | str:
    [findings] = Analysis(options).find([text], [True])
    if isinstance(findings, str):
        return findings
    return {text[one.start : one.end] for one in findings}


def test_a_text_without_a_model_is_searched_by_patterns_and_reported() -> None:
    options = RecogniserOptions(entities=("PERSON", "EMAIL_ADDRESS"))
    assert found(options, GERMAN) == {"x@example.com"}
    recogniser = Recogniser(options)
    assert recogniser.languages([GERMAN, "Who are you?", ""]) == ["de", "en", ""]
    assert recogniser.without_model([GERMAN, "Who are you?", ""]) == {"de"}
    assert Recogniser(RecogniserOptions(tiers=("patterns",))).without_model([GERMAN]) == set()


def test_or_refused_without_being_quoted() -> None:
    options = RecogniserOptions(entities=("PERSON", "LOCATION"), unknown_language="refuse")
    assert found(options, GERMAN) == "it is in a language that no model is configured for"
    assert found(options, "My name is Xanthor Quillby") == {"Xanthor Quillby"}


def test_tiers_are_chosen_by_entity() -> None:
    text = "We met Karoline Voss in Bremen, and Zbrodnica in Grumsk, at 12 Oak Street."
    lists = found(RecogniserOptions(tiers=("patterns",)), text)
    assert {"Karoline Voss", "Bremen", "12 Oak Street"} <= lists
    model = found(RecogniserOptions(tiers_for={"LOCATION": ("ner",)}), text)
    assert "12 Oak Street" not in model
    assert "Karoline Voss" in model
    everything = found(RecogniserOptions(), text)
    assert lists < everything
