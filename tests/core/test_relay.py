"""The relay between a client and a backend that each stream or do not."""

import time
from collections.abc import AsyncGenerator
from typing import Any

import anyio
import pytest
from msgspec import Struct

from pipeline import Call, Event, Exchange, Plugin, Rejected, Reply, Request, Step, testing
from pipeline.core.backend import Streams
from pipeline.core.chain import Chain, Link
from pipeline.core.errors import BadRequest, ClientGone, UpstreamFailed, UpstreamTimeout
from pipeline.core.jsonvalue import decode, encode
from pipeline.core.relay import Relay
from pipeline.core.target import Target
from pipeline.core.watch import Watch
from pipeline.dialects.openai import OpenAIChat

pytestmark = pytest.mark.anyio

WHOLE = {
    "id": "c",
    "object": "chat.completion",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}
    ],
    "usage": {"total_tokens": 3},
}
CHUNKS = [
    b'{"id":"c","choices":[{"index":0,"delta":{"role":"assistant","content":"h"}}]}',
    b'{"id":"c","choices":[{"index":0,"delta":{"content":"i"},"finish_reason":"stop"}]}',
    b'{"id":"c","choices":[],"usage":{"total_tokens":3}}',
    b"[DONE]",
]


class Backend:
    """Replies in the mode that it is asked in, and notes whether it was closed."""

    def __init__(self, *events: Event | float, status: int = 200, **headers: str):
        self.events, self.status, self.headers = events, status, headers
        self.calls: list[Call] = []
        self.open = 0

    async def send(self, call: Call) -> Reply:
        self.calls.append(call)
        return Reply(self.status, self._say(call.stream), self.headers)

    async def probe(self) -> None:
        """It is there."""

    async def _say(self, stream: bool) -> AsyncGenerator[Event, None]:
        chunks = [Event(one) for one in CHUNKS] if stream else [Event(encode(WHOLE), whole=True)]
        self.open += 1
        try:
            for one in self.events or chunks:
                if isinstance(one, Event):
                    yield one
                else:
                    await anyio.sleep(one)
        finally:
            self.open -= 1


class Told(Step):
    def __init__(self) -> None:
        self.error: object = "nothing"

    def on_done(self, error: BaseException | None) -> None:
        self.error = error


class Setting(Struct):
    backend: Backend
    told: Told
    relay: Relay


def setting(
    backend: Backend,
    *,
    stream: bool = False,
    streams: Streams = "both",
    step: Step | None = None,
    deadline: float = float("inf"),
    **more: Any,
) -> Setting:
    told = Told()
    links = [Link("told", lambda _: told, True, True)]
    if step is not None:
        links.append(Link("step", lambda _: step, True, True))
    target = Target(
        route="r",
        pipeline="p",
        chain=Chain(links, links, Watch()),
        deadline=5.0,
        backend="b",
        upstream=backend,
        streams=streams,
        model="theirs",
    )
    body: Any = {"model": "mine", "messages": [], "stream": stream, **more}
    exchange = Exchange(deadline=deadline, stream=stream)
    return Setting(backend, told, Relay(OpenAIChat(), [target], exchange, body, dict))


async def read(relay: Relay) -> bytes:
    answer = await relay.start()
    if answer.stream:
        return b"".join([part async for part in relay.stream()])
    return await relay.body()


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("streams", ["both", "never", "always"])
async def test_any_client_gets_its_reply_from_any_backend(stream: bool, streams: Streams):
    use = setting(Backend(), stream=stream, streams=streams, stream_options={"include_usage": True})
    async with use.relay:
        raw = await read(use.relay)
        use.relay.delivered()
    call = use.backend.calls[0]
    assert call.stream == {"both": stream, "never": False, "always": True}[streams]
    assert call.body["model"] == "theirs"
    assert call.body["stream"] == call.stream
    # Options of a stream are an error where none is asked for, and usage must be asked for.
    if call.stream or call.stream == stream:
        assert call.body["stream_options"] == {"include_usage": True}
    else:
        assert "stream_options" not in call.body
    if stream:
        assert raw.endswith(b"data: [DONE]\n\n")
        events: Any = [decode(block[6:]) for block in raw.split(b"\n\n")[:-2]]
        texts = "".join(one["choices"][0]["delta"].get("content", "") for one in events[:-1])
        assert texts == "hi"
        assert events[-1]["usage"] == WHOLE["usage"]
    else:
        assert decode(raw) == WHOLE
    assert (use.told.error, use.backend.open) == (None, 0)


async def test_success_is_told_only_after_delivery():
    use = setting(Backend(), stream=True)
    async with use.relay:
        await read(use.relay)
    assert isinstance(use.told.error, ClientGone)


