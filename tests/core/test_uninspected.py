"""What becomes of content that nobody can look into."""

from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from pipeline import Exchange, Plugin, Rejected, Request
from pipeline.core.chain import Chain, Link
from pipeline.core.layout import opaque
from pipeline.core.texts import Policy
from pipeline.core.watch import Watch
from pipeline.dialects.openai import OpenAIChat

pytestmark = pytest.mark.anyio

FILE = "data:text/plain;base64,QW5u"
CHAT = OpenAIChat()
IMAGE = {"type": "image_url", "image_url": {"url": FILE}}
AUDIO = {"type": "input_audio", "input_audio": {"data": "QW5u", "format": "wav"}}
DOCUMENT = {"type": "file", "file": {"file_data": FILE, "file_id": "f", "filename": "anna.pdf"}}
HELLO = {"type": "text", "text": "hello"}


class Shouts(Plugin, frozen=True):
    """Shows which text it has seen."""

    def on_request(self, request: Request) -> None:
        for text in request.texts():
            text.text = text.text.upper()


async def sent(
    policy: Mapping[str, Policy], exchange: Exchange | None = None, *, pre: bool = True, **body: Any
) -> Any:
    """What is sent of a request."""
    plugin = Shouts()
    links = [Link("shouts", lambda _: plugin, True, False)] if pre else []
    chain = Chain(links, [], Watch(), policy)
    request = Request({"model": "m", "messages": [], **body}, CHAT.layout, CHAT.add_context)
    async with chain.open(exchange or Exchange()) as run:
        await run.request(request)
    return request.finish()


def user(*parts: Any) -> list[Any]:
    return [{"role": "user", "content": list(parts)}]


@pytest.mark.parametrize("policy", [{}, {"images": "block"}, {"files": "pass"}])
async def test_what_is_not_allowed_is_refused(policy: Mapping[str, Policy]):
    exchange = Exchange()
    with pytest.raises(Rejected, match=r"content\[1\].image_url.url: `images` cannot be"):
        await sent(policy, exchange, messages=user(HELLO, IMAGE))
    assert exchange.receipt.opaque == {
        ("messages[0].content[1].image_url.url", "images", "block"): 1
    }


async def test_what_passes_is_noted():
    exchange = Exchange()
    body = await sent({"images": "pass"}, exchange, messages=user(HELLO, IMAGE))
    assert body["messages"][0]["content"][1] == IMAGE
    assert exchange.receipt.opaque == {
        ("messages[0].content[1].image_url.url", "images", "pass"): 1
    }


async def test_without_plugins_nothing_is_inspected_but_what_is_named_counts():
    exchange = Exchange()
    body = await sent({}, exchange, pre=False, messages=user(IMAGE))
    assert body["messages"] == user(IMAGE)
    assert next(iter(exchange.receipt.opaque)).action == "pass"
    with pytest.raises(Rejected):
        await sent({"images": "block"}, pre=False, messages=user(IMAGE))
    body = await sent({"images": "drop"}, pre=False, messages=user(IMAGE, HELLO))
    assert body["messages"] == user(HELLO)


@pytest.mark.parametrize(
    "part", [IMAGE, DOCUMENT, {"type": "image_url", "image_url": "https://x/y"}]
)
async def test_a_dropped_part_leaves_the_others(part: Any):
    exchange = Exchange()
    policy: dict[str, Policy] = {"images": "drop", "files": "drop", "audio": "drop"}
    body = await sent(policy, exchange, messages=user(part, HELLO, part, "so", AUDIO, "long"))
    assert body["messages"] == user({"type": "text", "text": "HELLO"}, "SO", "LONG")
    assert {line.action for line in exchange.receipt.opaque} == {"drop"}
    assert "messages[0].content[2]" in str(exchange.receipt.opaque)


async def test_a_message_without_parts_says_so():
    body = await sent({"images": "drop", "audio": "drop"}, messages=user(IMAGE, AUDIO))
    assert body["messages"] == [{"role": "user", "content": "[IMAGES REMOVED]"}]


