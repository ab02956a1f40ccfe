"""Tiers that fail: what stands in for them is enough where the policy says so, and nowhere else."""

from collections.abc import Iterator

import msgspec
import pytest
from telltale import install

from pipeline import Exchange, PrivetError, Request, testing
from pipeline.core.chain import Chain
from pipeline.core.receipt import Notes
from pipeline.dialects.openai import OpenAIChat
from plugins.pii import Pii

MAIL = "john.carter@example.com"
NAMED = f"My name is Maria Gonzalez, {MAIL}"
FAILING = ("RAISE", "HANG", "KILL")


class Sent(msgspec.Struct):
    """What became of a request: what the backend would get, or the error; and the notes."""

    texts: list[str]
    error: PrivetError | None
    labels: set[str]
    notes: Notes


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("telltale")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield install(folder)


def options(model: str, **more: object) -> Pii:
    given = {"entities": ["PERSON", "EMAIL_ADDRESS"], "models": {"en": model}, "workers": 1}
    return msgspec.convert({**given, "timeout": 2.0, **more}, Pii)


@pytest.fixture(scope="module")
def refusing(model: str) -> Iterator[testing.Started]:
    with testing.started(options(model)) as started:
        yield started


@pytest.fixture(scope="module")
def lenient(model: str) -> Iterator[testing.Started]:
    with testing.started(options(model, on_failure={"*": "patterns"})) as started:
        yield started


def send(started: testing.Started, *texts: str) -> Sent:
    async def work(chain: Chain) -> Sent:
        dialect, exchange = OpenAIChat(), Exchange()
        messages = [{"role": "user", "content": text} for text in texts]
        request = Request({"model": "m", "messages": messages}, dialect.layout, dialect.add_context)
        error = None
        try:
            async with chain.open(exchange) as run:
                await run.request(request)
        except PrivetError as raised:
            error = raised
        sent = [] if error else [one.text for one in request.texts() if one.turn is not None]
        return Sent(sent, error, exchange.labels, exchange.receipt.plugins["pii"])

    return started.run(work)


def test_nothing_is_degraded_while_all_is_well(lenient: testing.Started) -> None:
    sent = send(lenient, NAMED, "Xanthor")
    assert sent.texts == ["My name is PERSON_1, EMAIL_ADDRESS_1", "PERSON_2"]
    assert "degraded" not in sent.labels
    assert not sent.notes.degraded


@pytest.mark.parametrize("failing", FAILING)
def test_a_failure_refuses_unless_the_policy_says_otherwise(
    refusing: testing.Started, failing: str
) -> None:
    sent = send(refusing, f"{NAMED} {failing}")
    assert sent.error is not None
    assert sent.error.code == "plugin_failed"
    assert "Maria" not in str(sent.error)
    assert not sent.notes.degraded
    assert send(refusing, NAMED).texts == ["My name is PERSON_1, EMAIL_ADDRESS_1"]


@pytest.mark.parametrize("failing", FAILING)
def test_patterns_are_enough_where_the_policy_says_so(
    lenient: testing.Started, failing: str
) -> None:
    sent = send(lenient, f"{NAMED} {failing}")
    assert sent.texts == [f"My name is PERSON_1, EMAIL_ADDRESS_1 {failing}"]
    assert "degraded" in sent.labels
    assert sent.notes.degraded == {("ner", "patterns"): 1}
