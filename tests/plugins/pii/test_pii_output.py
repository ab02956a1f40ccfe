"""Personal data that the model brings up itself does not reach the client."""

from collections.abc import Iterator
from contextlib import AsyncExitStack

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import Channel, Exchange, testing
from pipeline.core.errors import PluginFailed
from plugins.pii import Pii
from plugins.pii.output import LONGEST, Sentences
from tests.plugins.pii.known import ANNA, BO, CARD, MAIL, KnowingPii

MARKING = KnowingPii(output=True)


def said(plugin: Pii, request: str, reply: str) -> str:
    return testing.exchange(plugin, request, reply).text


def test_it_is_off_unless_asked_for() -> None:
    assert said(KnowingPii(), "who?", f"It was {BO}.") == f"It was {BO}."


def test_what_the_model_brings_up_is_marked() -> None:
    reply = f"It was {BO}, {MAIL}! PERSON_1 paid with {CARD}"
    assert said(MARKING, f"I am {ANNA}.", reply) == (
        f"It was [PERSON], [EMAIL_ADDRESS]! {ANNA} paid with [CREDIT_CARD]"
    )


def test_what_the_caller_said_is_not() -> None:
    """Hidden or kept, in any spelling, and a part of a name."""
    plugin = KnowingPii(
        output=True,
        values={ANNA: "PERSON", "Berg": "PERSON", "berg": "PERSON", BO: "PERSON"},
        role_actions={"user": {"PERSON": "keep"}},
    )
    assert (
        said(plugin, ANNA, f"Dear {ANNA}, Berg, berg, {BO}") == f"Dear {ANNA}, Berg, berg, [PERSON]"
    )


def test_what_the_policy_keeps_is_kept() -> None:
    plugin = KnowingPii(output=True, role_actions={"assistant": {"PERSON": "keep"}})
    assert said(plugin, "x", f"{BO} has {CARD}") == f"{BO} has [CREDIT_CARD]"


def test_a_surrogate_is_not_marked() -> None:
    plugin = KnowingPii(actions={"PERSON": "surrogate"})
    made = str(testing.redact(plugin, ANNA))
    values = {ANNA: "PERSON", made: "PERSON"}
    plugin = KnowingPii(output=True, values=values, actions={"PERSON": "surrogate"})
    assert said(plugin, ANNA, f"Dear {made}") == f"Dear {made}"


def test_a_finding_around_a_placeholder_leaves_the_placeholder() -> None:
    for whole, reply, expected in (
        (f"{ANNA} Smith", "PERSON_1 Smith.", f"{ANNA} [PERSON]."),
        (f"Dr {ANNA}", "Dr PERSON_1.", f"Dr {ANNA}."),
        (f"Mrs {ANNA}", "Mrs PERSON_1.", f"Mrs {ANNA}."),
        (f"{ANNA} {BO}", f"PERSON_1 {BO}, not PERSON_2.", f"{ANNA} {BO}, not {BO}."),
        (f"{ANNA}'s", "PERSON_1's.", f"{ANNA}'s."),
        (f"{ANNA} {BO}", "PERSON_1 PERSON_2.", f"{ANNA} {BO}."),
        (f"to {BO}", f"PERSON_1 to {BO}.", f"{ANNA} [PERSON]."),
    ):
        values = dict.fromkeys((whole, ANNA, BO), "PERSON")
        plugin = KnowingPii(output=True, values=values)
        request = f"{ANNA}, {BO}" if "PERSON_2" in reply else ANNA
        assert said(plugin, request, reply) == expected


def test_values_that_are_not_restored_stay_hidden() -> None:
    plugin = KnowingPii(output=True, restore=())
    assert said(plugin, ANNA, f"PERSON_1 and {BO}") == "PERSON_1 and [PERSON]"


def test_every_text_of_a_reply_is_looked_at() -> None:
    """Content, reasoning, refusals, and each string of a tool call's arguments."""
    for stream in (True, False):
        result = testing.exchange(MARKING, ANNA, testing.sample_reply(BO), stream=stream)
        assert {one.kind for one in result.texts} >= {
            "content",
            "reasoning",
            "refusal",
            "arguments",
        }
        assert BO not in result.raw.decode()
        for channel, text in result.texts.items():
            assert "[PERSON]" in text, channel


