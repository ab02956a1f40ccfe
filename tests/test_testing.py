"""The test kit, as an author of plugins uses it."""

import subprocess
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from pipeline import Channel, Exchange, Plugin, Rejected, ReplaceTokens, Request, Step, testing
from pipeline.core.jsonvalue import encode
from pipeline.dialects.openai import OpenAIChat
from pipeline.testing.script import read_script


class Shout(Plugin, frozen=True):
    mark: str = "!"

    def on_request(self, request: Request) -> None:
        for text in request.texts():
            if text.role == "user":
                text.text += self.mark

    def on_text(self, channel: Channel) -> Any:
        return ReplaceTokens({"hi": f"hi{self.mark}"})


class Slow(Plugin, frozen=True):
    """Starts and works like one that needs a task group and a model."""

    log: list[str]

    async def start(self, stack: AsyncExitStack) -> Callable[[Exchange], Step]:
        await stack.enter_async_context(anyio.create_task_group())
        await stack.enter_async_context(self.model())
        return lambda _exchange: self

    @asynccontextmanager
    async def model(self) -> AsyncGenerator[None]:
        self.log.append("start")
        yield
        self.log.append("stop")

    async def on_request(self, request: Request) -> None:
        await anyio.lowlevel.checkpoint()
        self.log.append("request")


def test_text_in_text_out():
    assert testing.redact(Shout(), "hello") == "hello!"
    assert testing.run_text(Shout(), "hi ho") == "hi! ho"
    assert testing.run_text(Shout(), "hi ho", (1, 3)) == "hi! ho"
    arguments = Channel("arguments", form="json")
    assert testing.run_text(Shout("\n"), '["hi"]', channel=arguments) == '["hi\\n"]'


def test_a_body_comes_back_as_the_backend_sees_it():
    body: Any = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "seed": 1}
    expected = {"model": "m", "messages": [{"role": "user", "content": "hi!"}], "seed": 1}
    assert testing.redact(Shout(), body) == {**expected, "stream": False}
    assert body["messages"][0]["content"] == "hi", "the body that was given is not touched"


def test_what_refuses_a_request_is_raised():
    class Refuses(Plugin, frozen=True):
        def on_request(self, request: Request) -> None:
            raise Rejected("no")

    with pytest.raises(Rejected):
        testing.redact(Refuses(), "hello")


def test_several_plugins_pass_in_order_and_replies_in_another_if_told():
    both = [Shout("1"), Shout("2")]
    assert testing.redact(both, "hello") == "hello12"
    assert testing.run_text(both, "hi") == "hi1"
    with testing.started(both, [both[1], both[0]]) as started:
        assert testing.run_text(started, "hi") == "hi2"
        assert testing.redact(started, "hello") == "hello12"


def test_a_plugin_is_started_once_and_stopped():
    log: list[str] = []
    with testing.started(Slow(log)) as started:
        testing.redact(started, "a")
        testing.exchange(started, "b", "c", stream=True)
        assert log == ["start", "request", "request"]
    assert log[-1] == "stop"


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    "reply",
    [
        "hi ho",
        {"choices": [{"message": {"content": "hi ho"}, "finish_reason": "stop"}]},
        [
            {"choices": [{"index": 0, "delta": {"content": "h"}}]},
            {"choices": [{"index": 0, "delta": {"content": "i ho"}, "finish_reason": "stop"}]},
        ],
    ],
    ids=["text", "body", "chunks"],
)
def test_a_reply_may_be_given_in_any_form(reply: Any, stream: bool):
    result = testing.exchange(Shout(), "hello", reply, stream=stream)
    assert (result.asked, result.text) == ("hello!", "hi! ho")
    assert result.done and result.error is None
    assert result.texts == {Channel("content"): "hi! ho"}
    assert result.stream == stream == result.raw.startswith(b"data: ")


def test_cuts_are_every_place_every_pair_and_more():
    found = list(testing.cuts("abcd"))
    assert {(), (1,), (2,), (3,), (1, 2), (1, 3), (2, 3), (1, 2, 3)} < set(found)
    assert found == list(testing.cuts("abcd")), "the same again each time"
    assert testing.pieces("abcd", (0, 1, 3, 3)) == ["", "a", "bc", "", "d"]
    for text in ("", "a", "ab" * 50):
        assert all("".join(testing.pieces(text, at)) == text for at in testing.cuts(text))


def test_a_stream_cut_again_says_the_same_otherwise():
    chat, body = OpenAIChat(), {"model": "m", "messages": []}
    _, events = read_script(chat, body, testing.sample_reply("some text"))
    results = [
        testing.exchange([], body, testing.recut(chat, body, events, Random(seed)), stream=True)
        for seed in range(20)
    ]
    whole = results[0].whole
    assert all(one.done and one.whole == whole for one in results)
    assert len({one.raw for one in results}) > 15
    assert len({encode(one.whole) for one in results}) <= 20


def test_other_dialects_want_whole_bodies():
    class Other(OpenAIChat):
        @property
        def name(self) -> str:
            return "other"

    with pytest.raises(TypeError, match="whole bodies"):
        testing.redact([], "text", dialect=Other())


def test_what_the_kit_exports():
    assert sorted(testing.__all__) == testing.__all__
    assert all(getattr(testing, name).__doc__ for name in testing.__all__)


def test_the_kit_needs_nothing_that_only_tests_have():
    code = (
        "import sys, pipeline.testing\n"
        "heavy = {'pytest', 'hypothesis', 'openai', 'litestar', 'httpx', 'presidio_analyzer'}\n"
        "found = heavy & {*sys.modules}\n"
        "sys.exit(str(found) if found else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
