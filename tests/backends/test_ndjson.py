"""Lines of JSON, and every cut of them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import Event, UpstreamFailed
from pipeline.backends.ndjson import Lines


def decode(*pieces: bytes, limit: int = 1000) -> list[Event]:
    lines = Lines(limit)
    return [one for piece in pieces for one in lines.feed(piece)]


def test_lines():
    said = b'{"a":1}\n\r\n  \n{"b":"\xe2\x82\xac"}\r\n{"cut":'
    assert decode(said) == [Event(b'{"a":1}'), Event(b'{"b":"\xe2\x82\xac"}')]


@given(
    st.lists(st.sampled_from([b"a", b"\n", b"\r\n", b" ", "é€".encode(), b"x" * 9]), max_size=20),
    st.lists(st.integers(0, 200)),
)
def test_any_cut_gives_the_same_lines(parts: list[bytes], cuts: list[int]):
    said = b"".join(parts)
    edges = [0, *sorted(min(cut, len(said)) for cut in cuts), len(said)]
    assert decode(*(said[start:end] for start, end in pairwise(edges))) == decode(said)


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize("said", [b"x" * 101, b"x" * 101 + b"\n", b"x\n" + b"x" * 101 + b"\nx"])
def test_a_line_is_bounded(said: bytes, size: int):
    with pytest.raises(UpstreamFailed, match="more than 100 bytes"):
        decode(*(said[at : at + size] for at in range(0, len(said), size)), limit=100)


def test_the_bound_is_on_each_line():
    assert len(decode((b"x" * 100 + b"\n") * 50, limit=100)) == 50