async def test_what_is_dropped_differs_by_its_name():
    with pytest.raises(Rejected, match="`audio`"):
        await sent({"images": "drop"}, messages=user(IMAGE, AUDIO))
    body = await sent({"images": "drop", "audio": "pass"}, messages=user(IMAGE, AUDIO))
    assert body["messages"] == user(AUDIO)


@pytest.mark.parametrize("content", [None, "", "hi"])
async def test_a_reference_to_earlier_audio_goes_with_its_member(content: str | None):
    said = {"role": "assistant", "audio": {"id": "audio_1"}, "content": content}
    body = await sent({"audio": "drop"}, messages=[said])
    assert body["messages"] == [
        {"role": "assistant", "content": content.upper() if content else "[AUDIO REMOVED]"}
    ]


@pytest.mark.parametrize(
    ("body", "left"),
    [
        ({"messages": [{"role": "user", "content": FILE}]}, "[files removed]"),
        ({"messages": [{"role": "user", "content": f"{FILE} {FILE} from Ann"}]}, "from Ann"),
        ({"messages": user(HELLO, FILE)}, "[files removed]"),
        ({"messages": user(FILE, IMAGE, FILE)}, "[files removed]"),
        ({"messages": user({"type": "text", "text": f"{FILE} from Ann"})}, "from Ann"),
        ({"metadata": {"k": FILE}}, "[files removed]"),
        ({"metadata": {FILE: "v"}}, "[files removed]"),
        ({"user": FILE}, "[files removed]"),
        ({"unknown": [{"deep": [FILE]}]}, "[files removed]"),
        ({"messages": [{"role": "user", "content": "hi", "unknown": FILE}]}, "[files removed]"),
        (
            {
                "messages": [
                    {
                        "role": "assistant",
                        "tool_calls": [
                            {
                                "id": "c",
                                "type": "function",
                                "function": {
                                    "name": "f",
                                    "arguments": f'{{"a": "{FILE}", "b": ["{FILE}", "Ann"]}}',
                                },
                            }
                        ],
                    }
                ]
            },
            "Ann",
        ),
    ],
)
async def test_a_file_in_any_string_is_dropped_where_it_stands(body: Any, left: str):
    told = str(await sent({"files": "drop", "images": "drop"}, **body)).upper()
    assert "DATA:" not in told
    assert "QW5U" not in told
    assert left.upper() in told


async def test_a_part_that_nobody_knows_goes_as_a_whole():
    part = {"type": "video", "video": [FILE, FILE]}
    body = await sent({"files": "drop"}, messages=user(part, HELLO))
    assert body["messages"] == user({"type": "text", "text": "HELLO"})


async def test_user_data_in_a_part_keeps_the_part():
    part = {"type": "tool_result", "content": [{"type": "image", "source": {"data": FILE}}]}
    body = await sent({"files": "drop"}, messages=user(part, HELLO))
    assert body["messages"][0]["content"][0]["content"] == "[FILES REMOVED]"


async def test_what_nothing_can_drop_is_refused():
    layout = replace(CHAT.layout, fields={"scan": opaque("scans")})
    chain = Chain([], [], Watch(), {"scans": "drop"})
    request = Request({"scan": "QW5u"}, layout, CHAT.add_context)
    async with chain.open(Exchange()) as run:
        with pytest.raises(Rejected, match="scan: `scans` cannot"):
            await run.request(request)


class AddsFile(Plugin, frozen=True):
    def on_request(self, request: Request) -> None:
        request.add_context(FILE)


async def test_context_that_cannot_be_inspected_is_not_dropped_but_refused():
    adds = AddsFile()
    chain = Chain([Link("adds", lambda _: adds, True, False)], [], Watch(), {"files": "drop"})
    exchange = Exchange()
    request = Request({"model": "m", "messages": []}, CHAT.layout, CHAT.add_context)
    async with chain.open(exchange) as run:
        with pytest.raises(Rejected):
            await run.request(request)
    assert next(iter(exchange.receipt.opaque)).action == "block"
