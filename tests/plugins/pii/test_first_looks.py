"""First looks at words and digits pass over nothing that a closer look would find."""

import re

import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st

from plugins.pii import address, contacts, dates, identity, phones, recognisers
from plugins.pii.contacts import Email
from plugins.pii.phones import Phone
from plugins.pii.words import Text

NUMBERS = "A_b_cd_EFGHI_0_1_19_118_4567_12345_\u0661_+_-_._,_/_:_#_@_%_é_(_)_ _\n".split("_")


@pytest.mark.parametrize(
    "pattern",
    [
        dates._NUMBER,  # pyright: ignore[reportPrivateUsage]
        address._NUMBER,  # pyright: ignore[reportPrivateUsage]
        recognisers.Iban._HEAD,  # pyright: ignore[reportPrivateUsage]
    ],
)
@given(st.lists(st.sampled_from(NUMBERS)))
@settings(max_examples=1_000, deadline=None)
def test_what_begins_with_a_row_of_digits_is_found_there(
    pattern: "regex.Pattern[str]", parts: list[str]
) -> None:
    text = Text("".join(parts))
    there = [one.span() for at, _ in text.numbers if (one := pattern.match(text, at))]
    assert there == [one.span() for one in pattern.finditer(text, overlapped=True)]


@given(st.lists(st.sampled_from([*NUMBERS, "phone:", "tel/", "123456 ", "0800 "])))
@settings(max_examples=2_000, deadline=None)
def test_phones_are_looked_for_from_the_first_long_number_on(parts: list[str]) -> None:
    text = "".join(parts)
    candidates = phones._CANDIDATE.finditer(text)  # pyright: ignore[reportPrivateUsage]
    phone = Phone(["US"])
    plain = [one for each in candidates for one in phone._numbers(text, *each.span())]  # pyright: ignore[reportPrivateUsage]
    assert [(one.start, one.end, one.score) for one in phone.analyze(text, [])] == plain


@given(st.data())
@settings(max_examples=500, deadline=None)
def test_every_identity_number_has_one_of_the_forms(data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(identity._FORMS))  # pyright: ignore[reportPrivateUsage]
    written = data.draw(st.from_regex(re.compile(form.pattern.pattern), fullmatch=True))
    for one in (written, written.lower()):
        assert identity._ANY.fullmatch(one)  # pyright: ignore[reportPrivateUsage]


MAIL = regex.compile(
    r"(?<!\w)\w[\w.+%&'~-]{0,255}@(?:\w(?:[\w-]{0,61}\w)?\.){1,9}"
    r"(?:xn--[\w-]{2,59}|[^\W\d_]{2,63})\b",
    regex.IGNORECASE,
)
"""Mail addresses as one would write them."""


@given(
    st.lists(
        st.sampled_from(
            ["a", "B1", "@", ".", "-", "+", " ", "com", "de", "XN--", "_", "é", "x" * 200]
        )
    )
)
@example(["a", "@", "b", ".", "co", ".", "x", "@", "d", ".", "de"])
@settings(max_examples=3_000, deadline=None)
def test_mail_addresses_are_found_from_their_sign(parts: list[str]) -> None:
    text = "".join(parts)
    found = [(one.start, one.end) for one in Email().analyze(text, [])]
    assert found == [one.span() for one in MAIL.finditer(text)]


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_every_sign_of_a_spelt_address_is_one_of_its_words(data: st.DataObject) -> None:
    signs = contacts._SIGNS  # pyright: ignore[reportPrivateUsage]
    pattern = re.sub(r"\(\?-i:|\(\?!\\w\)", "(?:", signs.pattern.replace(r"(?!\w)", ""))
    written = data.draw(st.from_regex(re.compile(pattern), fullmatch=True))
    for text in (f"anna{written}", f"anna{written} x", f"x{written.upper()} x"):
        if signs.search(text):
            assert contacts._may_be_spelt(Text(text))  # pyright: ignore[reportPrivateUsage]


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        (dates._BIRTH.pattern, dates._BIRTHS),  # pyright: ignore[reportPrivateUsage]
        (
            address._ANNOUNCED._forwards.pattern,  # pyright: ignore[reportPrivateUsage]
            address._ANNOUNCING,  # pyright: ignore[reportPrivateUsage]
        ),
    ],
)
@given(data=st.data())
@settings(max_examples=500, deadline=None)
def test_what_is_announced_begins_with_one_of_the_words(
    pattern: str, words: frozenset[str], data: st.DataObject
) -> None:
    plain = re.sub(r"\(\?(?:[=!]|<[=!])[^()]*\)", "", pattern.replace(r"\p{M}", ""))
    plain = plain.replace(r"\p{L}", "[a-z]").replace("[[a-z]", "[a-z").replace("(?i:", "(?:")
    written = data.draw(st.from_regex(re.compile(plain, re.IGNORECASE), fullmatch=True))
    if regex.search(pattern, written, regex.IGNORECASE):
        assert not words.isdisjoint(Text(written).words)
