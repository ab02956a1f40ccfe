"""Embeddings that count words."""

import struct
from base64 import b64decode
from contextlib import AsyncExitStack
from typing import Any

import msgspec
import pytest

from pipeline import Call, Exchange
from pipeline.backends.echo import Echo
from pipeline.backends.words import DIMENSIONS, MAX_DIMENSIONS, embeddings, vector

pytestmark = pytest.mark.anyio


def product(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def test_texts_that_share_words_are_near() -> None:
    first, second, third = (
        vector(text, DIMENSIONS)
        for text in ("the cat sat on the mat", "On the mat sat a cat.", "quarterly revenue grew")
    )
    assert product(first, first) == pytest.approx(1)
    assert product(first, second) > 0.4 > 0.2 > abs(product(first, third))


@pytest.mark.parametrize(
    ("given", "count"), [("a", 1), (["a", "b"], 2), ([1, 2], 1), ([[1], [2]], 2), ([], 0)]
)
def test_each_text_has_a_vector(given: Any, count: int) -> None:
    found: Any = embeddings({"model": "m", "input": given})
    assert [one["index"] for one in found["data"]] == list(range(count))
    assert all(len(one["embedding"]) == DIMENSIONS for one in found["data"])
    assert found == embeddings({"model": "m", "input": given})


def test_as_base64_they_are_32_bit_floats() -> None:
    asked: Any = {"model": "m", "input": "one two", "dimensions": 16}
    plain: Any = embeddings(asked)
    packed: Any = embeddings({**asked, "encoding_format": "base64"})
    floats = struct.unpack("<16f", b64decode(packed["data"][0]["embedding"]))
    assert floats == pytest.approx(plain["data"][0]["embedding"])


@pytest.mark.parametrize(("asked", "given"), [(0, 1), (10**9, MAX_DIMENSIONS), ("x", DIMENSIONS)])
def test_dimensions_are_bounded(asked: Any, given: int) -> None:
    found: Any = embeddings({"model": "m", "input": "a", "dimensions": asked})
    assert len(found["data"][0]["embedding"]) == given


async def test_the_backend_answers_whole_even_if_asked_to_stream() -> None:
    async with AsyncExitStack() as stack:
        upstream = Echo().start(stack)
        for stream in (False, True):
            call = Call("openai-embeddings", {"model": "m", "input": "a"}, stream, Exchange())
            reply = await upstream.send(call)
            [event] = [one async for one in reply.events]
            assert event.whole
            assert msgspec.json.decode(event.data) == embeddings({"model": "m", "input": "a"})
