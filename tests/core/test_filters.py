"""The ready-made filters, wherever their text is cut."""

import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from pipeline import ReplaceTokens, Scanner, Segments, Taken, TextFilter, Whole, testing

MAPPING = {"PERSON_1": "Ann", "PERSON_12": "PERSON_1", "A": "B", "__x__": "under", "_" * 9: "nine"}
LETTERS = st.text(st.sampled_from("PERSON_12\\ A_xb.é\n"), max_size=30)
WORDS = st.lists(
    st.sampled_from(["PERSON_1", "PERSON\\_1", "PERSON_12", "\\", "_", " ", ".", "x", "é", "A"]),
    max_size=12,
).map("".join)
PLACES = st.lists(st.integers(0, 60), max_size=12)


def run(one: TextFilter, text: str, places: list[int] | range) -> str:
    parts = testing.pieces(text, sorted(min(place, len(text)) for place in places))
    return "".join(str(one.feed(part)) for part in parts) + str(one.flush())


@given(LETTERS | WORDS, PLACES)
@example("PERSON\\_1 PERSON_1\\ \\_A\\_", [7, 19, 21])
@example("x" * 50 + "\\_PERSON_1", [])
@example("x" * 50 + " PERSON_1.", [50])
def test_tokens_are_replaced_wherever_the_text_is_cut(text: str, places: list[int]):
    whole = run(ReplaceTokens(MAPPING), text, [])
    assert run(ReplaceTokens(MAPPING), text, places) == whole
    assert run(ReplaceTokens(MAPPING), text, range(len(text))) == whole


@given(LETTERS | WORDS)
def test_tokens_are_whole_words_in_one_pass(text: str):
    """The oracle is one regular expression over the whole text."""

    def replace(match: re.Match[str]) -> str:
        return MAPPING.get(match.group().replace("\\_", "_"), match.group())

    assert run(ReplaceTokens(MAPPING), text, []) == re.sub(r"(?:\\_|[A-Za-z0-9_])+", replace, text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PERSON_1", "Ann"),
        ("PERSON\\_1", "Ann"),
        ("xPERSON_1", "xPERSON_1"),
        ("PERSON_13", "PERSON_13"),
        ("PERSON_1\\", "Ann\\"),
        ("PERSON_1\\_", "PERSON_1\\_"),
        ("**PERSON_1**", "**Ann**"),
        ("PERSON_12", "PERSON_1"),
        ("éPERSON_1é", "éAnné"),
        ("\\_\\_\\_\\_\\_\\_\\_\\_\\_", "nine"),
    ],
)
def test_what_is_a_token(text: str, expected: str):
    assert run(ReplaceTokens(MAPPING), text, []) == expected
    assert run(ReplaceTokens(MAPPING), text, list(range(len(text)))) == expected


@given(LETTERS | WORDS | st.just("x" * 500))
def test_replacing_holds_no_more_than_the_longest_token(text: str):
    same = {one: one for one in MAPPING}
    one, out = ReplaceTokens(same), 0
    # With `\\_` for `_` what comes out would be shorter than what went in.
    for number, character in enumerate(text.replace("\\", ""), 1):
        out += len(one.feed(character))
        assert number - out <= 2 * max(map(len, MAPPING)) + 1


def test_nothing_to_replace_holds_nothing_but_a_backslash():
    one = ReplaceTokens({})
    assert one.feed("plain text") == "plain text"
    assert one.feed("\\") + one.flush() == "\\"


BOUNDARIES = {re.compile(r"\n"): 1, re.compile(r"\r\n|[\r\n]"): 2, re.compile(r"[.!?] "): 2}


@given(
    st.lists(st.sampled_from(["a", "\r\n", "\r", "\n", ". ", "!"]), max_size=20).map("".join),
    PLACES,
    st.sampled_from(list(BOUNDARIES)),
    st.integers(2, 9),
)
def test_segments_do_not_depend_on_cuts(
    text: str, places: list[int], boundary: re.Pattern[str], longest: int
):
    def segments() -> Segments:
        return Segments(boundary, "<{}>".format, longest=longest, ahead=BOUNDARIES[boundary])

    whole = run(segments(), text, [])
    assert run(segments(), text, places) == whole
    assert run(segments(), text, range(len(text))) == whole


@given(st.text(st.sampled_from("ab\n"), max_size=60), st.integers(1, 9))
def test_segments_hold_no_more_than_they_may(text: str, longest: int):
    one, out = Segments(re.compile(r"\n"), str, longest=longest), 0
    for number, character in enumerate(text, 1):
        out += len(one.feed(character))
        assert number - out < longest


def test_a_segment_is_changed_with_its_boundary():
    assert run(Segments(re.compile(r"\n"), "<{}>".format), "one\ntwo", []) == "<one\n><two>"


@given(st.text(max_size=30), PLACES)
def test_whole_changes_the_whole_text_once(text: str, places: list[int]):
    places = [min(place, len(text)) for place in places]
    assert run(Whole("<{}>".format), text, places) == f"<{text}>"


@given(
    st.text(st.sampled_from("abc"), max_size=30),
    PLACES,
    st.text(st.sampled_from("abc"), min_size=1, max_size=4),
)
def test_a_take_function_decides_on_the_text_alone(text: str, places: list[int], word: str):
    """`take` waits for as much as it may, so the scanner alone decides when it must answer."""

    def take(text: str, at: int, final: bool) -> Taken | None:
        if not final:
            return None
        return Taken(len(word), "!") if text.startswith(word, at) else Taken(1, text[at])

    one = Scanner(take, len(word))
    assert run(one, text, places) == text.replace(word, "!")


@given(st.text(st.sampled_from("ab"), min_size=2, max_size=30), PLACES)
def test_these_tests_see_a_filter_that_depends_on_cuts(text: str, places: list[int]):
    """The control: a filter without hold-back gives itself away."""

    class Naive:
        def feed(self, text: str, /) -> str:
            return text.replace("ab", "X")

        def flush(self) -> str:
            return ""

    assume("ab" in text)
    inside = text.index("ab") + 1
    assert run(Naive(), text, [inside]) != run(Naive(), text, [])


def test_a_take_function_that_will_not_decide_is_a_bug():
    with pytest.raises(RuntimeError, match="must decide"):
        Scanner(lambda *_: None, 2).feed("abc")
