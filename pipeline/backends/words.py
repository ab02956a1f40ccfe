"""Embeddings without a model: a vector counts a text's words, each at a place that its digest says.

"The hashing trick": the same text gives the same vector everywhere and always, and texts that share
words have vectors near each other.
"""

import re
from array import array
from base64 import b64encode
from hashlib import blake2b
from math import sqrt
from sys import byteorder

from pipeline.core.jsonvalue import Json, JsonObject

DIMENSIONS = 256
"""Of a vector, if the request does not say."""

MAX_DIMENSIONS = 4096
"""More than a request may ask for is not given."""

_WORD = re.compile(r"\w+")


def embeddings(body: JsonObject) -> JsonObject:
    """The reply to a request for embeddings, with an estimate of its tokens."""
    asked = body.get("dimensions")
    size = max(1, min(asked, MAX_DIMENSIONS)) if isinstance(asked, int) else DIMENSIONS
    as_base64 = body.get("encoding_format") == "base64"
    texts = _texts(body.get("input"))
    vectors = [vector(text, size) for text in texts]
    data: list[Json] = [
        {
            "object": "embedding",
            "index": index,
            "embedding": _packed(one) if as_base64 else list[Json](one),
        }
        for index, one in enumerate(vectors)
    ]
    tokens = max(1, sum(map(len, texts)) // 4)
    usage: JsonObject = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": data, "model": body.get("model"), "usage": usage}


def vector(text: str, size: int) -> list[float]:
    """The vector of a text, of length 1 if there is a word in it."""
    found = [0.0] * size
    for word in _WORD.findall(text.lower()):
        number = int.from_bytes(blake2b(word.encode(), digest_size=8).digest())
        found[number // 2 % size] += 1.0 if number % 2 else -1.0
    length = sqrt(sum(one * one for one in found))
    return [one / length for one in found] if length else found


def _texts(asked: Json) -> list[str]:
    """The texts of a request; tokens are words of their own."""
    if not isinstance(asked, list) or (asked and isinstance(asked[0], int)):
        return [_text(asked)]
    return [_text(one) for one in asked]


def _text(one: Json) -> str:
    return " ".join(map(str, one)) if isinstance(one, list) else str(one)


def _packed(floats: list[float]) -> str:
    """32-bit floats, little-endian, as OpenAI packs them."""
    packed = array("f", floats)
    if byteorder == "big":
        packed.byteswap()
    return b64encode(packed.tobytes()).decode()
