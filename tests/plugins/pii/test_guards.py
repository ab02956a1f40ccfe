"""What is looked for first, because it is quick, is in everything that is found."""

import re
import time
from copy import copy

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st
from presidio_analyzer import EntityRecognizer

from plugins.pii import (
    accounts,
    address,
    announcing,
    contacts,
    dates,
    identity,
    people,
    postcodes,
    recognisers,
    technical,
    wallets,
)
from plugins.pii.ages import AgeBeside
from plugins.pii.analysis import Analysis
from plugins.pii.contacts import Username, explained
from plugins.pii.endings import Ending
from plugins.pii.lexicon import Lexicon
from plugins.pii.options import RecogniserOptions
from plugins.pii.recognisers import corrected
from plugins.pii.results import Hinted
from plugins.pii.words import Text

NO_WORDS = Lexicon(None)
GUARDED = [
    one
    for one in corrected(["US"], NO_WORDS)
    if isinstance(one, Hinted) and (one.needs or one.number)
]
EDGES = st.sampled_from(["", " ", "\n", "a", "7", ".", ",", ":", "-", "@", "(", "x ", " 12 "])
"""What stands around a value."""


def matches(pattern: str) -> st.SearchStrategy[str]:
    """Texts that a pattern finds, in any case."""
    # What looks around or forgets adds no characters, and texts that do are hard to draw.
    plain = re.sub(r"\\K|\(\?(?:[=!]|<[=!])[^()]*\)", "", pattern)
    return st.from_regex(re.compile(plain, re.IGNORECASE), fullmatch=True)


def found(recogniser: EntityRecognizer, text: str) -> list[tuple[int, int, float]]:
    results = recogniser.analyze(text, recogniser.supported_entities, None)  # pyright: ignore[reportArgumentType]
    return [(one.start, one.end, one.score) for one in results]


@pytest.mark.parametrize("recogniser", GUARDED, ids=lambda one: one.name)
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_what_a_recogniser_needs_is_in_all_it_finds(
    recogniser: Hinted, data: st.DataObject
) -> None:
    pattern = data.draw(st.sampled_from(recogniser.patterns))
    text = data.draw(EDGES) + data.draw(matches(pattern.regex)) + data.draw(EDGES)
    unguarded = copy(recogniser)
    unguarded.needs = unguarded.number = None
    assert found(recogniser, text) == found(unguarded, text)


@pytest.mark.parametrize("recogniser", explained(), ids=lambda one: one.name)
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_words_that_announce_a_number_have_a_hint(recogniser: Hinted, data: st.DataObject) -> None:
    [pattern] = recogniser.patterns
    text = data.draw(EDGES) + data.draw(matches(pattern.regex)) + data.draw(EDGES)
    unguarded = copy(recogniser)
    unguarded.needs, unguarded.hints, unguarded.words = None, (), frozenset()
    assert found(recogniser, text) == found(unguarded, text)


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_words_that_announce_an_account_name_have_a_hint(data: st.DataObject) -> None:
    written = data.draw(matches(contacts._USERNAME.pattern))  # pyright: ignore[reportPrivateUsage]
    match = contacts._USERNAME.search(written)  # pyright: ignore[reportPrivateUsage]
    if match is not None:
        expected = (
            [] if match[1].isalpha() and NO_WORDS.plain(match[1].lower()) else [match.span(1)]
        )
        assert [(s, e) for s, e, _ in found(Username(NO_WORDS), written)][:1] == expected


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_every_wallet_is_long(data: st.DataObject) -> None:
    written = data.draw(matches(wallets._CANDIDATE.pattern))  # pyright: ignore[reportPrivateUsage]
    if wallets._CANDIDATE.search(written):  # pyright: ignore[reportPrivateUsage]
        assert wallets._LONG.search(written)  # pyright: ignore[reportPrivateUsage]


@given(st.text(st.sampled_from("ab A0x19_@:./->=(){}\\[];<|^~#$%&*+`é\n"), max_size=40))
@settings(max_examples=1_000, deadline=None)
def test_every_mark_of_code_may_be_one(line: str) -> None:
    certain = technical._MARK.findall(line)  # pyright: ignore[reportPrivateUsage]
    possible = technical._MAYBE_MARK.findall(line)  # pyright: ignore[reportPrivateUsage]
    assert len(certain) <= len(possible)


SLOW_BUT_PLAIN = [
    (
        identity._CANDIDATE,  # pyright: ignore[reportPrivateUsage]
        r"(?<![\w.@#/-])(?:[A-Za-z]{6} (?=\d\d[A-Za-z]\d\d)|[XYZxyz]-|[A-Za-z]{0,6})"
        r"\d(?:(?:[ ./-]?[\dA-Za-z]){6,19}|(?<=[A-Za-z]{5}\d)\d{3}[A-Za-z])(?![\w@]|[./-]\d)",
    ),
    (
        recognisers.Iban._HEAD,  # pyright: ignore[reportPrivateUsage]
        r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,30}",
    ),
    (
        dates._NUMBER,  # pyright: ignore[reportPrivateUsage]
        r"(?<![\w.,:/$€£%+-])(?:1[01]\d|[1-9]?\d)(?![\d%:]|[.,/]\d)",
    ),
]
"""Patterns that are searched for by their digits, and how one would write them."""


