"""The words of a text: none that lists or announcements begin with is passed over."""

import re
import sys

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.pii import announcing, people, technical
from plugins.pii.letters import caseless, count_words, runs, starts
from plugins.pii.lexicon import Lexicon
from plugins.pii.places import Places
from plugins.pii.words import Text

PIECES = "anna_Anna_ANNA_berg_an_Straße_I\u0307_\u0130_\u0301_\u017f_7_ _-_'_\u2019_._\n".split("_")
WORDS = frozenset(["anna", "an", "berg", "annaberg", "strasse", "i", "s", *"abcdefgh"])


@given(st.lists(st.sampled_from([*PIECES, "_"])), st.sampled_from([1, len(WORDS)]))
@settings(max_examples=1_000, deadline=None)
def test_words_start_where_they_stand(parts: list[str], few: int) -> None:
    text = "".join(parts)
    wanted = frozenset(sorted(WORDS, reverse=True)[:few]) | {"anna"}
    plain = [*regex.finditer(r"\p{L}[\p{L}\p{M}]*", text)]
    assert runs(text) == [caseless(one[0]) for one in plain]
    assert starts(text, wanted) == [one.start() for one in plain if caseless(one[0]) in wanted]


def test_letters_are_caseless_before_and_after_lower_case() -> None:
    letters = [char for char in map(chr, range(sys.maxunicode + 1)) if char.isalpha()]
    assert all(caseless(char) == caseless(char.lower()) for char in letters)


def test_every_given_name_begins_with_a_word_that_is_looked_for(lexicon: Lexicon) -> None:
    names = lexicon._given  # pyright: ignore[reportPrivateUsage]
    for spelt in (str.lower, str.title, str.upper):
        # Capitals of some letters are several, which are none of theirs in lower case any more.
        for name in (spelt(one) for one in names if spelt(one).lower() == one):
            word = people._word_at(name, 0)  # pyright: ignore[reportPrivateUsage]
            assert word and word.lower == name.lower()
            assert starts(name, lexicon.begin_given(Text(name).words))[:1] == [0], ascii(name)


def test_every_place_begins_with_a_word_that_is_looked_for(lexicon: Lexicon) -> None:
    places = Places(lexicon)
    for name in lexicon.towns():
        text = f"She lives in {name.title()}, {name}."
        written = text[13 : 13 + len(name)]
        if written.lower() == name and places._meant(text, 13, written):  # pyright: ignore[reportPrivateUsage]
            begin = places._begin(Text(text).words)  # pyright: ignore[reportPrivateUsage]
            assert 13 in starts(text, begin), ascii(name)


@given(
    st.lists(
        st.sampled_from(
            "Dear_dear_hi_CIAO_I'm_\u0130 am_this is_to_From:_OLÁ_._!_?_\"_\n_ _ _Anna_é_x".split(
                "_"
            )
        ),
        max_size=12,
    )
)
@settings(max_examples=1_000, deadline=None)
def test_greetings_are_found_where_sentences_begin(parts: list[str]) -> None:
    text = "".join(parts)
    greeted = announcing._greeted(text)  # pyright: ignore[reportPrivateUsage]
    plain = announcing._GREETED.finditer(text)  # pyright: ignore[reportPrivateUsage]
    assert [one.span() for one in greeted] == [one.span() for one in plain]


@given(st.data())
@settings(max_examples=500, deadline=None)
def test_everybody_who_is_related_has_a_word_for_it(data: st.DataObject) -> None:
    words = announcing._KIN.pattern.split("(?<=")[1].removesuffix(r"\p{Lu})")  # pyright: ignore[reportPrivateUsage]
    said = data.draw(st.from_regex(re.compile(words.replace("(?i:", "(?:")), fullmatch=True))
    for text in (f"{said}Bo", f"{said.upper()}Bo", f"is {said.title()}Bo"):
        if announcing._KIN.search(text):  # pyright: ignore[reportPrivateUsage]
            related = announcing._RELATED  # pyright: ignore[reportPrivateUsage]
            assert not related.isdisjoint(Text(text).words)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_every_name_in_data_has_a_key(data: st.DataObject) -> None:
    keyed = people._KEYED.pattern.replace(r"\p{Lu}", "B").replace(r"\p{L}\p{M}", "a-z")  # pyright: ignore[reportPrivateUsage]
    written = data.draw(st.from_regex(re.compile(keyed), fullmatch=True))
    assert people._may_be_keyed(Text(written))  # pyright: ignore[reportPrivateUsage]


@given(st.text(st.sampled_from("ab A0x19_@:./->=(){}\\[];<|^~#$%&*+`é\n"), max_size=40))
@settings(max_examples=1_000, deadline=None)
def test_marks_of_ascii_are_counted_by_their_characters(line: str) -> None:
    possible = len(technical._MAYBE_MARK.findall(line))  # pyright: ignore[reportPrivateUsage]
    *most, exact = technical._most_marks(line)  # pyright: ignore[reportPrivateUsage]
    assert exact == possible and all(one >= possible for one in most)
    assert count_words(line) == len(re.findall(r"[^\W\d_]+", line))


@pytest.mark.parametrize(
    "text", ["Anna's Berg", "Berg, Anna said", "x-Anna and Anna-x", "Anna.Berg"]
)
def test_texts_of_ascii_are_no_others(lexicon: Lexicon, text: str) -> None:
    one = people.People(lexicon)
    plain = [(it.start, it.end) for it in one.analyze(text, [])]
    assert plain == [(it.start, it.end) for it in one.analyze(f"{text} é", [])]
