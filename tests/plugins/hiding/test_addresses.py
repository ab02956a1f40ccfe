"""Which placeholders stand in addresses: the quick answers are those of the patterns."""

import re
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.hiding import addresses as module
from plugins.hiding.addresses import addresses, is_address

_TOKEN = re.compile(r"PERSON\\?_[0-9]+")
_SIGNS = [chr(code) for code in range(0x20, 0x7F)] + ["\n", "\u3002", "\uff20", "\u00e9"]
_PARTS = """/ // https:// http://x.example/ www. mailto: @ . .. , ( ) < > ? = & # : b.c x \u3002 _ *
| ; " '""".split()
_AROUND = st.lists(st.sampled_from(["", " ", "\n", *_PARTS]), max_size=3).map("".join)
_TEXT = st.lists(
    st.builds("{}{}{}".format, _AROUND, st.sampled_from(["PERSON_1", "PERSON\\_2"]), _AROUND),
    min_size=1,
    max_size=3,
).map("".join)


def _restored(text: str) -> str:
    return _TOKEN.sub("Anna Berg", text)


def _never(_text: str, _start: int, _end: int) -> bool:
    return False


def test_of_single_signs_around_a_placeholder_only_one_makes_an_address() -> None:
    for before, after in product(["", *_SIGNS], repeat=2):
        # A second character has all patterns looked at, and this one changes nothing.
        long = is_address("  " + before, after + "\u2003 ", _restored)
        assert is_address(before, after, _restored) == long == (after == "@")


@given(_TEXT)
@settings(max_examples=1000, deadline=None)
def test_what_stands_alone_is_in_no_address(text: str) -> None:
    quick = [*addresses(text, _TOKEN, _restored)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_is_alone", _never)
        assert [*addresses(text, _TOKEN, _restored)] == quick
