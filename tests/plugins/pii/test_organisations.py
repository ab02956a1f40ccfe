"""Organisations by their names, and what a model takes for them."""

import pytest

from plugins.pii.analysis import Analysis
from plugins.pii.lexicon import Lexicon
from plugins.pii.options import RecogniserOptions
from plugins.pii.organisations import Organisations


@pytest.fixture(scope="module")
def organisations(lexicon: Lexicon) -> Organisations:
    return Organisations(lexicon)


def found(organisations: Organisations, text: str) -> list[str]:
    return [text[one.start : one.end] for one in organisations.analyze(text, ["ORGANIZATION"])]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("I left Quillby Ltd in May", "Quillby Ltd"),
        ("I left Quillby & Sons, Inc. in May", "Quillby & Sons, Inc."),
        ("bei der Nordfracht GmbH angestellt", "Nordfracht GmbH"),
        ("Ferrotech S.p.A.", "Ferrotech S.p.A."),
        ("she is at Saint Brigid's Hospital now", "Saint Brigid's Hospital"),
        ("The Northgate Analytics team", "Northgate Analytics"),
        ("studied at the University of Bath, then", "University of Bath"),
        ("At Durham University nobody thought", "Durham University"),
        ("Bank of the West, yes", "Bank of the West"),
    ],
)
def test_an_organisation_is_found(organisations: Organisations, text: str, name: str) -> None:
    assert found(organisations, text) == [name]


@pytest.mark.parametrize(
    "text",
    [
        "the hospital, a university, my bank and an ltd",
        "The University is old. At School we learnt. The Bank lends.",
        "Universities and Banks; Hospitality; x.Quillby.Incubator; AGENDA",
    ],
)
def test_kinds_of_houses_are_none(organisations: Organisations, text: str) -> None:
    assert found(organisations, text) == []


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return Analysis(RecogniserOptions(entities=("PERSON", "LOCATION", "ORGANIZATION")))


@pytest.mark.parametrize(
    "text",
    [
        "explain the difference between TCP and UDP like im five",
        "Strong on SQL, weak on statistics",
        "net 30 days, VAT 20 %, total EUR 1.190,00",
        "Kid A scored 14 points. Coach said rest on Sunday.",
    ],
)
def test_abbreviations_and_ordinary_words_are_none(analysis: Analysis, text: str) -> None:
    [findings] = analysis.find([text], [True])
    assert not isinstance(findings, str)
    assert "ORGANIZATION" not in {one.entity for one in findings}
