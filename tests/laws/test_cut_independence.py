"""Law 1: what comes out does not depend on where the reply was cut, nor on who streams."""

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from replies import MAPPING, TEXTS, Early, Lines, OnlyContent, Restore, Slow, Wrap, copy, wholes

from pipeline import Channel, Event, testing
from pipeline.core.chain import Run
from pipeline.core.frames import Frame, Reader
from pipeline.dialects.openai import OpenAIChat
from pipeline.testing.script import read_script

CHAT = OpenAIChat()
CHAINS: dict[str, list[Any]] = {
    "restore": [Restore()],
    "lines": [Lines()],
    "wrap": [Wrap()],
    "all": [Restore(), Lines(), Wrap()],
    "slow": [Slow(), Lines()],
    "content": [OnlyContent()],
}


@pytest.fixture(scope="module", params=CHAINS)
def chain(request: pytest.FixtureRequest) -> Iterator[testing.Started]:
    with testing.started(CHAINS[request.param]) as one:
        yield one


def ask(**more: Any) -> Any:
    options = {"stream_options": {"include_usage": True}}
    return {"model": "m", "messages": [{"role": "user", "content": ""}], **options, **more}


FORMATS = st.sampled_from([{}, {"response_format": {"type": "json_object"}}])


@settings(deadline=None, max_examples=60)
@given(whole=wholes(), seeds=st.lists(st.integers(0, 2**32), min_size=1, max_size=3), form=FORMATS)
def test_every_way_of_cutting_gives_the_whole_reply(
    chain: testing.Started, whole: Any, seeds: list[int], form: Any
):
    request = ask(**form)
    uncut = testing.exchange(chain, request, whole, stream=False)
    assert uncut.error is None
    _, events = read_script(CHAT, {**request, "stream": True}, whole)
    for seed in seeds:
        cut: Any = testing.recut(CHAT, request, events, Random(seed))
        streamed = testing.exchange(chain, request, cut, stream=True)
        assert streamed.done
        assert streamed.whole == uncut.whole
        joined = testing.exchange(chain, request, cut, stream=False)
        assert joined.whole == uncut.whole


@settings(deadline=None, max_examples=30)
@given(whole=wholes(), form=FORMATS)
def test_a_whole_reply_is_given_as_a_stream_to_a_client_that_streams(
    chain: testing.Started, whole: Any, form: Any
):
    uncut = testing.exchange(chain, ask(**form), whole, stream=False)
    split = testing.exchange(chain, ask(**form), whole, stream=True, streams="never")
    assert split.saw is not None
    assert split.saw["stream"] is False
    assert "stream_options" not in split.saw
    assert split.stream and split.done
    assert split.whole == uncut.whole


@given(text=TEXTS, cut=st.integers(1, 20))
def test_the_kit_finds_a_plugin_that_depends_on_cuts(text: str, cut: int):
    with pytest.raises(AssertionError, match="law 1"):
        testing.check_cut_independence(Early(), f"{text} PERSON_1", draws=1)


def test_the_kit_finds_a_chain_that_forgets_held_text(monkeypatch: pytest.MonkeyPatch):
    original = Run._close_channels

    async def forget(self: Run, frame: Frame, reader: Reader) -> list[Frame]:
        return await original(self, frame, reader) if frame.whole else []

    monkeypatch.setattr(Run, "_close_channels", forget)
    with pytest.raises(AssertionError, match="law 1"):
        testing.check_cut_independence(Restore(), "say PERSON_1", draws=5)


def test_the_kit_finds_a_chain_that_mixes_channels(monkeypatch: pytest.MonkeyPatch):
    original = Run._pipe

    def mixed(self: Run, channel: Channel, *, once: bool = False) -> Any:
        return original(self, Channel("content", form=channel.form), once=once)

    monkeypatch.setattr(Run, "_pipe", mixed)
    with pytest.raises(AssertionError, match="law 1"):
        testing.check_cut_independence(Restore(), "say PERSON_1", draws=20)


@pytest.mark.parametrize("plugins", CHAINS.values(), ids=CHAINS)
def test_a_text_may_be_cut_anywhere(plugins: list[Any]):
    testing.check_cut_independence(plugins, 'PERSON_1 "PERSON\\_1" PERSON_12\n😀\\', draws=20)


def chunk(delta: Any, finish: str | None = None, index: int = 0, **more: Any) -> dict[str, Any]:
    choice = {"index": index, "delta": delta, "finish_reason": finish, "logprobs": None}
    return {"id": "c", "object": "chat.completion.chunk", "choices": [choice], **more}


def stream(chunks: list[Any], plugins: Any, request: Any = "") -> list[Any]:
    result = testing.exchange(plugins, request, chunks, stream=True)
    assert result.error is None and result.done
    return [frame.data for frame in result.frames() if frame.data is not None]


