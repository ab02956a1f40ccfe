"""Laws 4, 5, 6 and 8: nothing leaks, nobody shares, and a failure is never hidden."""

import base64
import logging
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import quote

import anyio.lowlevel
import pytest
from replies import Lines, Slow, Wrap

from pipeline import (
    Channel,
    Event,
    Exchange,
    Plugin,
    PrivetError,
    Rejected,
    ReplaceTokens,
    Request,
    Step,
    TextFilter,
    UpstreamFailed,
    testing,
)
from pipeline.core.chain import Chain, Run
from pipeline.core.frames import Frame, Reader
from pipeline.core.relay import Relay
from pipeline.dialects.openai import OpenAIChat
from pipeline.testing.leaks import leaked

SECRET = 'Jane "J" Doe-Müller'
REPLY = "So NAME_1 it is, NAME_1.\n"


class Hide(Plugin, frozen=True):
    """Hides a secret in the request and puts it back into the reply; `how` says what is wrong."""

    secret: str = SECRET
    how: str = ""

    def on_request(self, request: Request) -> None:
        for text in request.texts():
            if self.how in ("key", "number", "identity") and text.kind == self.how:
                continue
            text.text = text.text.replace(self.secret, self.hidden)
        if self.how == "logs":
            logging.getLogger("hide").debug("hid %s", self.secret)
        if self.how == "refuses":
            raise Rejected(f"{self.secret} must not go out")

    @property
    def hidden(self) -> str:
        if self.how == "base64":
            return base64.b64encode(f"x {self.secret}".encode()).decode()
        return {"percent": quote(self.secret), "upper": self.secret.upper()}.get(self.how, "NAME_1")

    def on_text(self, channel: Channel) -> TextFilter:
        return ReplaceTokens({"NAME_1": self.secret})


def test_a_plugin_that_keeps_the_laws_passes_them():
    testing.check_laws(Hide(), f"I am {SECRET}.", REPLY)
    testing.check_no_leak(Hide(), SECRET)


@pytest.mark.parametrize(
    "how", ["key", "identity", "logs", "refuses", "base64", "percent", "upper"]
)
def test_a_plugin_that_leaks_is_found(how: str):
    with pytest.raises(AssertionError, match="law 4") as caught:
        testing.check_no_leak(Hide(how=how), SECRET)
    assert SECRET not in str(caught.value)


def test_a_leak_that_cannot_be_seen_proves_nothing():
    request: Any = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}
    with pytest.raises(AssertionError, match="without plugins"):
        testing.check_no_leak(Hide(), SECRET, request)


@pytest.mark.parametrize(
    "text",
    [
        SECRET.lower(),
        quote(SECRET),
        SECRET.encode().hex(),
        "".join(f"\\u{ord(one):04x}" for one in SECRET),
        *(base64.b64encode(b"." * n + SECRET.encode() + b"!").decode() for n in range(4)),
        str(list(SECRET.encode())).replace(" ", ""),
    ],
)
def test_a_secret_is_seen_in_any_encoding(text: str):
    assert leaked(SECRET, f"before {text} after")
    assert not leaked(SECRET, f"before {text[1:-7]} after")


class Shares(Plugin, frozen=True):
    """Breaks law 5: what it saw in a request is kept where every exchange finds it."""

    seen: list[str]

    async def on_request(self, request: Request) -> None:
        self.seen[:] = [text.text for text in request.texts()]
        await anyio.lowlevel.checkpoint()

    def on_text(self, channel: Channel) -> TextFilter:
        return ReplaceTokens({"NAME_1": self.seen[0]})


class Remembers(Plugin, frozen=True):
    """Does the same as it should be done, on a step."""

    def start(self, stack: AsyncExitStack) -> Callable[[Exchange], Step]:
        return lambda _exchange: _Remembers()

    step = Step


class _Remembers(Step):
    def __init__(self) -> None:
        self.seen: list[str] = []

    async def on_request(self, request: Request) -> None:
        self.seen = [text.text for text in request.texts()]
        await anyio.lowlevel.checkpoint()

    def on_text(self, channel: Channel) -> TextFilter:
        return ReplaceTokens({"NAME_1": self.seen[0]})


def test_exchanges_that_share_are_found():
    pair: Any = ("I am Ann", "NAME_1 it is"), ("I am Bob", testing.sample_reply("NAME_1"))
    testing.check_isolation(Remembers(), *pair)
    with pytest.raises(AssertionError, match="law 5"):
        testing.check_isolation(Shares([]), *pair)


@pytest.fixture(scope="module")
def several() -> Iterator[testing.Started]:
    with testing.started([Hide(), Slow(), Lines(), Wrap()]) as one:
        yield one


def test_whatever_fails_the_exchange_ends(several: testing.Started):
    testing.check_closed_on_failure(several, f"I am {SECRET}", REPLY)


async def _go_on(self: Run, request: Request) -> None:
    for link in self._chain.pre:
        try:
            await self._on_request(link, request)
        except PrivetError:
            continue


async def _pass_on(self: Run, frame: Frame, reader: Reader) -> list[Frame]:
    try:
        return await _reply(self, frame, reader)
    except PrivetError:
        return [frame]


