"""Places by lists: what is meant for one, and what only is called like one."""

import pytest

from plugins.pii.analysis import Analysis
from plugins.pii.lexicon import Lexicon
from plugins.pii.options import RecogniserOptions
from plugins.pii.places import Places


@pytest.fixture(scope="module")
def places(lexicon: Lexicon) -> Places:
    return Places(lexicon)


def found(places: Places, text: str) -> list[str]:
    return [text[one.start : one.end] for one in places.analyze(text, ["LOCATION"])]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("She moved from Germany to Bremen.", ["Germany", "Bremen"]),
        ("we went to france and to bremen", ["france", "bremen"]),
        ("The United Kingdom left", ["United Kingdom"]),
        ("a friend from Rottweil", ["Rottweil"]),
        ("he lives in gdansk, she lives in Gdańsk", ["gdansk", "Gdańsk"]),
        ("we are moving to malmo and flying from Düsseldorf", ["malmo", "Düsseldorf"]),
        ("book flights to Oslo", ["Oslo"]),
        ("born in baltimore", ["baltimore"]),
        ("I'm from Bologna", ["Bologna"]),
        (
            "Er wohnt in Altona, elle habite à Nantes, abito a Bologna",
            ["Altona", "Nantes", "Bologna"],
        ),
        ("vivo en Toluca", ["Toluca"]),
    ],
)
def test_places_are_found(places: Places, text: str, names: list[str]) -> None:
    assert found(places, text) == names


@pytest.mark.parametrize(
    "text",
    [
        "turkey sandwiches, fine china and a jersey",
        "Perry and Martin met Auburn",
        "Commerce is slow; the plot of Hamlet; the art of Reading; from Commerce to Media",
        "in reading, from commerce, to mobile, near hope",
        "import bremen.api; path/bremen/x; BREMEN_URL",
        "the essen was good and the halle was full",
    ],
)
def test_words_are_no_places(places: Places, text: str) -> None:
    assert found(places, text) == []


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return Analysis(RecogniserOptions())


@pytest.mark.parametrize(
    ("text", "value", "entity"),
    [
        ("so she told olivia that he was out", "olivia", "PERSON"),
        ("she saw Lucas Prentiss leave", "Lucas Prentiss", "PERSON"),
        ("I think Siobhan from accounting is right", "Siobhan", "PERSON"),
        ("She has been living in Charlotte for years", "Charlotte", "LOCATION"),
        ("They flew to San Jose yesterday", "San Jose", "LOCATION"),
    ],
)
def test_a_given_name_is_a_person_unless_somebody_is_or_goes_there(
    analysis: Analysis, text: str, value: str, entity: str
) -> None:
    [findings] = analysis.find([text], [True])
    assert not isinstance(findings, str)
    assert (value, entity) in {(text[one.start : one.end], one.entity) for one in findings}
