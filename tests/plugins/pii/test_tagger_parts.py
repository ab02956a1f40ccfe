"""The parts of the tier `model`: windows, words from tokens, and weights in eight bits."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.pii.doubts import Doubts
from plugins.pii.lexicon import Lexicon
from plugins.pii.tagger import eight_bits, model
from plugins.pii.tagger.files import files_of
from plugins.pii.tagger.model import TokenClassifier, Tokens
from plugins.pii.tagger.recogniser import Tagged
from plugins.pii.tagger.runs import Run, Runs
from plugins.pii.tagger.windows import windows
from plugins.pii.tagger.wire import Malformed, fields, integers, written

LABELS = {0: "O", 1: "B-GIVENNAME", 2: "B-SURNAME", 3: "B-CITY"}
ENTITIES = {"GIVENNAME": "PERSON", "SURNAME": "PERSON", "CITY": "LOCATION"}


def places(text: str) -> list[tuple[int, int]]:
    """Each character that is no space as a token."""
    return [(at, at + 1) for at, char in enumerate(text) if not char.isspace()]


@given(st.text("ab .\n", max_size=120), st.integers(4, 30))
def test_windows_hold_every_token_in_order_and_none_is_too_long(text: str, most: int) -> None:
    tokens = places(text)
    covered = 0
    for start, end in windows(text, tokens, most):
        assert start <= covered < end <= len(tokens)
        assert end - start <= most
        covered = end
    assert covered == len(tokens)


def test_windows_end_with_lines_and_sentences_and_share_tokens_elsewhere() -> None:
    lines = "abcd efg\nhijkl mno"
    assert list(windows(lines, places(lines), 10)) == [(0, 7), (7, 15)]
    sentences = "abc def. hijkl mno"
    assert list(windows(sentences, places(sentences), 10)) == [(0, 7), (7, 15)]
    [first, second] = windows("abcdefghijklmno", places("abcdefghijklmno"), 10)
    assert first == (0, 10)
    assert second[0] < 10 < second[1] == 15


@pytest.mark.parametrize("name", ["Xanthor B. Quillby", "Kim St. Clair", "xan b. bo", "J. R. Bo"])
def test_no_window_ends_inside_of_a_name(name: str) -> None:
    """A family name alone at the beginning of a window is not seen for one."""
    text = f"ab cd {name} ef gh"
    tokens = places(text)
    begin, end = text.index(name), text.index(name) + len(name)
    for most in range(6, len(tokens) + 1):
        for one, other in pairwise(windows(text, tokens, most)):
            if one.end == other.start:
                cut = tokens[one.end][0]
                assert not begin < cut < end, (most, text[:cut])


def runs(text: str, *scores: tuple[tuple[int, int], list[float]]) -> list[Run]:
    tokens = Tokens([one for one, _ in scores], np.array([one for _, one in scores], np.float32))
    return list(Runs(LABELS, ENTITIES).of(text, tokens))


def test_the_labels_of_an_entity_add_up_and_words_are_whole() -> None:
    [one] = runs(
        "Nguyen!",
        ((0, 3), [0.4, 0.3, 0.3, 0.0]),
        ((3, 6), [0.2, 0.4, 0.4, 0.0]),
        ((6, 7), [1.0, 0.0, 0.0, 0.0]),
    )
    assert (one.start, one.end, one.entity) == (0, 6, "PERSON")
    assert one.score == pytest.approx(0.7)


def test_neighbours_are_one_run_over_spaces_and_not_over_signs_or_lines() -> None:
    person, place, none = [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0], [1.0, 0.0, 0.0, 0.0]
    text = "An Bo, Cy\nDi Ulm"
    found = runs(
        text,
        ((0, 2), person),
        ((3, 5), person),
        ((5, 6), none),
        ((7, 9), person),
        ((10, 12), person),
        ((13, 16), place),
    )
    assert [text[one.start : one.end] for one in found] == ["An Bo", "Cy", "Di", "Ulm"]


def test_a_word_that_may_be_a_name_goes_with_one_that_is() -> None:
    text = "so Xan Bo 9 yes"
    [one] = runs(
        text,
        ((0, 2), [0.99, 0.01, 0.0, 0.0]),
        ((3, 6), [0.7, 0.3, 0.0, 0.0]),
        ((7, 9), [0.0, 1.0, 0.0, 0.0]),
        ((10, 11), [0.7, 0.3, 0.0, 0.0]),
        ((12, 15), [1.0, 0.0, 0.0, 0.0]),
    )
    assert text[one.start : one.end] == "Xan Bo"
    assert one.score == pytest.approx(1.0)


# Weights


@given(st.integers(1, 2**20), st.one_of(st.integers(0, 2**63 - 1), st.binary(max_size=300)))
def test_fields_are_read_as_they_are_written(number: int, value: int | bytes) -> None:
    [one] = fields(memoryview(written(number, value)))
    assert one.number == number
    assert one.value == value


@pytest.mark.parametrize("broken", [b"\x0a\x05ab", b"\x80", b"\x0b", b"\x0d\x00", b"\x08\x80"])
def test_what_is_no_message_is_malformed(broken: bytes) -> None:
    with pytest.raises(Malformed):
        list(fields(memoryview(broken)))


def test_packed_integers_are_read() -> None:
    [packed] = fields(memoryview(written(1, b"\x01\x80\x01\x03")))
    assert list(integers(packed)) == [1, 128, 3]


def test_a_model_that_is_not_understood_is_left_alone() -> None:
    assert eight_bits.in_eight_bits(b"") is None
    assert eight_bits.in_eight_bits(b"no model at all") is None
    assert eight_bits.in_eight_bits(written(1, 8) + written(7, written(1, b""))) is None
    changed = eight_bits.in_eight_bits(files_of("rampart").model.read_bytes())
    assert changed is not None
    assert eight_bits.in_eight_bits(changed) is None


def test_eight_bits_say_what_four_said(monkeypatch: pytest.MonkeyPatch) -> None:
    files = files_of("rampart")
    fast = TokenClassifier(files)
    monkeypatch.setattr(model, "in_eight_bits", lambda _model: None)  # pyright: ignore[reportUnknownLambdaType]
    slow = TokenClassifier(files)
    text = (
        "my name is anna berg, i live at 12 high street in bath and my number is 07700 900123. " * 3
    )
    one, other = fast.read(text), slow.read(text)
    assert one.places == other.places
    assert np.abs(one.scores - other.scores).mean() < 0.02
    same = one.scores.argmax(axis=1) == other.scores.argmax(axis=1)
    assert same.mean() > 0.95


def test_where_windows_overlap_the_one_counts_that_sees_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    classifier = TokenClassifier(files_of("rampart"))
    calls: list[int] = []

    def window(_: object, ids: list[int]) -> np.ndarray:
        calls.append(len(ids))
        return np.full((len(ids), 35), len(calls), np.float32)

    monkeypatch.setattr(TokenClassifier, "_window", window)
    seen = classifier.read("a " * 200).scores[:, 0]
    first, second = calls
    shared = first + second - 200
    assert shared > 8
    assert list(seen) == sorted(seen)
    assert list(seen).count(1) == pytest.approx(first - shared / 2, abs=1)


def test_models_that_mind_case_get_to_read_text_with_capitals(
    monkeypatch: pytest.MonkeyPatch, lexicon: Lexicon
) -> None:
    read: list[str] = []
    whole = TokenClassifier.read

    def spy(self: TokenClassifier, text: str) -> Tokens:
        read.append(text)
        return whole(self, text)

    monkeypatch.setattr(TokenClassifier, "read", spy)
    meanings = {"GIVEN_NAME": "PERSON", "SURNAME": "PERSON"}
    tagged = Tagged("rampart", meanings, ["PERSON"], lexicon)
    text = "my name is xanthor quillby"
    [one] = tagged.analyze(text, ["PERSON"])
    assert read == ["my name is Xanthor Quillby"]
    assert text[one.start : one.end] == "xanthor quillby"


def test_stop_words_at_the_ends_of_a_place_do_not_belong_to_it(lexicon: Lexicon) -> None:
    text = "from altoona by"
    assert Doubts(lexicon).core(text, 0, len(text), "LOCATION") == (5, 12)
    assert Doubts(lexicon).core(text, 13, len(text), "LOCATION") == (13, 15)