_reply = Run.reply
_close = Run._close


async def _close_in_order(self: Run, error: BaseException | None) -> None:
    self._steps = dict(reversed(self._steps.items()))
    await _close(self, error)


async def _close_twice(self: Run, error: BaseException | None) -> None:
    steps = dict(self._steps)
    await _close(self, error)
    self._steps = steps
    await _close(self, error)


async def _close_with_success(self: Run, error: BaseException | None) -> None:
    await _close(self, None)


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("request", _go_on),
        ("reply", _pass_on),
        ("_close", _close_in_order),
        ("_close", _close_twice),
        ("_close", _close_with_success),
    ],
)
def test_a_chain_that_is_open_on_failure_is_found(
    several: testing.Started, monkeypatch: pytest.MonkeyPatch, name: str, bad: Any
):
    monkeypatch.setattr(Run, name, bad)
    with pytest.raises(AssertionError, match="law 6"):
        testing.check_closed_on_failure(several, "hello", REPLY)


def test_a_plugin_whose_on_done_fails_is_found():
    class Fails(Plugin, frozen=True):
        def on_done(self, error: BaseException | None) -> None:
            if error is not None:
                raise ValueError

    with pytest.raises(AssertionError, match="law 6"):
        testing.check_closed_on_failure(Fails(), "hello", REPLY)


def test_a_broken_stream_does_not_look_complete(several: testing.Started):
    testing.check_broken_stream(several, testing.sample_reply(REPLY))


class SaysDone(OpenAIChat):
    """Breaks law 8: ends every stream as if all were well."""

    def error_event(self, error: PrivetError) -> bytes:
        return b"data: [DONE]\n\n"


async def _flush_first(self: Relay) -> Any:
    """Breaks law 8: lets held text out when the stream breaks."""
    run, reader = self._started.run, self._started.incoming.reader
    try:
        return await _frames(self)
    except UpstreamFailed as error:
        if self._broken is not None:
            raise
        self._broken = error
        closing = Frame({}, closes=list(run._pipes))
        return await run._close_channels(closing, reader)


_frames = Relay._frames


def test_a_broken_stream_that_looks_complete_is_found(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(AssertionError, match=r"law 8.*looks complete"):
        testing.check_broken_stream(Hide(), REPLY, dialect=SaysDone())
    monkeypatch.setattr(Relay, "_frames", _flush_first)
    with pytest.raises(AssertionError, match=r"law 8.*other text"):
        testing.check_broken_stream(Wrap(), REPLY)


def test_an_error_in_the_middle_reaches_the_client_and_ends_the_stream():
    start = Event(b'{"choices":[{"index":0,"delta":{"content":"Hello NAME"}}]}')
    error = Event(b'{"error":{"message":"NAME_1 failed","code":500}}')
    more = Event(b"[DONE]")
    result = testing.exchange(Hide(), "", [start, error, more], stream=True)
    assert [frame.end for frame in result.frames()] == ["", "error"]
    assert result.text == "Hello "
    assert SECRET in str(result.frames()[-1].data), "an error's text is text like any other"
    assert isinstance(result.error, UpstreamFailed)


def test_checks_quote_texts_only_when_asked():
    class Cuts(Plugin, frozen=True):
        def on_text(self, channel: Channel) -> Any:
            return self

        def feed(self, text: str) -> str:
            return f"{text}."

        def flush(self) -> str:
            return ""

    for show in (False, True):
        with pytest.raises(AssertionError) as caught:
            testing.check_cut_independence(Cuts(), "the user's text", show=show)
        assert ("the user's text" in str(caught.value)) == show
        with pytest.raises(AssertionError) as caught:
            testing.check_isolation(Shares([]), ("of Ann", "NAME_1"), ("Bob", "NAME_1"), show=show)
        assert ("of Ann" in str(caught.value)) == show


def test_restoring_in_a_link_is_found():
    with pytest.raises(AssertionError, match="law 7"):
        testing.check_restore_order(Hide(), SECRET)

    class Careful(Hide, frozen=True):
        def on_text(self, channel: Channel) -> Any:
            return None

    with pytest.raises(AssertionError, match="not redacted and restored"):
        testing.check_restore_order(Careful(), SECRET)


def test_opaque_content_needs_a_name_in_the_configuration():
    url = "data:image/png;base64,AAAA"
    parts = [{"type": "image_url", "image_url": {"url": url}}]
    request: Any = {"model": "m", "messages": [{"role": "user", "content": parts}]}
    refused = testing.exchange(Hide(), request)
    assert isinstance(refused.error, Rejected) and refused.saw is None
    with testing.started(Hide(), uninspected=["images"]) as one:
        passed = testing.exchange(one, request)
    assert passed.saw is not None and passed.saw["messages"] == request["messages"]
    assert testing.exchange([], request).error is None, "without plugins nothing is inspected"


def test_the_chains_parts_that_are_broken_above_exist():
    assert {"request", "reply", "_close", "_close_channels", "_pipe"} <= set(vars(Run))
    assert Chain.__struct_fields__[:2] == ("pre", "post")
