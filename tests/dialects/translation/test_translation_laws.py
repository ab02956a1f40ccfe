"""Laws 1 and 8 behind a translator: Messages from the backend, OpenAI's chat to the client."""

from typing import Any

import pytest
from dialects.translation.speaking import (
    ASKED,
    ERROR,
    events,
    message,
    streamed,
    text,
    thinking,
    translate,
    use,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from laws.replies import TEXTS, Restore

from pipeline import Event, testing
from pipeline.core.jsonvalue import decode, encode
from pipeline.testing import pieces

KEYS = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}


@st.composite
def contents(draw: st.DrawFn) -> list[dict[str, Any]]:
    """The blocks of a message, with texts that are near to placeholders."""
    blocks: list[dict[str, Any]] = []
    for number in range(draw(st.integers(0, 4))):
        match draw(st.sampled_from(["text", "thinking", "tool_use"])):
            case "text":
                blocks.append(text(draw(TEXTS)))
            case "thinking":
                blocks.append(thinking(draw(TEXTS)))
            case _:
                given = draw(st.dictionaries(TEXTS, TEXTS | st.integers(0, 9), max_size=2))
                blocks.append(use(f"t{number}", given))
    return blocks


def recut(said: list[Any], draw: Any) -> list[Any]:
    """The same stream, its texts cut elsewhere."""
    out: list[Any] = []
    for one in said:
        delta = one.get("delta", {})
        key = KEYS.get(delta.get("type"))
        last = out[-1] if out else {}
        if key and last.get("delta", {}).get("type") == delta["type"]:
            last["delta"][key] += delta[key]
        elif one["type"] != "ping":
            out.append({**one, "delta": dict(delta)} if delta else one)
    found: list[Any] = []
    for one in out:
        key = KEYS.get(one.get("delta", {}).get("type"))
        if not key:
            found.append(one)
            continue
        said_text = one["delta"][key]
        places = sorted(draw(st.lists(st.integers(0, len(said_text)), max_size=4)))
        for part in pieces(said_text, places):
            found.append({**one, "delta": {**one["delta"], key: part}})
    return found


def comparable(whole: Any) -> Any:
    assert whole is not None
    whole.pop("created")
    [choice] = whole["choices"]
    choice.pop("logprobs", None)
    said = choice["message"]
    said["content"] = said.get("content") or None
    if said.get("reasoning_content") == "":
        del said["reasoning_content"]
    for call in said.get("tool_calls", ()):
        call["function"]["arguments"] = decode(call["function"]["arguments"].encode())
    return whole


@pytest.fixture(scope="module")
def restoring() -> Any:
    with testing.started(Restore()) as one:
        yield one


@settings(max_examples=60)
@given(content=contents(), data=st.data())
def test_every_cut_of_the_backends_stream_gives_the_whole_reply(
    restoring: testing.Started, content: list[Any], data: st.DataObject
):
    reason = "tool_use" if any(one["type"] == "tool_use" for one in content) else "end_turn"
    whole = translate([Event(encode(message(content, reason)), whole=True)], ASKED)
    uncut: Any = testing.exchange(restoring, ASKED, list(whole), stream=False, streams="never")
    said = translate(events(recut(streamed(content, reason), data.draw)), ASKED)
    streams: Any = testing.exchange(restoring, ASKED, list(said), stream=True)
    assert uncut.error is None and streams.done
    assert comparable(streams.whole) == comparable(uncut.whole)


@pytest.mark.parametrize("ending", [[], [ERROR], ["junk"]], ids=["silence", "error", "junk"])
def test_a_backends_stream_that_breaks_off_never_reaches_the_client_whole(
    restoring: testing.Started, ending: list[Any]
):
    content = [text("PERSON_1 and"), thinking("a")]
    said = streamed(content)
    for cut in range(len(said)):
        tail = [Event(b"junk") if one == "junk" else Event(encode(one)) for one in ending]
        reply: list[Event | Exception] = []
        try:
            reply += translate(events(said[:cut]), ASKED)
            reply += translate([*events(said[:cut]), *tail], ASKED)[len(reply) :]
        except Exception as error:
            reply.append(error)
        for stream in (True, False):
            if not reply:
                reply = [ValueError("nothing came")]
            got = testing.exchange(restoring, ASKED, reply, stream=stream)
            assert got.error is not None
            assert not got.done
