"""What is wrong with options is told before anything is loaded."""

import msgspec
import pytest

from plugins.pii.options import PatternOption, RecogniserOptions, recogniser_options


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (RecogniserOptions(entities=("EMAIL",)), "did you mean `EMAIL_ADDRESS`?"),
        (RecogniserOptions(entities=()), "nothing is looked for"),
        (RecogniserOptions(thresholds={"PERSONS": 0.5}), "did you mean `PERSON`?"),
        (RecogniserOptions(tiers_for={"PERSONS": ("ner",)}), "did you mean `PERSON`?"),
        (RecogniserOptions(tiers_for={"IBAN_CODE": ("ner",)}), "add `patterns`"),
        (RecogniserOptions(tiers_for={"PERSON": ()}), "nothing looks for `PERSON`"),
        (RecogniserOptions(languages=("fr",)), "models.fr"),
        (RecogniserOptions(models={"en": "en_core_web_none"}), "`en_core_web_none`"),
        (RecogniserOptions(models={"de": "x"}), "add it there"),
        (RecogniserOptions(regions=("DE", "XX")), "no country has the code `XX`; "),
        (RecogniserOptions(regions=("DE", "gb")), "did you mean `GB`?"),
        (RecogniserOptions(recognisers=("Class",)), "`package.module:Class`"),
        (RecogniserOptions(recognisers=("nowhere.at_all:Class",)), "no module"),
        (RecogniserOptions(patterns=(PatternOption("A", "["),)), "patterns[0]: the regex for `A`"),
        (RecogniserOptions(patterns=(PatternOption("A", "x*"),)), "matches the empty text"),
        (RecogniserOptions(patterns=(PatternOption("A", r"(\w+\s?)+:"),)), "takes too long"),
    ],
)
def test_each_problem_is_named_with_its_remedy(options: RecogniserOptions, problem: str) -> None:
    [told] = options.problems()
    assert problem in told


def test_the_default_has_no_problems_and_nested_but_harmless_patterns_pass() -> None:
    assert RecogniserOptions().problems() == []
    harmless = PatternOption("PART", r"(?:\d+-)+\d+")
    assert RecogniserOptions(patterns=(harmless,)).problems() == []


def test_models_look_for_what_their_tier_is_asked_for() -> None:
    assert RecogniserOptions().by_model == {"PERSON", "LOCATION"}
    assert RecogniserOptions(tiers=("patterns",), languages=()).problems() == []
    chosen = RecogniserOptions(tiers=("patterns",), tiers_for={"PERSON": ("ner",)})
    assert chosen.by_model == {"PERSON"}
    assert chosen.problems() == []


def test_entities_of_own_patterns_and_words_need_no_listing() -> None:
    own = RecogniserOptions(
        entities=(),
        languages=(),
        patterns=(PatternOption("STAFF", r"S\d{5}"),),
        deny={"PROJECT": ("Blue",)},
        thresholds={"STAFF": 0.3},
    )
    assert own.problems() == []


def test_workers_get_the_recognisers_fields_alone() -> None:
    class More(RecogniserOptions, frozen=True):
        vault: str = "memory"

    sent = msgspec.msgpack.encode(recogniser_options(More(workers=2)))
    assert msgspec.msgpack.decode(sent, type=RecogniserOptions) == RecogniserOptions(workers=2)


def test_every_field_is_described_for_the_reference() -> None:
    schema = msgspec.json.schema(RecogniserOptions)["$defs"]
    for name in ("RecogniserOptions", "PatternOption"):
        for field, about in schema[name]["properties"].items():
            assert about.get("description"), f"{name}.{field}"


def test_there_is_a_process_for_each_core_but_one_unless_told() -> None:
    assert RecogniserOptions().processes >= 1
    assert RecogniserOptions(workers=3).processes == 3
