"""llmock, an OpenAI-compatible server by other people, as the upstream.

It tells what it received, which makes it a witness who is not on our side, and it breaks off,
refuses and garbles on command.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from service_process import Running, llmock, privet

CANARIES = {
    "name": "Margaret Holloway",
    "e-mail": "m.holloway@canary-mail.example",
    "phone": "+1 415 555 0132",
    "card": "4111 1111 1111 1111",
}
TEXT = (
    f"My name is {CANARIES['name']}, my e-mail address is {CANARIES['e-mail']}, "
    f"my phone number is {CANARIES['phone']} and my credit card is {CANARIES['card']}."
)
NEUTRAL = "Which of the four is written in digits?"
CONFIG = """
log_level = "debug"

[backends.mock]
type = "openai"
url = "{url}/v1"
idle = 1.0
retries = 0
breaker.failures = 0

[pipelines.default]
pre = ["pii"]
post = ["pii"]

[pipelines.open]

[models."*"]
backend = "mock"

[models.open]
backend = "mock"
pipeline = "open"
"""


class World:
    """Privet with the mock behind it."""

    def __init__(self, mock: Running, service: Running, client: httpx.Client):
        self.log = service.log
        self._mock = mock.url
        self._url = f"{service.url}/v1/chat/completions"
        self._client = client
        self._client.post(f"{self._mock}/_llmock/reset").raise_for_status()

    def script(self, **behaviour: object) -> None:
        """What the mock does with the next request."""
        told = {"behaviors": [behaviour]}
        self._client.post(f"{self._mock}/_llmock/scenario", json=told).raise_for_status()

    def post(self, body: dict[str, Any] | None = None, **more: object) -> httpx.Response:
        """Send a request through Privet."""
        return self._client.post(self._url, json={**(body or request()), **more})

    def received(self) -> list[dict[str, Any]]:
        """The bodies that reached the mock."""
        found = self._client.get(f"{self._mock}/_llmock/requests").json()["requests"]
        return [one["body"] for one in found if one["path"].endswith("/chat/completions")]


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Running]]:
    folder = tmp_path_factory.mktemp("upstreams")
    with ExitStack() as stack:
        mock = stack.enter_context(llmock(folder))
        yield mock, stack.enter_context(privet(CONFIG.format(url=mock.url), folder))


@pytest.fixture
def world(servers: tuple[Running, Running]) -> Iterator[World]:
    with httpx.Client(trust_env=False, timeout=30) as client:
        yield World(*servers, client)


def request(text: str = TEXT) -> dict[str, Any]:
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": text}]}


def conversation() -> dict[str, Any]:
    """The canaries in every place that a chat request has for text."""
    call = {"name": "look_up", "arguments": json.dumps({"who": CANARIES, "note": TEXT})}
    return {
        "model": "gpt-4o",
        "user": CANARIES["e-mail"],
        "metadata": {"customer": CANARIES["e-mail"]},
        "stop": [CANARIES["e-mail"]],
        "an_unknown_field": {"deep": [TEXT]},
        "messages": [
            {"role": "system", "content": f"The caller says: {TEXT}"},
            {
                "role": "user",
                "content": [{"type": "text", "text": TEXT}, {"type": "text", "text": NEUTRAL}],
            },
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "call_1", "type": "function", "function": call}],
            },
            {"role": "tool", "tool_call_id": "call_1", "content": json.dumps({"found": TEXT})},
            {"role": "user", "content": TEXT},
        ],
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "look_up",
                    "description": f"Looks people up, such as this one: {TEXT}",
                    "parameters": {"type": "object", "properties": {}},
                },
            }
        ],
    }


def leaks(text: str) -> set[str]:
    """The canaries that a text gives away, with and without what separates their parts."""
    bare = text.replace(" ", "")
    return {name for name, value in CANARIES.items() if value.replace(" ", "") in bare}


def ending(reply: httpx.Response) -> tuple[str, bool]:
    """How a stream ended: the type of its last event, and whether it called itself complete."""
    lines = [line[6:] for line in reply.text.splitlines() if line.startswith("data: ")]
    last = json.loads(lines[-1]) if lines[-1] != "[DONE]" else {}
    return next(iter(last), ""), "[DONE]" in lines


@pytest.mark.parametrize("stream", [False, True])
def test_nothing_personal_reaches_the_upstream(world: World, stream: bool):
    assert world.post(conversation(), stream=stream).status_code == 200
    (received,) = world.received()
    text = json.dumps(received, ensure_ascii=False)
    assert NEUTRAL in text
    assert leaks(text) == set()
    assert leaks(world.log.read_text()) == set()


def test_the_witness_can_see_a_leak(world: World):
    assert world.post(model="open").status_code == 200
    (received,) = world.received()
    assert leaks(json.dumps(received)) == set(CANARIES)


@pytest.mark.parametrize("stream", [False, True])
def test_the_client_gets_its_own_data_back(world: World, stream: bool):
    world.script(type="reply", text="PERSON_1, EMAIL_ADDRESS_1, PHONE_NUMBER_1 and CREDIT_CARD_1")
    reply = world.post(stream=stream)
    if stream:
        assert ending(reply)[1]
        events = [line[6:] for line in reply.text.splitlines() if line.startswith("data: {")]
        choices = [choice for one in events for choice in json.loads(one)["choices"]]
        said = "".join(choice["delta"].get("content") or "" for choice in choices)
    else:
        said = reply.json()["choices"][0]["message"]["content"]
    assert said == "{name}, {e-mail}, {phone} and {card}".format(**CANARIES)


@pytest.mark.parametrize("kind", ["truncate", "disconnect", "malformed", "stall"])
@pytest.mark.parametrize("after", [1, 3])
def test_a_broken_stream_ends_in_an_error(world: World, kind: str, after: int):
    world.script(type="stream_fault", kind=kind, after_chunks=after, stall_seconds=60)
    reply = world.post(stream=True)
    assert reply.status_code == 200
    assert ending(reply) == ("error", False)
    assert leaks(reply.text) <= {"name"}, "nothing but what the upstream has said"


@pytest.mark.parametrize("kind", ["truncate", "disconnect", "malformed"])
def test_a_stream_that_breaks_at_once_has_a_status(world: World, kind: str):
    world.script(type="stream_fault", kind=kind, after_chunks=0)
    reply = world.post(stream=True)
    assert reply.status_code == 502
    assert reply.json()["error"]["code"] == "upstream_failed"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("status", [400, 404, 422, 429])
def test_a_refusal_keeps_its_status_and_its_words(world: World, status: int, stream: bool):
    world.script(type="fail", status=status, message="ask PERSON_1")
    reply = world.post(stream=stream)
    assert reply.status_code == status
    assert reply.json()["error"]["message"] == f"ask {CANARIES['name']}"
    assert len(world.received()) == 1


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("status", [401, 403, 500, 503])
def test_what_is_not_the_clients_fault_is_a_bad_gateway(world: World, status: int, stream: bool):
    world.script(type="fail", status=status, message="ask PERSON_1")
    reply = world.post(stream=stream)
    assert (reply.status_code, reply.json()["error"]["code"]) == (502, "upstream_failed")
    assert "PERSON_1" not in reply.text
    assert len(world.received()) == 1


@pytest.mark.parametrize("stream", [False, True])
def test_the_client_hears_how_long_to_wait(world: World, stream: bool):
    world.script(type="fail", status=429, retry_after=7)
    reply = world.post(stream=stream)
    assert (reply.status_code, reply.headers["retry-after"]) == (429, "7")
