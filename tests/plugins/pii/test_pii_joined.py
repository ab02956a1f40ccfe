"""Values that are split over texts, or disguised where nobody recognised them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from pipeline import Rejected, Text, testing
from plugins.finding.spans import Span
from plugins.hiding.redaction import Redaction
from plugins.pii import Pii


@pytest.fixture(scope="module")
def pii() -> Iterator[testing.Started]:
    with testing.started(Pii(workers=1)) as started:
        yield started


def chat(*messages: Any) -> dict[str, Any]:
    return {"model": "m", "messages": list(messages)}


def parts(*texts: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "text", "text": text} for text in texts]}


@pytest.mark.parametrize(
    "body",
    [
        chat(parts("My card is 4111 1111", "1111 1111, thanks")),
        chat(
            {"role": "user", "content": "My card is 4111 1111"},
            {"role": "user", "content": "1111 1111, thanks"},
        ),
    ],
)
def test_a_card_that_is_split_over_texts_is_hidden(pii: testing.Started, body: dict[str, Any]):
    saw = json.dumps(testing.exchange(pii, body).saw)
    assert "1111" not in saw
    assert "thanks" in saw


def test_a_fragment_is_not_hidden_elsewhere(pii: testing.Started):
    body = chat(parts("My card is 4111 1111", "1111 1111"), parts("room 1111 1111"))
    assert "room 1111 1111" in json.dumps(testing.exchange(pii, body).saw)


def test_fragments_are_restored(pii: testing.Started):
    body = chat(parts("My card is 4111 1111", "1111 1111, thanks"))
    seen = testing.exchange(pii, body).saw
    assert seen is not None
    texts = [part["text"] for part in seen["messages"][0]["content"]]
    reply = testing.exchange(pii, body, " | ".join(texts)).text
    assert reply == "My card is 4111 1111 | 1111 1111, thanks"


@pytest.mark.parametrize(
    "disguised", ["anna%2Eberg%40x%2Eexample", "anna\\u002eberg\\u0040x.example"]
)
def test_a_known_value_is_found_behind_a_disguise(disguised: str):
    texts = [Text("anna.berg@x.example"), Text(f"see {disguised}!")]
    redaction = Redaction(shortest=3, surest=0.6)
    redaction.apply(texts, [[Span(0, 19, "EMAIL_ADDRESS", 1.0, "test")], []])
    assert texts[1].text == "see EMAIL_ADDRESS_1a!"
    assert redaction.vault.values["EMAIL_ADDRESS_1a"] == disguised


def test_a_placeholder_is_nobodys_name():
    texts = [Text("in PASSWORD_12.")]
    Redaction(shortest=3, surest=0.6).apply(texts, [[Span(3, 14, "LOCATION", 0.85, "ner")]])
    assert texts[0].text == "in PASSWORD_12."


def test_a_language_without_a_model_is_refused_where_the_options_say_so():
    text = "Ich habe gestern mit meiner Schwester gesprochen und sie kommt am Sonntag nach Hause."
    with testing.started(Pii(workers=1, unknown_language="refuse")) as strict:
        refused = testing.exchange(strict, text)
        assert isinstance(refused.error, Rejected)
        assert "`de`" in str(refused.error)
        assert testing.exchange(strict, "I spoke with my sister and she comes home.").saw


def test_prose_where_structure_should_be_is_searched_for_names(pii: testing.Started):
    call = {"role": "tool", "tool_call_id": "My name is Maria Gonzalez", "content": "ok"}
    for body in (chat(call), {**chat(), "My boss is Maria Gonzalez": 1}):
        result = testing.exchange(pii, body)
        assert isinstance(result.error, Rejected)
        assert result.saw is None
