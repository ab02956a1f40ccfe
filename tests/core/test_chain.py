"""The chain, run with plugins that do what plugins should not."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from traceback import format_exception
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from pipeline import Channel, Exchange, Plugin, Rejected, Request, Step, TextFilter, testing
from pipeline.core.errors import PluginFailed

TEXT = "a text of the user"


class Bad(Plugin, frozen=True):
    """Does `act` in `hook` of its filter or step."""

    hook: str
    act: Callable[[], Any]

    def on_request(self, request: Request) -> Any:
        return self.act() if self.hook == "on_request" else None

    def on_text(self, channel: Channel) -> Any:
        return self.act() if self.hook == "on_text" else _Filter(self.hook, self.act)


class _Filter:
    def __init__(self, hook: str, act: Callable[[], Any]):
        self.hook, self.act = hook, act

    def feed(self, text: str, /) -> Any:
        return self.act() if self.hook == "feed" else text

    def flush(self) -> Any:
        return self.act() if self.hook == "flush" else ""


def _raise() -> None:
    raise ValueError(TEXT)


async def _raise_later() -> None:
    await anyio.lowlevel.checkpoint()
    raise ValueError(TEXT)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("hook", "act"),
    [
        ("on_request", _raise),
        ("on_request", _raise_later),
        ("on_request", anyio.sleep_forever),
        ("on_text", _raise),
        ("on_text", lambda: 7),
        ("feed", _raise),
        ("feed", _raise_later),
        ("feed", anyio.sleep_forever),
        ("feed", lambda: None),
        ("feed", lambda: b"bytes"),
        ("flush", _raise),
        ("flush", anyio.sleep_forever),
        ("flush", lambda: None),
    ],
)
def test_a_plugin_that_fails_ends_the_exchange(hook: str, act: Callable[[], Any], stream: bool):
    with testing.started(Bad(hook, act), timeout=0.05) as started:
        result = testing.exchange(started, TEXT, "a reply", stream=stream)
    assert isinstance(result.error, PluginFailed)
    assert result.error.plugin == "bad"
    assert not result.done
    assert (result.saw is None) == (hook == "on_request")
    assert TEXT not in result.raw.decode()
    assert TEXT not in "".join(format_exception(result.error))


@pytest.mark.parametrize("given", [None, 7, b"bytes"])
@pytest.mark.parametrize("hook", ["feed", "flush"])
def test_a_filter_that_gives_no_text_is_named_with_what_it_gave(hook: str, given: object):
    for reply in (testing.sample_reply(TEXT), TEXT):
        result = testing.exchange(Bad(hook, lambda: given), "", reply, stream=True)
        assert isinstance(result.error, PluginFailed)
        assert type(given).__name__ in result.error.message


class Noted(Plugin, frozen=True):
    """Writes down when its steps are opened and closed."""

    name: str
    notes: list[tuple[str, Any]]
    fails: str = ""

    def start(self, stack: AsyncExitStack) -> Callable[[Exchange], Step]:
        return lambda _exchange: _NotedStep(self)

    def on_request(self, request: Request) -> None:
        """Be on the side of requests."""


class _NotedStep(Step):
    def __init__(self, plugin: Noted):
        self.plugin = plugin
        if plugin.fails == "make":
            raise ValueError(TEXT)
        plugin.notes.append(("open", plugin.name))

    def on_request(self, request: Request) -> None:
        if self.plugin.fails == "on_request":
            raise Rejected("no")

    def on_text(self, channel: Channel) -> TextFilter | None:
        return None

    async def on_done(self, error: BaseException | None) -> None:
        self.plugin.notes.append((self.plugin.name, error))
        if self.plugin.fails == "on_done":
            raise ValueError(TEXT)
        if self.plugin.fails == "hang":
            await anyio.sleep_forever()


def test_steps_are_closed_once_each_last_first_with_none_after_success():
    notes: list[Any] = []
    plugins = [Noted("a", notes), Noted("b", notes), Noted("c", notes)]
    assert testing.exchange(plugins, "", "", stream=True).error is None
    assert notes == [("open", one) for one in "abc"] + [(one, None) for one in "cba"]


@pytest.mark.parametrize("fails", ["make", "on_request"])
def test_every_opened_step_hears_of_the_error(fails: str):
    notes: list[Any] = []
    plugins = [Noted("a", notes), Noted("b", notes, fails), Noted("c", notes)]
    result = testing.exchange(plugins, "", "")
    opened = [name for kind, name in notes if kind == "open"]
    closed = [pair for pair in notes if pair[0] != "open"]
    assert opened == (["a"] if fails == "make" else ["a", "b", "c"])
    assert [name for name, _ in closed] == opened[::-1]
    assert all(error is result.error for _, error in closed)


@pytest.mark.parametrize("fails", ["on_done", "hang"])
def test_one_that_fails_in_on_done_keeps_nobody_else_from_hearing(fails: str):
    notes: list[Any] = []
    plugins = [Noted("a", notes), Noted("b", notes, fails), Noted("c", notes)]
    with testing.started(plugins, timeout=0.05) as started:
        result = testing.exchange(started, "", "hello")
    assert (result.text, result.error) == ("hello", None)
    assert [name for name, _ in notes if name != "open"] == ["c", "b", "a"]


def test_what_is_added_passes_the_earlier_plugins_once():
    seen: list[tuple[str, list[str]]] = []

    class Sees(Plugin, frozen=True):
        name: str

        def on_request(self, request: Request) -> None:
            seen.append((self.name, [one.text for one in request.texts()]))
            for one in request.texts():
                one.text += self.name

    class Adds(Plugin, frozen=True):
        def on_request(self, request: Request) -> None:
            request.add_context("added")

    result = testing.exchange([Sees("1"), Adds(), Sees("2")], "hi", "")
    assert seen == [("1", ["hi"]), ("1", ["added"]), ("2", ["added1", "hi1"])]
    assert result.saw is not None
    assert result.saw["messages"] == [
        {"role": "system", "content": "added12"},
        {"role": "user", "content": "hi12"},
    ]


def test_adding_while_added_text_is_worked_on_is_refused():
    class Adds(Plugin, frozen=True):
        def on_request(self, request: Request) -> None:
            request.add_context("more")

    result = testing.exchange([Adds(), Adds()], "hi", "")
    assert isinstance(result.error, Rejected)
    assert result.saw is None
