"""Hooks that give what they should not, or meet a cancelled task of their own."""

import asyncio
import time
from typing import Any

import pytest

from pipeline import Channel, Plugin, Request, Scanner, Taken, TextFilter, testing
from pipeline.core.errors import PluginFailed


async def _meet_a_cancelled_task() -> None:
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    future.cancel()
    await future


class Cancelled(Plugin, frozen=True):
    hook: str

    def on_request(self, request: Request) -> Any:
        return _meet_a_cancelled_task() if self.hook == "on_request" else None

    def on_text(self, channel: Channel) -> TextFilter:
        return _Cancelled(self.hook)

    def on_done(self, error: BaseException | None) -> Any:
        return _meet_a_cancelled_task() if self.hook == "on_done" else None


class _Cancelled:
    def __init__(self, hook: str):
        self.hook = hook

    def feed(self, text: str, /) -> Any:
        return _meet_a_cancelled_task() if self.hook == "feed" else text

    def flush(self) -> Any:
        return _meet_a_cancelled_task() if self.hook == "flush" else ""


class Told(Plugin, frozen=True):
    told: list[BaseException | None]

    def on_request(self, request: Request) -> None:
        """Be on the side of requests."""

    def on_done(self, error: BaseException | None) -> None:
        self.told.append(error)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("hook", ["on_request", "feed", "flush"])
def test_a_task_of_a_plugin_that_was_cancelled_is_the_plugins_failure(hook: str, stream: bool):
    told: list[BaseException | None] = []
    result = testing.exchange([Told(told), Cancelled(hook)], "", "a reply", stream=stream)
    assert isinstance(result.error, PluginFailed)
    assert result.error.plugin == "cancelled"
    assert told == [result.error]
    assert not result.done


def test_one_that_is_cancelled_in_on_done_keeps_nobody_else_from_hearing():
    told: list[BaseException | None] = []
    result = testing.exchange([Told(told), Cancelled("on_done")], "", "hello")
    assert (result.text, result.error, told) == ("hello", None, [None])


@pytest.mark.parametrize("given", ["text", 7, True])
def test_a_plugin_that_returns_what_it_should_assign_fails(given: object):
    class Returns(Plugin, frozen=True):
        def on_request(self, request: Request) -> Any:
            return given

    result = testing.exchange(Returns(), "a text of the user")
    assert isinstance(result.error, PluginFailed)
    assert type(given).__name__ in result.error.message
    assert result.saw is None


def test_a_scan_that_can_never_answer_early_takes_no_time():
    def take(text: str, at: int, final: bool) -> Taken | None:
        return Taken(1, text[at]) if final else None

    begun = time.process_time()
    scanner = Scanner(take, 8)
    assert scanner.feed("ab" * 150_000) + scanner.flush() == "ab" * 150_000
    assert time.process_time() - begun < 2
