"""Ages beside a name or a word for a person, and numbers there that are none."""

import pytest

from plugins.pii.ages import AgeBeside
from plugins.pii.lexicon import Lexicon


@pytest.fixture(scope="module")
def ages(lexicon: Lexicon) -> AgeBeside:
    return AgeBeside(lexicon)


def found(ages: AgeBeside, text: str) -> list[str]:
    return sorted(text[one.start : one.end] for one in ages.analyze(text, ["AGE"]))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Terrence Hollis, 41, of Macon", ["41"]),
        ("children (Mila, 6, and Oskar, 9).", ["6", "9"]),
        ("hi im jaylen, 16, from baltimore", ["16"]),
        ("Anna (34) and Xanthor Quillby (101) came", ["101", "34"]),
        ("We have Anna, 8 and Ben, 5. They", ["5", "8"]),
        ("im 34 f, recently diagnosed", ["34"]),
        ("hes 31", ["31"]),
        ("shes turning 27 next week", ["27"]),
        ("I'm 40 now", ["40"]),
    ],
)
def test_an_age_is_found(ages: AgeBeside, text: str, values: list[str]) -> None:
    assert found(ages, text) == values


@pytest.mark.parametrize(
    "text",
    [
        "im 5 minutes late, hes 10 points ahead, turned 90 degrees, i'm 2.5 times faster",
        "in Paris, 14, and London (12) it rained",
        "see chapter, 6, and page, 9, too; Figure (4); Table (12)",
        "anna (2) and open (2) are calls",
        "Anna, 1,000 of them; Anna, 130, too; Anna, 12 boxes; Anna, 41st",
        "SQL, 12, and HTTP, 80, are fine",
        "im 123",
    ],
)
def test_other_numbers_are_no_ages(ages: AgeBeside, text: str) -> None:
    assert found(ages, text) == []
