"""The event stream decoder: the cases of the WPT `eventsource` suite, and every cut of them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import UpstreamFailed
from pipeline.backends.sse import Decoder

CASES = {
    "one event": (b"data: a\n\n", [("", b"a")]),
    "bom": (b"\xef\xbb\xbfdata: a\n\n", [("", b"a")]),
    "only the first bom": (b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\ndata: b\n\n", [("", b"b")]),
    "bom later": (b"data: a\n\n\xef\xbb\xbfdata: b\n\n", [("", b"a")]),
    "bom after an empty line": (b"\n\xef\xbb\xbfdata: a\n\n", []),
    "carriage returns": (b"data: a\r\rdata: b\r\r", [("", b"a"), ("", b"b")]),
    "crlf": (b"data: a\r\n\r\ndata: b\r\n\r\n", [("", b"a"), ("", b"b")]),
    "mixed line ends": (b"data: a\r\ndata: b\n\rdata: c\r\n\n", [("", b"a\nb"), ("", b"c")]),
    "many lines": (b"data: a\ndata\ndata:b\n\n", [("", b"a\n\nb")]),
    "empty data": (b"data\n\ndata\ndata\n\ndata:test\n\n", [("", b""), ("", b"\n"), ("", b"test")]),
    "no data": (b"event: a\n\n: hello\n\nid: 1\n\n", []),
    "no final empty line": (b"data: a\n\ndata: b\n", [("", b"a")]),
    "no final line end": (b"data: a\n\ndata: b", [("", b"a")]),
    "one space": (b"data:  a\n\ndata:\ta\n\ndata:b\n\n", [("", b" a"), ("", b"\ta"), ("", b"b")]),
    "colons": (b"data:::\ndata::b\n\n", [("", b"::\n:b")]),
    "names": (b"event: x\ndata: a\n\ndata: b\n\n", [("x", b"a"), ("", b"b")]),
    "last name": (b"event:x\nevent: y\ndata:a\nevent\n\n", [("", b"a")]),
    "name survives no empty line": (b"event: x\n\ndata: a\n\n", [("", b"a")]),
    "unknown fields": (b"data: a\n data: b\nDATA: c\ndatax: d\ndata : e\n\n", [("", b"a")]),
    "comments": (b":\n:data: x\ndata: a\n: y\ndata: b\n\n", [("", b"a\nb")]),
    "retry and id": (b"retry: 10\nid: 1\ndata: a\nid\n\n", [("", b"a")]),
    "null": (b"data: a\x00b\n\x00data: c\nevent: d\x00\n\n", [("d\x00", b"a\x00b")]),
    "other line ends are text": ("data: a\x0b\x0c\x85\u2028b\n\n".encode(), None),
    "utf-8": ("event: ü\ndata: ok…€😀\n\n".encode(), [("ü", "ok…€😀".encode())]),
    "bad utf-8 in a name": (b"event: \xff\ndata: \xff\n\n", [("\ufffd", b"\xff")]),
    "done": (b'data: {"a":1}\n\ndata: [DONE]\n\n', [("", b'{"a":1}'), ("", b"[DONE]")]),
}


def decode(*pieces: bytes, limit: int = 1000) -> list[tuple[str, bytes]]:
    decoder = Decoder(limit)
    return [(one.name, one.data) for piece in pieces for one in decoder.feed(piece)]


@pytest.mark.parametrize("name", CASES)
def test_the_standard(name: str):
    stream, events = CASES[name]
    if events is None:
        events = [("", stream[6:-2])]
    assert decode(stream) == events
    assert decode(*(stream[i : i + 1] for i in range(len(stream)))) == events
    for cut in range(len(stream)):
        assert decode(stream[:cut], b"", stream[cut:]) == events


LINES = st.sampled_from(
    [b"data: ", b"data", b"event: e", b":c", b"", b"\xef\xbb\xbf", "é€".encode(), b"x" * 9]
)
ENDS = st.sampled_from([b"\n", b"\r", b"\r\n", b""])
STREAMS = st.lists(st.tuples(LINES, ENDS), max_size=20).map(
    lambda parts: b"".join(line + end for line, end in parts)
)


@given(STREAMS, st.lists(st.integers(0, 200)), st.integers(5, 30))
def test_any_cut_gives_the_same_events(stream: bytes, cuts: list[int], limit: int):
    def outcome(*pieces: bytes) -> tuple[list[tuple[str, bytes]], bool]:
        decoder, events = Decoder(limit), list[tuple[str, bytes]]()
        try:
            for piece in pieces:
                events += [(one.name, one.data) for one in decoder.feed(piece)]
        except UpstreamFailed:
            # What came in the same piece before the failure is lost with it.
            return [], True
        return events, False

    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces = [stream[start:end] for start, end in pairwise(edges)]
    assert outcome(*pieces) == outcome(stream)


@pytest.mark.parametrize(
    "stream",
    [b"data: " + b"x" * 200, b"data: x\n" * 200, b"event: " + b"x" * 200 + b"\n", b":" * 200],
)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_line_and_an_event_are_bounded(stream: bytes, size: int):
    pieces = [stream[i : i + size] for i in range(0, len(stream), size)]
    with pytest.raises(UpstreamFailed, match="more than 100 bytes"):
        decode(*pieces, limit=100)


def test_the_bound_is_on_each_event_and_not_on_the_stream():
    stream = (b"data: " + b"x" * 94 + b"\n\n") * 100 + b"data: \n\n"
    assert len(decode(stream, limit=100)) == 101
