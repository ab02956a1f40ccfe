"""The echo backend, as a client of OpenAI's protocol would see it."""

from contextlib import AsyncExitStack, aclosing

import msgspec
import pytest

from pipeline import Call, Exchange, Reply
from pipeline.backends.echo import Echo
from pipeline.core.jsonvalue import JsonObject

pytestmark = pytest.mark.anyio

ASK = {"model": "m", "messages": [{"role": "user", "content": "Hello PERSON_1"}]}


async def send(backend: Echo, body: JsonObject, *, stream: bool = False) -> Reply:
    async with AsyncExitStack() as stack:
        upstream = backend.start(stack)
        await upstream.probe()
        return await upstream.send(Call("openai", body, stream, Exchange()))


async def whole(backend: Echo, body: JsonObject) -> JsonObject:
    reply = await send(backend, body)
    [event] = [one async for one in reply.events]
    assert reply.status == 200
    assert event.whole
    return msgspec.json.decode(event.data)


async def chunks(backend: Echo, body: JsonObject) -> list[JsonObject]:
    reply = await send(backend, body, stream=True)
    events = [one async for one in reply.events]
    assert events[-1].data == b"[DONE]"
    assert not any(one.whole for one in events)
    return [msgspec.json.decode(one.data) for one in events[:-1]]


def text(found: list[JsonObject], index: int = 0) -> str:
    choices = [one for chunk in found for one in chunk["choices"] if one["index"] == index]
    return "".join(one["delta"].get("content", "") for one in choices)


async def test_says_what_it_saw():
    body = await whole(Echo(), ASK)
    assert body["object"] == "chat.completion"
    assert body["model"] == "m"
    [choice] = body["choices"]
    assert choice["message"]["content"] == "I received: Hello PERSON_1"
    assert choice["finish_reason"] == "stop"
    usage = body["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"] > 0


async def test_shows_the_whole_request():
    body = await whole(Echo(reply="{request}"), ASK)
    assert msgspec.json.decode(body["choices"][0]["message"]["content"]) == ASK


async def test_what_a_user_wrote_is_no_field():
    ask = {"messages": [{"role": "user", "content": "{request}"}]}
    body = await whole(Echo(reply="<{text}>"), ask)
    assert body["choices"][0]["message"]["content"] == "<{request}>"


@pytest.mark.parametrize(
    ("messages", "last"),
    [
        ([], ""),
        ([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}], "a"),
        ([{"role": "user", "content": "a"}, {"role": "user", "content": "b"}], "b"),
        (
            [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "a"},
                        {"type": "image_url", "image_url": {"url": "x"}},
                        {"type": "text", "text": "b"},
                    ],
                }
            ],
            "a\nb",
        ),
        ([{"role": "user", "content": None}, "junk"], ""),
    ],
)
async def test_the_last_text_of_a_user(messages: list[object], last: str):
    body = await whole(Echo(reply="{text}"), {"messages": messages})
    assert body["choices"][0]["message"]["content"] == last


async def test_streams_in_pieces_that_cut_words():
    found = await chunks(Echo(), ASK)
    assert text(found) == "I received: Hello PERSON_1"
    pieces = [one["choices"][0]["delta"].get("content") for one in found]
    assert all(len(piece or "") <= 5 for piece in pieces)
    assert not any("PERSON_1" in (piece or "") for piece in pieces)
    assert found[0]["choices"][0]["delta"]["role"] == "assistant"
    assert found[-1]["choices"][0]["delta"] == {}
    assert [one["choices"][0]["finish_reason"] for one in found][-2:] == [None, "stop"]
    assert len({one["id"] for one in found}) == 1
    assert all(one["object"] == "chat.completion.chunk" for one in found)
    assert all("usage" not in one for one in found)


async def test_usage_only_where_asked_for():
    found = await chunks(Echo(), {**ASK, "stream_options": {"include_usage": True}})
    assert found[-1]["choices"] == []
    assert found[-1]["usage"]["total_tokens"] > 0
    assert all(one["usage"] is None for one in found[:-1])


async def test_several_choices():
    body = await whole(Echo(), {**ASK, "n": 3})
    assert [one["index"] for one in body["choices"]] == [0, 1, 2]
    found = await chunks(Echo(piece=3), {**ASK, "n": 3})
    assert {text(found, index) for index in range(3)} == {"I received: Hello PERSON_1"}


@pytest.mark.parametrize("n", [0, -1, None, "2", True, 1.5])
async def test_a_strange_number_of_choices_is_one(n: object):
    assert len((await whole(Echo(), {**ASK, "n": n}))["choices"]) == 1


async def test_a_stream_may_be_left():
    reply = await send(Echo(), ASK, stream=True)
    async with aclosing(reply.events) as events:
        assert await anext(events)
    assert [one async for one in reply.events] == []