async def test_a_client_that_goes_closes_the_backend():
    use = setting(Backend(Event(CHUNKS[0]), 60.0), stream=True)
    async with use.relay:
        await use.relay.start()
        async for _ in use.relay.stream():
            break
    assert isinstance(use.told.error, ClientGone)
    assert use.backend.open == 0


@pytest.mark.parametrize("stream", [True, False])
async def test_cancelling_closes_the_backend_and_tells_the_steps(stream: bool):
    use = setting(Backend(Event(CHUNKS[0]), 60.0), stream=stream, streams="always")
    with anyio.move_on_after(0.05):
        async with use.relay:
            await read(use.relay)
    assert isinstance(use.told.error, BaseException)
    assert use.backend.open == 0


@pytest.mark.parametrize("stream", [True, False])
async def test_a_backends_refusal_comes_with_its_status_and_headers(stream: bool):
    body = {"error": {"message": "slow down", "type": "rate", "code": None}}
    backend = Backend(Event(encode(body), whole=True), status=429, **{"retry-after": "7"})
    use = setting(backend, stream=stream)
    async with use.relay:
        answer = await use.relay.start()
        assert (answer.status, answer.stream) == (429, False)
        assert answer.headers == {"retry-after": "7"}
        assert decode(await use.relay.body()) == body
        use.relay.delivered()
    assert isinstance(use.told.error, UpstreamFailed)


async def test_a_refusal_passes_the_plugins():
    class Censor(Step):
        def on_text(self, channel: object) -> Any:
            return self

        def feed(self, text: str) -> str:
            return text.replace("ann", "***")

        def flush(self) -> str:
            return ""

    body = {"error": {"message": "no ann", "param": ["ann"]}, "detail": {"deep": "ann"}}
    backend = Backend(Event(encode(body), whole=True), status=400)
    use = setting(backend, step=Censor())
    async with use.relay:
        raw = await read(use.relay)
    assert b"ann" not in raw
    assert raw.count(b"***") == 3


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("events", "error"),
    [
        ([Event(b'{"error":{"message":"x"}}')], UpstreamFailed),
        ([Event(b'{"error":{"message":"x"}}', whole=True)], UpstreamFailed),
        ([Event(b"not json")], UpstreamFailed),
        ([Event(b'{"choices":[', whole=True)], UpstreamFailed),
        ([Event(b'{"choices":[]}', whole=True)], UpstreamFailed),
        ([Event(b"[1]")], UpstreamFailed),
        ([Event(b"{}")], UpstreamFailed),
        ([60.0], UpstreamTimeout),
    ],
)
async def test_what_fails_before_the_first_text_has_a_status(
    stream: bool, events: list[Event | float], error: type[UpstreamFailed]
):
    deadline = time.monotonic() + 0.1
    use = setting(Backend(*events), stream=stream, streams="always", deadline=deadline)
    with pytest.raises(error) as caught:
        async with use.relay:
            await use.relay.start()
    assert use.told.error is caught.value
    assert use.backend.open == 0


async def test_a_deadline_in_the_middle_ends_a_stream_with_an_error():
    use = setting(Backend(Event(CHUNKS[0]), 60.0), stream=True, deadline=time.monotonic() + 0.1)
    async with use.relay:
        raw = await read(use.relay)
        use.relay.delivered()
    assert b"upstream_timeout" in raw
    assert b"[DONE]" not in raw
    assert isinstance(use.told.error, UpstreamTimeout)


@pytest.mark.parametrize("stream", [True, False])
async def test_a_request_that_is_refused_never_reaches_the_backend(stream: bool):
    class Refuses(Step):
        def on_request(self, request: Request) -> None:
            raise Rejected("no", param="messages")

    use = setting(Backend(), stream=stream, step=Refuses())
    with pytest.raises(Rejected):
        async with use.relay:
            await use.relay.start()
    assert use.backend.calls == []
    assert isinstance(use.told.error, Rejected)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"model": "m"},
        {"model": 1, "messages": []},
        {"model": "m", "messages": ["x"]},
        {"model": "m", "messages": {}},
        {"model": "m", "messages": [], "stream": "yes"},
    ],
)
def test_what_is_no_chat_request_is_a_bad_request(body: Any):
    with pytest.raises(BadRequest):
        OpenAIChat().facts(body)


def test_times_are_kept_by_plugin():
    class Slow(Plugin, frozen=True):
        async def on_request(self, request: Request) -> None:
            await anyio.sleep(0.02)

    exchange = Exchange()

    async def main(chain: Chain) -> None:
        async with chain.open(exchange) as run:
            await run.request(Request({}, OpenAIChat().layout, OpenAIChat().add_context))

    with testing.started(Slow()) as one:
        one.run(main)
    assert exchange.times["slow"] >= 0.02