@given(st.text(alphabet="aB1.!?\n \"')。", max_size=1200), st.lists(st.integers(0, 1200)))
@settings(max_examples=300)
def test_sentences_do_not_depend_on_the_cut(text: str, at: list[int]) -> None:
    def cut(*pieces: str) -> list[str]:
        sentences, found = Sentences(), list[str]()
        for piece in pieces:
            sentences.feed(piece)
            found += sentences.take()
        sentences.flush()
        return found + sentences.take()

    whole = cut(text)
    assert "".join(whole) == text
    assert all(len(one) <= LONGEST for one in whole)
    assert cut(*text) == whole
    assert cut(*testing.pieces(text, sorted({one for one in at if 0 < one < len(text)}))) == whole


def test_no_more_than_the_longest_is_held() -> None:
    sentences = Sentences()
    for _ in range(LONGEST - 1):
        sentences.feed("x")
        assert sentences.take() == []
    sentences.feed("x")
    assert sentences.take() == ["x" * LONGEST]


def test_a_long_sentence_is_not_cut_within_a_name() -> None:
    sentence = "so " * 131 + f"said {BO} then"
    assert said(MARKING, "x", sentence) == "so " * 131 + "said [PERSON] then"


def test_law_1_in_every_cut() -> None:
    reply = f"PERSON_1 met {BO}. He has {CARD}!\nSee http://x.example/PERSON_1, {MAIL}. Bye"
    testing.check_cut_independence(MARKING, reply, request=f"I am {ANNA}.")


def test_a_sentence_is_given_as_soon_as_it_ends() -> None:
    async def main() -> None:
        async with AsyncExitStack() as stack:
            step = (await MARKING.start(stack))(Exchange())
            one = step.on_text(Channel("content"))
            assert one is not None
            got = one.feed("It was Bo Ek then. And th")
            assert not isinstance(got, str)
            assert await got == "It was [PERSON] then. "

    anyio.run(main)


def test_the_receipt_counts_marks() -> None:
    exchange = Exchange()
    exchange.receipt.at = "pii"

    async def main() -> None:
        async with AsyncExitStack() as stack:
            step = (await MARKING.start(stack))(exchange)
            one = step.on_text(Channel("content"))
            assert one is not None
            for got in (one.feed(f"{BO} and {BO}. "), one.flush()):
                assert not isinstance(got, str)
                await got

    anyio.run(main)
    assert exchange.receipt.plugins["pii"].found == {("content", "PERSON", "mark"): 2}


@pytest.fixture(scope="module")
def real() -> Iterator[testing.Started]:
    with testing.started(Pii(workers=1, output=True)) as started:
        yield started


def test_the_laws_hold_with_the_real_recogniser(real: testing.Started) -> None:
    reply = "Dear PERSON_1, (PERSON_2) met Thomas Miller. Mail tom@miller.example.\nBye."
    request = "I am Maria Gonzalez, he is Robert Fischer."
    assert testing.exchange(real, request, reply).text == (
        "Dear Maria Gonzalez, (Robert Fischer) met [PERSON]. Mail [EMAIL_ADDRESS].\nBye."
    )
    testing.check_cut_independence(real, reply, request=request)
    testing.check_isolation(real, (request, reply), ("Hello.", reply))
    testing.check_closed_on_failure(real, request, reply)
    testing.check_broken_stream(real, reply, request=request)
    testing.check_restore_order(real, "john.carter@example.com")


def test_a_recogniser_that_fails_ends_the_reply() -> None:
    plugin = KnowingPii(output=True, values={BO: "PERSON"}, fails_on="was")
    for stream in (True, False):
        result = testing.exchange(plugin, "Hello.", f"Hm.\nIt was {BO}.", stream=stream)
        assert isinstance(result.error, PluginFailed)
        assert BO not in result.raw.decode()
