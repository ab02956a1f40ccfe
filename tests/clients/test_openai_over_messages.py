"""The `openai` package in front of Privet, and behind it a server that speaks Messages."""

from asyncio import StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import openai
import pytest
from anthropic.types.message_create_params import MessageCreateParams
from backends.server import Handler, Received, Server, begin, chunk, reply, serve, stream
from dialects.translation.conforming import faults
from dialects.translation.speaking import ERROR, message, streamed, text, thinking, use
from laws.replies import Restore
from service.serving import House, serving

from pipeline import Request
from pipeline.backends.anthropic import Anthropic
from pipeline.core.jsonvalue import JsonObject, decode, encode

pytestmark = pytest.mark.anyio

NAME = 'Ann "é😀"\n'
TOOL: Any = {
    "type": "function",
    "function": {"name": "look", "parameters": {"type": "object", "properties": {}}},
}


class Hide(Restore, frozen=True):
    """Puts a placeholder in requests where `Restore` puts the name back in replies."""

    def on_request(self, request: Request) -> None:
        for one in request.texts():
            one.text = one.text.replace(NAME, "PERSON_1")


def frames(said: list[JsonObject]) -> list[bytes]:
    return [b"event: %b\ndata: %b\n\n" % (str(one["type"]).encode(), encode(one)) for one in said]


def says(content: list[Any], reason: str = "end_turn") -> Handler:
    """A server that says this, as it is asked to."""

    async def handler(request: Received, writer: StreamWriter) -> None:
        assert faults(request.json, MessageCreateParams) == []
        if request.json.get("stream"):
            await stream(writer, *frames(streamed(content, reason)))
        else:
            await reply(writer, 200, encode(message(content, reason)))

    return handler


@asynccontextmanager
async def between(handler: Handler) -> AsyncIterator[tuple[openai.AsyncOpenAI, Server, House]]:
    """A client, the server, and Privet between them."""
    async with serve(handler) as server:
        backend = Anthropic(url=server.url.removesuffix("/v1"), key="k", retries=0)
        async with (
            serving(backend, {"hide": Hide()}) as house,
            openai.DefaultAsyncHttpxClient(trust_env=False) as http,
        ):
            url = f"{house.url}/v1"
            yield (
                openai.AsyncOpenAI(base_url=url, api_key="c", max_retries=0, http_client=http),
                server,
                house,
            )


def asked(**more: Any) -> Any:
    return {"model": "test", "messages": [{"role": "user", "content": f"I am {NAME}"}], **more}


async def test_a_chat():
    async with between(says([thinking("Hm, PERSON_1."), text("Hello PERSON_1")])) as (
        client,
        server,
        _,
    ):
        said = await client.chat.completions.create(
            **asked(max_tokens=50, stop=["x"], user="u", parallel_tool_calls=True)
        )
    assert said.choices[0].message.content == f"Hello {NAME}"
    assert said.choices[0].message.reasoning_content == f"Hm, {NAME}."  # type: ignore[attr-defined]
    assert said.choices[0].finish_reason == "stop"
    assert said.usage is not None and said.usage.total_tokens == 40
    [request] = server.received
    assert request.path == "/v1/messages"
    assert request.json["messages"] == [{"role": "user", "content": "I am PERSON_1"}]
    assert request.json["max_tokens"] == 50


async def test_a_streamed_chat():
    async with between(says([text("Hello PERSON_1, and PERSON_12")])) as (client, _, _house):
        chunks = [
            one
            async for one in await client.chat.completions.create(
                **asked(stream=True, stream_options={"include_usage": True})
            )
        ]
    texts = [one.choices[0].delta.content or "" for one in chunks if one.choices]
    assert "".join(texts) == f"Hello {NAME}, and PERSON_1"
    assert [one.choices[0].finish_reason for one in chunks if one.choices][-1] == "stop"
    assert chunks[-1].usage is not None and chunks[-1].usage.prompt_tokens == 33
    assert {one.id for one in chunks} == {"msg_1"}