def test_finish_reason_usage_and_the_end_wait_for_held_text():
    usage = {"id": "c", "choices": [], "usage": {"total_tokens": 1}}
    chunks = [chunk({"content": "hi PERSON"}), chunk({"content": "_1"}), chunk({}, "stop"), usage]
    got = stream(chunks, Restore())
    texts = [one["choices"][0]["delta"].get("content") for one in got[:-1]]
    # The second chunk says nothing that is certain and is not sent; the text goes before the end.
    assert texts == ["hi ", MAPPING["PERSON_1"], None]
    assert got[-2:] == [chunks[2], usage]


def test_held_text_joins_the_chunk_that_closes_its_channel():
    chunks = [chunk({"content": "PERSON"}), chunk({"content": "_1"}, "stop")]
    assert stream(chunks, Restore()) == [chunk({"content": MAPPING["PERSON_1"]}, "stop")]


def test_all_else_overtakes_held_text():
    progress = chunk({}, new=[{"progress": 1}])
    other = chunk({"content": "other."}, index=1)
    chunks = [chunk({"content": "PERSON_1"}), progress, other, chunk({"content": "."})]
    ends = [chunk({}, "stop"), chunk({}, "stop", 1)]
    got = stream([*chunks, *ends], Restore(), ask(n=2))
    assert got[:2] == [progress, other]
    assert got[2:] == [chunk({"content": MAPPING["PERSON_1"] + "."}), *ends]


def test_a_chunk_with_more_than_text_goes_out_without_the_text():
    first = chunk({"role": "assistant", "content": "PERSON"})
    got = stream([first, chunk({"content": "_1"}), chunk({}, "stop")], Restore())
    assert got[0] == chunk({"role": "assistant", "content": ""})


def test_a_channel_closes_once_and_not_at_a_change_of_channel():
    chunks = [
        chunk({"content": "PERSON"}),
        chunk({"reasoning_content": "PERSON"}),
        chunk({"content": "_1"}),
        chunk({"reasoning_content": "_12"}),
        chunk({}, "stop"),
    ]
    result = testing.exchange([Restore(), Wrap()], "", chunks, stream=True)
    assert set(result.texts.values()) == {f"[{MAPPING['PERSON_1']}]", "[PERSON_1]"}


def test_parallel_tool_calls_may_interleave():
    def call(part: int, text: str) -> Any:
        return chunk({"tool_calls": [{"index": part, "function": {"arguments": text}}]})

    chunks = [call(0, '{"a":"PERS'), call(1, '["PERSON_'), call(0, 'ON_1"}'), call(1, '12"]')]
    result = testing.exchange(Restore(), "", [*chunks, chunk({}, "tool_calls")], stream=True)
    whole: Any = result.whole
    calls = whole["choices"][0]["message"]["tool_calls"]
    assert [one["function"]["arguments"] for one in calls] == [
        '{"a":"Ann \\"é😀\\"\\n"}',
        '["PERSON_1"]',
    ]


def test_second_copies_are_dropped_where_a_filter_is_and_kept_elsewhere():
    one = {"token": "PERSON_1", "bytes": [80], "logprob": -1, "top_logprobs": []}
    logprobs = {"content": [one], "refusal": [one]}
    cited = {"url": "u", "title": "t", "start_index": 1, "end_index": 2}
    message = {
        "content": "x",
        "refusal": "y",
        "annotations": [{"type": "url_citation", "url_citation": cited}],
    }
    choice = {
        "index": 0,
        "message": message,
        "finish_reason": "stop",
        "logprobs": logprobs,
        "token_ids": [1, 2],
    }
    whole = {"id": "c", "choices": [choice]}
    for stream in (True, False):
        kept = testing.exchange([], "", copy(whole), stream=stream).whole["choices"]
        assert kept == [choice]
        got: Any = testing.exchange(OnlyContent(), "", copy(whole), stream=stream).whole["choices"]
        assert got[0]["logprobs"] == {"content": None, "refusal": [one]}
        assert got[0]["token_ids"] is None
        cited_now = got[0]["message"]["annotations"][0]["url_citation"]
        assert cited_now == {**cited, "start_index": None, "end_index": None}


def test_a_character_that_a_server_split_over_two_events_is_joined():
    end = b'{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}'
    halves = [
        Event(b'{"choices":[{"index":0,"delta":{"content":"PERSON_1\\ud83d"}}]}'),
        Event(b'{"choices":[{"index":1,"delta":{"content":"\\ude00 \\ud83d"}}]}'),
        Event(b'{"choices":[{"index":0,"delta":{"content":"\\ude00!"}}]}'),
        Event(end),
        Event(end.replace(b'"index":0', b'"index":1')),
        Event(b"[DONE]"),
    ]
    for plugins, name in (([], "PERSON_1"), ([Restore()], MAPPING["PERSON_1"])):
        result = testing.exchange(plugins, "", halves, stream=True)
        assert result.done
        texts = {channel.choice: text for channel, text in result.texts.items()}
        assert texts == {0: f"{name}😀!", 1: "\ufffd "}
