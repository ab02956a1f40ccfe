"""Azure's form of OpenAI's protocol: deployments in the path, a version, and a key of its own."""

from asyncio import StreamWriter
from contextlib import AsyncExitStack
from typing import Any

import pytest
from backends.server import Received, reply, serve

from pipeline import Call, Exchange
from pipeline.backends.openai import OpenAI
from pipeline.core.backend import ListsModels
from pipeline.core.errors import UpstreamRefused

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("model", "place"),
    [
        ("gpt-4o", "gpt-4o"),
        ("../../x?y#z", "..%2F..%2Fx%3Fy%23z"),
        ("a b", "a%20b"),
    ],
)
async def test_a_request_goes_to_the_deployment(model: str, place: str):
    async def handler(request: Received, writer: StreamWriter) -> None:
        await reply(writer, 200, b'{"data": [{"id": "d"}]}')

    async with serve(handler) as server, AsyncExitStack() as stack:
        base = server.url.removesuffix("/v1")
        options = OpenAI(url=base, key="azure-key", api_version="2024-10-21")
        assert options.problems() == []
        upstream = await options.start(stack)
        for dialect in ("openai", "openai-embeddings"):
            body: Any = {"model": model}
            answer = await upstream.send(Call(dialect, body, False, Exchange()))
            async for _ in answer.events:
                pass
        assert isinstance(upstream, ListsModels)
        assert await upstream.models() == ["d"]
    chat, embeddings, models = server.received
    version = "?api-version=2024-10-21"
    assert chat.path == f"/openai/deployments/{place}/chat/completions{version}"
    assert embeddings.path == f"/openai/deployments/{place}/embeddings{version}"
    assert models.path == f"/openai/models{version}"
    assert chat.headers["api-key"] == "azure-key"
    assert "authorization" not in chat.headers


@pytest.mark.parametrize("version", ["2024", "2024-10-21&x=y", "latest/../x"])
def test_a_version_is_one_of_azures(version: str):
    [problem] = OpenAI(url="https://x.openai.azure.com", key="k", api_version=version).problems()
    assert problem.startswith("api_version:")


async def test_a_name_of_dots_leads_nowhere():
    async with AsyncExitStack() as stack:
        options = OpenAI(url="http://127.0.0.1:9", key="k", api_version="2024-10-21")
        upstream = await options.start(stack)
        with pytest.raises(UpstreamRefused):
            await upstream.send(Call("openai", {"model": ".."}, False, Exchange()))
