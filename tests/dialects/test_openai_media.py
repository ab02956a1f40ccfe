"""What nobody can look into is named, whichever server's way of sending it is used."""

import pytest

from pipeline.core.request import Request
from pipeline.dialects.openai import OpenAIChat

LINK = "https://media.example/anna"


@pytest.mark.parametrize(
    ("part", "name", "texts"),
    [
        ({"type": "image_url", "image_url": {"url": LINK}}, "images", [LINK]),
        ({"type": "image_url", "image_url": LINK}, "images", [LINK]),
        ({"type": "video_url", "video_url": {"url": LINK}}, "videos", [LINK]),
        ({"type": "audio_url", "audio_url": {"url": LINK}}, "audio", [LINK]),
        ({"type": "image", "source": {"type": "base64", "data": "aGVsbG8="}}, "images", []),
        ({"type": "image", "source": {"type": "url", "url": LINK}}, "images", [LINK]),
        ({"type": "input_audio", "input_audio": {"data": "aGVsbG8="}}, "audio", []),
        ({"type": "file", "file": {"file_id": "file-1"}}, "files", []),
    ],
)
def test_media_are_opaque_and_their_links_are_texts(part: dict, name: str, texts: list[str]):
    dialect = OpenAIChat()
    body = {"model": "m", "messages": [{"role": "user", "content": [part]}]}
    request = Request(body, dialect.layout, dialect.add_context)
    assert [one.name for one in request.opaque()] == [name]
    assert [one.text for one in request.texts()] == texts
