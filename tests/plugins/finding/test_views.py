"""What is asked of a recogniser for a disguised text, and what counts of its answers."""

from collections.abc import Sequence

from plugins.finding.disguises import Findings, see_through
from plugins.finding.spans import Span

Asked = list[tuple[str, bool]]


class Names:
    """Knows one name."""

    def given(self, word: str) -> bool:
        return word == "rosalind"

    def family(self, word: str) -> bool:
        return False

    def plain(self, word: str) -> bool:
        return False


def asked(text: str, wanted: bool) -> Asked:
    """What a recogniser is asked for a text: texts, and whether to look for names in them."""
    out: Asked = []

    def find(texts: Sequence[str], names: Sequence[bool]) -> list[Findings]:
        out.extend(zip(texts, names, strict=True))
        return [[] for _ in texts]

    see_through(find, [text], [wanted], Names())
    return out


def test_a_disguised_text_is_looked_at_as_it_stands_by_patterns_alone() -> None:
    assert asked("an\u00adna", True) == [("anna", True), ("an\u00adna", False)]
    assert asked("an\u00adna", False) == [("anna", False), ("an\u00adna", False)]


def test_names_are_looked_for_only_where_somebody_wants_them() -> None:
    assert asked("I am Rosal\nind", True) == [("I am Rosal\nind", True), ("I am Rosalind", True)]
    assert asked("I am Rosal\nind", False) == [("I am Rosal\nind", False)]
    assert asked("call 4155\n550199", True) == [
        ("call 4155\n550199", True),
        ("call 4155550199", False),
        ("call 4155 550199", False),
    ]


def words(text: str, *found: tuple[str, float]) -> list[str]:
    """What is found in a text by a recogniser of certain words."""

    def find(texts: Sequence[str], names: Sequence[bool]) -> list[Findings]:
        return [
            [
                Span(one.index(word), one.index(word) + len(word), "PHONE_NUMBER", score, "test")
                for word, score in found
                if word in one
            ]
            for one in texts
        ]

    [spans] = see_through(find, [text], [False])
    return [text[one.start : one.end] for one in spans if isinstance(one, Span)]


def test_what_folding_takes_away_is_found_in_the_text_itself() -> None:
    assert words(r"it is \u00deed", ("deed", 0.9)) == ["deed"]


def test_a_finding_over_a_gap_must_say_more_than_those_that_it_touches() -> None:
    text = "call 4155\n550199 or 8800"
    whole = "4155\n550199"
    assert words(text, ("4155550199", 0.7)) == [whole]
    assert words(text, ("4155550199", 0.7), ("call", 0.9), ("or", 0.9)) == ["call", whole, "or"]
    assert words(text, ("4155550199", 0.7), ("550199 or", 0.6)) == [whole, "or"]
    assert words(text, ("4155550199", 0.7), ("call 4155", 0.8)) == ["call 4155"]
    assert words(text, ("4155550199", 0.7), ("550199 or", 0.7)) == ["550199 or"]
    assert words(text, ("4155550199", 1.0), ("call 4155", 1.0)) == ["call", whole]
    ends = "call 4155\n550199."
    assert words(ends, ("4155550199", 0.7), ("call 4155", 0.7)) == ["call", whole]