@pytest.mark.parametrize(("pattern", "plain"), SLOW_BUT_PLAIN)
@given(
    st.lists(st.sampled_from("A_b_cd_EFGHI_0_1_19_118_4567_12345_+_-_._,_/_:_#_@_%_é_ ".split("_")))
)
@settings(max_examples=1_000, deadline=None)
def test_what_is_searched_for_by_its_digits_is_the_same(
    pattern: "regex.Pattern[str]", plain: str, parts: list[str]
) -> None:
    text = "".join(parts)
    first = 1 if pattern.groups else 0
    quick = [(match.start(first), match.end()) for match in pattern.finditer(text)]
    assert quick == [match.span() for match in regex.finditer(plain, text)]


@pytest.mark.parametrize(
    ("letters", "plain"),
    [("ABC", "abc"), ("\u017fin", "sin"), ("\u212aey", "key"), ("\u0130ch", "ich"), ("É", "é")],
)
def test_lower_case_is_what_patterns_take_for_it(letters: str, plain: str) -> None:
    assert regex.fullmatch(plain, letters, regex.IGNORECASE)
    assert Text(letters).caseless == plain


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return Analysis(RecogniserOptions())


@pytest.mark.parametrize(
    "unit", ["1", "a", "A", "@", "a@", "%41", "1 ", "1-", "a.", ".a", ":1", "é"]
)
def test_time_is_linear_in_a_long_text(analysis: Analysis, unit: str) -> None:
    def seconds(length: int) -> float:
        text = unit * (length // len(unit))
        began = time.process_time()
        analysis.find([text], [False])
        return time.process_time() - began

    # Other parts of the process may be at work, such as its collector of garbage.
    best = min(seconds(60_000) for _ in range(3))
    assert best < 10 * max(seconds(15_000), 0.02)


@pytest.mark.parametrize("ending", [address._BEFORE, address._BEFORE_PLAIN, address._NAMED])  # pyright: ignore[reportPrivateUsage]
@given(
    st.lists(
        st.sampled_from(
            "rue_de la_Paix_Via_Roma_Baker_Street_Haupt_straße_Str._n._n°_Calle_rua_ul._ _  _, _\n_"
            ".".split("_")
        ),
        max_size=10,
    )
)
@settings(max_examples=500, deadline=None)
def test_what_ends_here_is_found_backwards_first(ending: Ending, parts: list[str]) -> None:
    text = "".join(parts) + " "
    forwards = ending._forwards.search(text)  # pyright: ignore[reportPrivateUsage]
    match = ending.search(text, 0, len(text))
    assert (match and match.span()) == (forwards and forwards.span())


@given(st.data())
@settings(max_examples=500, deadline=None)
def test_every_postcode_of_a_fixed_form_may_be_one(data: st.DataObject) -> None:
    letters = postcodes._FIXED.pattern.replace(r"(?=\p{Lu}\p{Ll})", "Xy")  # pyright: ignore[reportPrivateUsage]
    written = data.draw(matches(letters))
    if postcodes._FIXED.search(written):  # pyright: ignore[reportPrivateUsage]
        numbers = Text(written).numbers
        assert any(postcodes._MAYBE_FIXED.match(written, at) for at, _ in numbers)  # pyright: ignore[reportPrivateUsage]


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_every_mail_address_that_is_spelt_out_has_a_sign(data: st.DataObject) -> None:
    spelt = contacts._SPELT.pattern.replace("(?-i:", "(?:")  # pyright: ignore[reportPrivateUsage]
    written = data.draw(matches(spelt))
    match = contacts._SPELT.search(written)  # pyright: ignore[reportPrivateUsage]
    plain = re.fullmatch(r"[\w.+-]+@[\w.-]+( uk)?", match[0]) if match else None
    if match and not plain:
        assert contacts._SIGNS.search(written)  # pyright: ignore[reportPrivateUsage]


@pytest.mark.parametrize(
    "text",
    [
        "annab99 at proton.me",
        "annab99 at web.de",
        "anna.berg AT example.org",
        "anna.berg@example punkt org",
        "anna <at> example.org",
    ],
)
def test_mail_address_is_seen_whatever_else_is_said(analysis: Analysis, text: str) -> None:
    [findings] = analysis.find([text], [False])
    assert [(one[:3]) for one in findings] == [(0, len(text), "EMAIL_ADDRESS")]


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_every_account_that_a_program_writes_has_a_sign(data: st.DataObject) -> None:
    written = data.draw(st.from_regex(re.compile(accounts._WRITTEN.pattern), fullmatch=True))  # pyright: ignore[reportPrivateUsage]
    assert any(sign in written for sign in accounts._SIGNS)  # pyright: ignore[reportPrivateUsage]
    assert not accounts._WORDS.isdisjoint(Text(written).words)  # pyright: ignore[reportPrivateUsage]


_OLD_AGE = r"(1[01]\d|[1-9]?\d)"


@given(
    st.lists(
        st.sampled_from(
            [
                *"Ann_ Bo-b_'s_im_i'm_ he is_I am_turned_ _, _ (_(_1_9_41_118_0_)_,_._ and".split(
                    "_"
                ),
                "\n",
            ]
        ),
        max_size=9,
    )
)
@settings(max_examples=2_000, deadline=None)
def test_ages_are_found_from_their_digits(parts: list[str]) -> None:
    text = "".join(parts)
    said = (
        rf"\b(?:im|i'm|i am|hes|shes|he's|she's|he is|she is|turn(?:s|ed|ing)?) {_OLD_AGE}"
        r"(?= ?(?:[mf]\b|[.,;!?)](?!\d)|$)"
        r"| (?:and|but|so|now|next|this|last|today|tomorrow|soon|already)\b)"
    )
    beside = (
        rf"(?<![\w.])(\p{{L}}[\p{{L}}\p{{M}}'-]+)"
        rf"(?:, {_OLD_AGE}(?=,(?!\d)|\)| and\b|[.;](?:\s|$))| \({_OLD_AGE}\))"
    )
    expected = [one.span(1) for one in regex.finditer(said, text, regex.IGNORECASE)]
    for one in regex.finditer(beside, text):
        known = AgeBeside(NO_WORDS)._names(one[1], capital=one[3] is not None)  # pyright: ignore[reportPrivateUsage]
        expected += [one.span(one.lastindex or 0)] if known else []
    assert [(start, end) for start, end, _ in found(AgeBeside(NO_WORDS), text)] == expected


@given(
    st.lists(
        st.sampled_from(
            "Aunt_aunt_my brother_sœur_FRAU_ik ben_soy_, _ _,_Bo_É_bo_friend_.".split("_"),
        ),
        max_size=8,
    )
)
@settings(max_examples=500, deadline=None)
def test_kin_are_found_from_the_capital_after_them(parts: list[str]) -> None:
    text = "".join(parts)
    words = announcing._KIN.pattern.split("(?<=")[1].removesuffix(r"\p{Lu})")  # pyright: ignore[reportPrivateUsage]
    forwards = regex.finditer(words + r"(?=\p{Lu})", text)
    quick = announcing._KIN.finditer(text)  # pyright: ignore[reportPrivateUsage]
    assert [one.start() for one in quick] == [one.end() for one in forwards]


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_every_name_in_data_is_a_quoted_value(data: st.DataObject) -> None:
    keyed = people._KEYED.pattern.replace(r"\p{Lu}", "B").replace(r"\p{L}\p{M}", "a-z")  # pyright: ignore[reportPrivateUsage]
    assert people._VALUE.search(data.draw(st.from_regex(re.compile(keyed), fullmatch=True)))  # pyright: ignore[reportPrivateUsage]


@pytest.mark.parametrize(
    "number", ["4111111111111111", "4111 1111 1111 1111", "3782-822463-10005", "378282246310005"]
)
def test_cards_are_found_however_they_are_grouped(number: str) -> None:
    assert found(recognisers.Card(), f"pay {number} now") == [(4, 4 + len(number), 1.0)]


@given(st.data())
def test_announcements_begin_with_words_that_are_looked_for(data: st.DataObject) -> None:
    pattern = announcing._ANNOUNCED.pattern.split(r"(?=\p{L})")[0]  # pyright: ignore[reportPrivateUsage]
    written = data.draw(
        st.from_regex(re.compile(re.sub(r"\(\?i:", "(?:", pattern)), fullmatch=True)
    )
    # What goes on in the same word announces nothing.
    written = written if written[-1:].isspace() else f"{written} "
    for text in (f"{written}Q", f"It is. {written}Quillby", f"{written.upper()}Quillby"):
        quick = [match.span() for match in announcing._announcing(text)]  # pyright: ignore[reportPrivateUsage]
        assert quick == [match.span() for match in announcing._ANNOUNCED.finditer(text)]  # pyright: ignore[reportPrivateUsage]


@given(st.data())
def test_a_licence_that_is_said_to_be_one_is_looked_at(data: st.DataObject) -> None:
    licence = recognisers.Licence()
    word = data.draw(st.sampled_from(licence.context or []))
    said = data.draw(st.sampled_from([word, word.upper(), f"{word}s", f"{word}#", f"9{word}9"]))
    assert licence._may_find(Text(f"my {said} 123456"))  # pyright: ignore[reportPrivateUsage]
