"""What says quickly that nothing is disguised is right about it."""

import re
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.finding import closed, decoded, mail, signs
from plugins.finding.fold import fold
from plugins.finding.shadow import Shadow
from plugins.finding.signs import folded_signs, is_usual


def test_no_usual_character_is_ever_folded() -> None:
    usual = [char for char in map(chr, range(sys.maxunicode + 1)) if is_usual(char)]
    assert {"é", "\u2019", "€", "\u4e2d", "\U0001f600", "\n", "a"} <= set(usual)
    for char in usual:
        # The text is taken as not being usual, so that it is folded by all there is.
        text = f"\u2013a{char}b {char}{char} 12 {char} 3"
        assert folded_signs(Shadow(text)).text == text, ascii(char)
        assert not fold(f"{char} \u200b{char}").text.replace(f"{char} {char}", ""), ascii(char)


@pytest.mark.parametrize("text", ["DÉ89", "8é9", "é" * 40 + "1", "x1" + "y" * 37 + "é"])
def test_accents_in_numbers_are_not_usual(text: str) -> None:
    assert not is_usual(text)
    assert fold(text).text != text


@given(st.text(st.sampled_from("é1xÅ_ -\u017e")))
@settings(max_examples=1_000)
def test_what_is_usual_is_not_folded(text: str) -> None:
    if is_usual(text):
        assert folded_signs(Shadow(text)).text == text


PLAIN_RUN = re.compile(
    r"(?<![A-Za-z0-9+/])(?:"
    r"(?:[A-Za-z0-9+/]{56,76}\r?\n)++[A-Za-z0-9+/]{1,76}={0,2}|[A-Za-z0-9+/_-]{12,}+={0,2})"
)
"""Runs of base64 as one would write them."""


@given(
    st.lists(
        st.sampled_from(
            ["a", "A" * 12, "b" * 56, "C" * 76, "\n", "\r\n", "_", "-", "=", " ", "/", "x" * 11]
        ),
        max_size=12,
    )
)
@settings(max_examples=1_000)
def test_runs_are_what_they_were(parts: list[str]) -> None:
    text = "".join(parts)
    runs = [match.span() for match in decoded._RUN.finditer(text)]  # pyright: ignore[reportPrivateUsage]
    assert runs == [match.span() for match in PLAIN_RUN.finditer(text)]


@given(st.from_regex(mail.APART, fullmatch=True))
def test_every_mail_with_spaces_may_be_one(written: str) -> None:
    assert mail.MAYBE_APART.search(written)
    assert mail.GAPPED.search(written) or " " not in written


@given(
    st.lists(
        st.sampled_from(
            [
                "YW5uYS5iZXJnQHguZXhhbXBsZQ==",
                "616e6e6140782e6578616d706c65",
                "_",
                "-",
                " ",
                "x" * 12,
            ]
        )
    )
)
def test_codes_are_looked_for_from_the_first_long_run_on(parts: list[str]) -> None:
    shadow = Shadow("".join(parts))
    whole = shadow.rewritten(decoded._RUN, decoded._run)  # pyright: ignore[reportPrivateUsage]
    assert decoded.decoded(shadow).text == whole.text


@given(
    st.lists(st.from_regex("[0-9A-Fa-f]{2}", fullmatch=True), min_size=6, max_size=6),
    st.sampled_from(":-"),
    st.integers(1, 16),
)
def test_every_broken_hardware_address_may_be_one(pairs: list[str], sign: str, at: int) -> None:
    written = sign.join(pairs)
    text = f"{written[:at]} \n{written[at:]}"
    assert closed._MAYBE_MAC.search(text)  # pyright: ignore[reportPrivateUsage]
    assert closed.closed(Shadow(text))


@pytest.mark.parametrize("unit", ["1é", "é", "é1", "1 ", "@ ", "a@b ", ":aa", "%41", "A", "1\n"])
def test_time_is_linear_for_closing_too(unit: str) -> None:
    text = unit * (300_000 // len(unit))
    began = time.process_time()
    closed.closed(fold(text))
    assert time.process_time() - began < 3


def test_signs_know_their_own_letters() -> None:
    assert not any(is_usual(char) for char in signs._STRICT)  # pyright: ignore[reportPrivateUsage]