@pytest.mark.parametrize("streams", [True, False])
async def test_tools(streams: bool):
    content = [text("Look:"), use("t1", {"who": "PERSON_1"}), use("t2", {})]
    async with between(says(content, "tool_use")) as (client, server, _):
        body = asked(tools=[TOOL], tool_choice="required")
        if streams:
            async with client.chat.completions.stream(**body) as events:
                said: Any = await events.get_final_completion()
        else:
            said = await client.chat.completions.create(**body)
        [choice] = said.choices
        one, two = choice.message.tool_calls
        assert choice.finish_reason == "tool_calls"
        assert (one.id, one.function.name) == ("t1", "look")
        assert decode(one.function.arguments.encode()) == {"who": NAME}
        assert two.function.arguments == "{}"
        # The whole message goes back, as the package's users send it.
        answer = choice.message.model_dump(exclude={"parsed"})
        for call in answer["tool_calls"]:
            call["function"].pop("parsed_arguments", None)
        results = [
            {"role": "tool", "tool_call_id": one.id, "content": f"It is {NAME}"},
            {"role": "tool", "tool_call_id": two.id, "content": "Nothing"},
        ]
        await client.chat.completions.create(
            **{**body, "messages": [*body["messages"], answer, *results]}
        )
    _, request = server.received
    assert request.json["tool_choice"] == {"type": "any"}
    assert request.json["messages"][1:] == [  # type: ignore[index]
        {"role": "assistant", "content": content},
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "t1", "content": "It is PERSON_1"},
                {"type": "tool_result", "tool_use_id": "t2", "content": "Nothing"},
            ],
        },
    ]


async def test_what_cannot_be_asked_never_reaches_the_backend():
    async with between(says([])) as (client, server, _):
        for streams in (True, False):
            with pytest.raises(openai.BadRequestError) as caught:
                await client.chat.completions.create(**asked(n=2, stream=streams))
            assert caught.value.param == "n"
            assert "Messages" in caught.value.message
    assert server.received == []


@pytest.mark.parametrize("streams", [True, False])
async def test_the_backends_refusal(streams: bool):
    body = {
        "type": "error",
        "error": {"type": "invalid_request_error", "message": "max_tokens: PERSON_1"},
    }

    async def handler(request: Received, writer: StreamWriter) -> None:
        await reply(writer, 400, encode(body))

    async with between(handler) as (client, _, _house):
        with pytest.raises(openai.BadRequestError) as caught:
            await client.chat.completions.create(**asked(stream=streams))
    assert f"max_tokens: {NAME}" in caught.value.message
    assert caught.value.type == "invalid_request_error"


async def test_an_overloaded_backend():
    async def handler(request: Received, writer: StreamWriter) -> None:
        await reply(writer, 529, encode(ERROR), headers={"retry-after": "7"})

    async with between(handler) as (client, _, _house):
        with pytest.raises(openai.InternalServerError) as caught:
            await client.chat.completions.create(**asked())
    assert caught.value.status_code in (502, 503)
    assert caught.value.response.headers["retry-after"] == "7"


async def test_an_error_in_the_middle_of_a_stream():
    async def handler(request: Received, writer: StreamWriter) -> None:
        await stream(writer, *frames([*streamed([text("Hello")])[:6], ERROR]))

    async with between(handler) as (client, _, _house):
        with pytest.raises(openai.APIError, match="Overloaded"):
            async for _one in await client.chat.completions.create(**asked(stream=True)):
                pass
        with pytest.raises(openai.APIStatusError):
            # Whoever wants it whole gets a whole reply or none.
            await client.chat.completions.create(**asked())


@pytest.mark.parametrize("left", [1, 2, 4, 6])
async def test_a_stream_that_ends_too_early(left: int):
    async def handler(request: Received, writer: StreamWriter) -> None:
        await begin(writer)
        for one in frames(streamed([text("Hello")]))[:-left]:
            await chunk(writer, one)
        await chunk(writer, b"")

    async with between(handler) as (client, _, house):
        with pytest.raises(openai.APIError):
            async for _one in await client.chat.completions.create(**asked(stream=True)):
                pass
        raw = await house.chat(stream=True)
    assert "[DONE]" not in raw.text
    assert '"error"' in raw.text
