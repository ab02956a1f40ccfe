"""The `openai` package in front of Privet, and behind it a server that speaks Ollama's API."""

from asyncio import StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import openai
import pytest
from backends.server import Handler, Received, Server, chunk, head, reply, serve
from laws.replies import MAPPING, Restore
from service.serving import serving

from pipeline.backends.ollama import Ollama
from pipeline.core.jsonvalue import decode, encode

pytestmark = pytest.mark.anyio

END = {"done": True, "done_reason": "stop", "prompt_eval_count": 11, "eval_count": 7}
USED = [{"function": {"name": "look", "arguments": {"who": "PERSON_1"}}}]


def line(content: str = "", **more: Any) -> Any:
    message = {"role": "assistant", "content": content, **more}
    return {"model": "m", "created_at": "2026-11-02T10:00:00Z", "message": message, "done": False}


def says(*lines: Any) -> Handler:
    """A server that says these lines, or all of them at once."""

    async def handler(request: Received, writer: StreamWriter) -> None:
        assert request.path == "/api/chat"
        if not request.json["stream"]:
            whole = line("".join(one.get("message", {}).get("content", "") for one in lines))
            for one in lines:
                whole["message"] |= {
                    key: value for key, value in one["message"].items() if key == "tool_calls"
                }
            await reply(writer, 200, encode({**whole, **END}))
            return
        writer.write(head(200, "application/x-ndjson", {"transfer-encoding": "chunked"}))
        for one in lines:
            await chunk(writer, encode(one) + b"\n")
        await chunk(writer, b"")

    return handler


@asynccontextmanager
async def between(handler: Handler) -> AsyncIterator[tuple[openai.AsyncOpenAI, Server]]:
    async with serve(handler) as server:
        backend = Ollama(url=server.url.removesuffix("/v1"), options={"num_ctx": 8192}, retries=0)
        async with (
            serving(backend, {"restore": Restore()}) as house,
            openai.DefaultAsyncHttpxClient(trust_env=False) as http,
        ):
            url = f"{house.url}/v1"
            yield (
                openai.AsyncOpenAI(base_url=url, api_key="c", max_retries=0, http_client=http),
                server,
            )


def asked(**more: Any) -> Any:
    return {"model": "test", "messages": [{"role": "user", "content": "Hi"}], **more}


@pytest.mark.parametrize("streams", [True, False])
async def test_a_chat_with_a_tool(streams: bool):
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
    said = [line("Hello PERS"), line("ON_1"), line(tool_calls=USED), {**line(), **END}]
    async with between(says(*said)) as (client, server):
        body = asked(tools=[tool], temperature=0, max_tokens=9)
        if streams:
            async with client.chat.completions.stream(**body) as events:
                reply: Any = await events.get_final_completion()
        else:
            reply = await client.chat.completions.create(**body)
    [choice] = reply.choices
    assert choice.message.content == f"Hello {MAPPING['PERSON_1']}"
    assert choice.finish_reason == "tool_calls"
    [call] = choice.message.tool_calls
    assert decode(call.function.arguments.encode()) == {"who": MAPPING["PERSON_1"]}
    asked_for = server.received[0].json
    assert asked_for["options"] == {"num_ctx": 8192, "temperature": 0, "num_predict": 9}
    assert asked_for["stream"] is streams


async def test_a_model_that_is_missing():
    async def handler(request: Received, writer: StreamWriter) -> None:
        await reply(writer, 404, b'{"error": "model not found"}')

    async with between(handler) as (client, _):
        with pytest.raises(openai.NotFoundError, match="model not found"):
            await client.chat.completions.create(**asked())


@pytest.mark.parametrize("last", [[], [{"error": "out of memory"}]])
async def test_lines_that_end_too_early(last: list[Any]):
    async with between(says(line("Hello"), *last)) as (client, _):
        with pytest.raises(openai.APIError):
            async for _one in await client.chat.completions.create(**asked(stream=True)):
                pass


async def test_what_ollama_cannot_be_asked():
    async with between(says()) as (client, server):
        with pytest.raises(openai.BadRequestError) as caught:
            await client.chat.completions.create(**asked(tool_choice="required"))
    assert caught.value.param == "tool_choice"
    assert server.received == []
