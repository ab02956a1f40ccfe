"""What is read together comes to the same as what is read one by one, whatever a server sends."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.core.dialect import Dialect
from pipeline.core.errors import PrivetError
from pipeline.core.frames import Event, Frame, Reader
from pipeline.core.jsonvalue import decode, encode
from pipeline.core.plugin import Channel
from pipeline.dialects import alike
from pipeline.dialects.anthropic import AnthropicMessages
from pipeline.dialects.openai import OpenAIChat

CHAT = OpenAIChat()
MESSAGES = AnthropicMessages()

PLAIN = [
    b"x",
    b"Ann",
    " é😀".encode(),
    rb"\n",
    rb"\"quoted\"",
    rb"\\",
    rb"\u00e9",
    rb"\ud83d\ude00",
]
HOSTILE = [
    b"",
    rb"\ud83d",
    rb"\ude00",
    rb"\u12",
    rb"\q",
    b"\\",
    b'"',
    b"\x00",
    b"\n",
    b"\x7f",
    b"\xff",
    "é".encode()[:1],
    b'a","b',
    b'a","content":"b',
    b'a"},"finish_reason":null}]}',
    b'a","system_fingerprint":"b',
    rb"a\",\"b",
    b'\\","x":"',
    b"[DONE]",
]
TEXTS = st.sampled_from(PLAIN) | st.sampled_from(PLAIN + HOSTILE)

CHUNKS = [
    b'{"id":"c","choices":[{"index":0,"delta":{"content":"%s"},"finish_reason":null}]}',
    b'{"id":"c","choices":[{"index":1,"delta":{"content":"%s"},"finish_reason":null}]}',
    b'{"id":"c","choices":[{"index":0,"delta":{"content":"%s"}}]}',
    b'{"id":"c","choices":[{"index":0,"delta":{"content":"%s"}}], "usage" : null }',
    b' {"choices": [{"delta": {"content": "%s"}, "index": 0}]}\t',
    b'{"choices":[{"index":true,"delta":{"content":"%s"}}]}',
    b'{"choices":[{"index":0,"delta":{"content":"old","content":"%s"}}]}',
    b'{"choices":[{"index":0,"delta":{"content":"%s","content":"new"}}]}',
    b'{"choices":[],"choices":[{"index":0,"delta":{"content":"%s"}}]}',
    b'{"choices":[{"index":0,"delta":{"content":"%s"}},{"index":1,"delta":{"content":"x"}}]}',
    b'{"choices":[{"index":0,"delta":{"content":"%s","reasoning":"x"}}]}',
    b'{"choices":[{"index":0,"delta":{"reasoning_content":"%s"}}]}',
    b'{"choices":[{"index":0,"delta":{"refusal":"%s"}}]}',
    b'{"choices":[{"index":0,"delta":{"content":[{"type":"text","text":"%s"}]}}]}',
    b'{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"%s"}}]}}]}',
    b'{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":'
    b'{"name":"%s","arguments":""}}]}}]}',
    b'{"choices":[{"index":0,"delta":{"content":"%s"},"logprobs":{"content":[]}}]}',
    b'{"choices":[{"index":0,"delta":{"content":"x"}}],"obfuscation":"%s"}',
    b'{"choices":[{"index":0,"delta":{"content":"x"}}],"unknown":"%s"}',
    b'{"model":"x","system_fingerprint":"%s","choices":[{"index":0,"delta":{"content":"y"}}]}',
    b'{"%s":"x","choices":[{"index":0,"delta":{"content":"x"}}]}',
    b'\xef\xbb\xbf{"choices":[{"index":0,"delta":{"content":"%s"}}]}',
]
ENDS = [
    b'{"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":"%s"}}]}',
    b'{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}',
    b'{"id":"c","choices":[{"index":0,"delta":{"content":"%s"},"finish_reason":"stop"}]}',
    b'{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}',
    b'{"error":"%s"}',
    b"[DONE]",
    b"%s",
]
DELTAS = [
    b'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"%s"}}',
    b'{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"%s"}}',
    b'{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"%s"}}',
    b'{"type":"content_block_delta","index":1,"delta":'
    b'{"type":"input_json_delta","partial_json":"%s"}}',
    b'{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"%s"},"x":"y"}',
    b'{"type":"content_block_delta","index":0,"delta":{"type":"%s","text":"x"}}',
]
BLOCKS = [
    b'{"type":"message_start","message":{"content":[],"usage":{"input_tokens":1}}}',
    b'{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"%s"}}',
    b'{"type":"content_block_start","index":1,"content_block":'
    b'{"type":"tool_use","id":"t","name":"%s","input":{}}}',
    b'{"type":"content_block_stop","index":0}',
    b'{"type":"content_block_stop","index":1}',
    b'{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}}',
    b'{"type":"message_stop"}',
    b'{"type":"ping"}',
]


def streams(common: Sequence[bytes], rare: Sequence[bytes]) -> st.SearchStrategy[list[Event]]:
    """Events in runs of one form, so that many are alike."""
    runs = st.tuples(
        st.sampled_from(common) | st.sampled_from([*common, *rare]),
        st.lists(TEXTS, min_size=1, max_size=6),
        st.sampled_from(["", "", "", "content_block_delta", "other"]),
    )
    return st.lists(runs, max_size=6).map(
        lambda found: [
            Event(form.replace(b"%s", text), name) for form, texts, name in found for text in texts
        ]
    )


Outcome = tuple[list[Frame], PrivetError | None, Any]


def outcome(reader: Reader, events: Sequence[Event], *, together: Callable[[], int]) -> Outcome:
    """The frames of events, how reading ended, and what the reader makes then."""
    frames: list[Frame] = []
    error: PrivetError | None = None
    try:
        while events:
            frame = reader.alike(events[: together()]) or reader.read(events[0])
            frames.append(frame)
            events = events[len(frame.alike) or 1 :]
        frames.append(reader.eof())
    except PrivetError as failure:
        error = failure
    channels = [piece.channel for frame in frames for piece in frame.pieces if not piece.once]
    return frames, error, (reader.usage, [reader.make(one, "held").data for one in channels[-1:]])


def spoken(frame: Frame) -> list[tuple[Channel, str, bool]]:
    return [(piece.channel, piece.text, piece.once) for piece in frame.pieces]


def check(dialect: Dialect, events: Sequence[Event], sizes: Sequence[int] = (1, 2, 5, 64)) -> int:
    """Compare both ways of reading; how many frames stand for more than one event."""
    alone, error, after = outcome(dialect.reader({}), events, together=lambda: 0)
    several = 0
    for size in sizes:
        found, wrong, later = outcome(dialect.reader({}), events, together=lambda size=size: size)
        assert str(wrong) == str(error) and type(wrong) is type(error)
        assert later == after
        at = 0
        for frame in found:
            same = alone[at : at + (len(frame.alike) or 1)]
            at += len(same)
            several += len(same) > 1
            assert [one.data for one in frame.apart()] == [one.data for one in same]
            assert {(one.name, one.bare, one.whole, one.end) for one in same} == {
                (frame.name, frame.bare, frame.whole, frame.end)
            }
            assert [one for each in same for one in each.closes] == list(frame.closes)
            if len(same) > 1:
                [piece] = frame.pieces
                assert {one.channel for each in same for one in each.pieces} == {piece.channel}
                assert piece.text == "".join(each.pieces[0].text for each in same)
                piece.change(same[-1].pieces[0].text)
            assert spoken(frame)[-1:] == spoken(same[-1])[-1:]
            assert frame.data == same[-1].data
            assert frame.no_json == same[-1].no_json
            if len(frame.pieces) == len(same[-1].pieces) == 1:
                [piece], [other] = frame.pieces, same[-1].pieces
                text = other.text
                for one in (piece, other):
                    one.change('an "other" \u00e9\n')
                assert frame.data == decode(frame.json()) == decode(same[-1].json())
                other.change(text)
        assert at == len(alone)
    return several


@example([Event(CHUNKS[0] % text) for text in PLAIN])
@given(streams(CHUNKS, ENDS))
def test_chunks_together_say_what_they_say_alone(events: list[Event]):
    check(CHAT, events)


@given(streams(DELTAS, BLOCKS))
def test_deltas_together_say_what_they_say_alone(events: list[Event]):
    check(MESSAGES, [Event(BLOCKS[0]), *events])


@pytest.mark.parametrize("form", CHUNKS)
@pytest.mark.parametrize("text", HOSTILE)
def test_each_hostile_text_among_ordinary_ones(form: bytes, text: bytes):
    texts = [b"a", b"b", b"c", text, b"d", b"e", text, text]
    check(CHAT, [Event(form.replace(b"%s", one)) for one in texts])


@pytest.mark.parametrize("form", [CHUNKS[0], CHUNKS[6], CHUNKS[11], CHUNKS[14]])
def test_what_is_alike_is_one_frame(form: bytes):
    events = [Event(form.replace(b"%s", text)) for text in [*PLAIN * 3]]
    reader = CHAT.reader({})
    reader.read(events[0])
    frame = reader.alike(events[1:])
    assert frame is not None and len(frame.alike) == len(events) - 1


@pytest.mark.parametrize("member", ["system_fingerprint", "obfuscation"])
def test_what_says_nothing_of_the_text_may_differ(member: str):
    form = b'{"%s":"t%d","choices":[{"index":0,"delta":{"content":"x"}}],"id":"c"}'
    events = [Event(form % (member.encode(), number)) for number in range(9)]
    reader = CHAT.reader({})
    reader.read(events[0])
    assert reader.alike(events[1:]) is None
    reader.read(events[1])
    frame = reader.alike(events[2:])
    assert frame is not None and len(frame.alike) == 7
    made = reader.make(frame.pieces[0].channel, "y").data
    assert made is not None and made.get("system_fingerprint", "t8") == "t8"


def test_what_is_never_alike_is_not_looked_at_for_ever(monkeypatch: pytest.MonkeyPatch):
    looked: list[Event] = []
    shape = alike._shape

    def count(event: Event, frame: Frame, free: Any) -> Any:
        looked.append(event)
        return shape(event, frame, free)

    monkeypatch.setattr(alike, "_shape", count)
    events = [Event(CHUNKS[number % 2] % b"x") for number in range(50)]
    check(CHAT, events, sizes=(64,))
    assert len(looked) < 2 * 10


def test_a_channel_that_closed_is_read_again():
    events = [*(Event(CHUNKS[0] % text) for text in (b"a", b"b", b"c")), Event(ENDS[1])]
    assert check(CHAT, [*events, *events, Event(b"[DONE]")])


@pytest.mark.parametrize(
    "other", [Event(CHUNKS[0] % b"b", whole=True), Event(CHUNKS[0] % b"b", "x")]
)
def test_a_body_or_an_event_of_another_name_is_not_alike(other: Event):
    reader = CHAT.reader({})
    reader.read(Event(CHUNKS[0] % b"a"))
    assert reader.alike([other]) is None


@pytest.mark.parametrize(
    ("this", "that"),
    [
        (b'"choices"', b'"Choices"'),
        (b'"finish_reason":null', b'"finish_reason":true'),
        (b'"content":"x"', b'"content":""'),
        (b'"content":"x"', b'"content":"\\u0078"'),
        (b'"content":"x"', b'"content":"\x01"'),
        (b'"content":"x"', b'"content":"\xff"'),
        (b'"t1"', b'"t1","content":"y"'),
        (b'"t1"', b"1"),
    ],
)
def test_one_that_looks_like_it_at_both_ends_is_read(this: bytes, that: bytes):
    form = b'{"system_fingerprint":"t%d","choices":[{"index":0,"delta":{"content":"x"},'
    form += b'"finish_reason":null}],"id":"c"}'
    events = [Event(form % number) for number in range(3)]
    changed = Event((form % 1).replace(this, that))
    assert changed != events[1]
    reader, alone = CHAT.reader({}), CHAT.reader({})
    for event in events[:2]:
        reader.read(event)
    assert reader.alike(events[2:]) is not None
    frame = reader.alike([changed])
    if frame is not None:
        assert (spoken(frame), frame.data) == (spoken(alone.read(changed)), decode(changed.data))


def test_one_that_goes_on_behind_its_end_is_not_alike():
    reader = CHAT.reader({})
    reader.read(Event(CHUNKS[0] % b"a"))
    assert reader.alike([Event(CHUNKS[0] % b"b")]) is not None
    assert reader.alike([Event(CHUNKS[0] % b"b" + b"}")]) is None


@pytest.mark.parametrize("hidden", [b'"id":"x",', b'"choices":[],', b'"i\\u0064":"x",'])
def test_nothing_is_passed_on_that_another_reader_could_take_for_the_text(hidden: bytes):
    form = b"{" + hidden + (CHUNKS[0] % b"%s")[1:]
    reader = CHAT.reader({})
    reader.read(Event(form % b"a"))
    event = Event(form % b"b")
    frame = reader.alike([event]) or reader.read(event)
    assert frame.pieces[0].text == "b"
    assert frame.json() == encode(decode(event.data))


def test_an_event_in_which_the_text_has_no_room_is_not_alike():
    events = [Event(CHUNKS[0] % b"a"), Event(CHUNKS[0].replace(b'"%s"', b'"'))]
    check(CHAT, events)
    check(CHAT, [events[0], events[0], *events])


def test_an_event_that_is_large_is_not_learnt():
    event = Event(CHUNKS[0] % (b"a" * 5000))
    reader = CHAT.reader({})
    reader.read(event)
    assert reader.alike([event]) is None
