"""Tiers that fail: what stands in for them is enough where the policy says so, and nowhere else."""

import os
import signal
from collections.abc import Collection, Iterator, Sequence

import msgspec
import pytest
from presidio_analyzer import PatternRecognizer
from telltale import install

from pipeline import Channel, Exchange, PrivetError, Request, testing
from pipeline.core.chain import Chain
from pipeline.core.frames import Frame, Piece
from pipeline.core.receipt import Notes
from pipeline.dialects.openai import OpenAIChat
from plugins.finding.spans import Span
from plugins.pii import Pii
from plugins.pii.batches import PIECE
from plugins.pii.degrees import Degrees, Found, StandIn, TierFailed
from plugins.pii.options import RecogniserOptions

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
    with testing.started(options(model), timeout=60.0) as started:
        yield started


@pytest.fixture(scope="module")
def lenient(model: str) -> Iterator[testing.Started]:
    chosen = options(model, output=True, on_failure={"*": "patterns"})
    with testing.started(chosen, timeout=60.0) as started:
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


def test_a_text_that_a_model_raises_on_takes_nothing_from_others(lenient: testing.Started) -> None:
    sent = send(lenient, f"{NAMED} RAISE Xanthor", "But Xanthor went.", "So did John Carter.")
    assert sent.texts == [
        "My name is PERSON_1, EMAIL_ADDRESS_1 RAISE PERSON_2",  # By the sweep alone.
        "But PERSON_2 went.",
        "So did PERSON_3.",
    ]
    assert sent.notes.degraded == {("ner", "patterns"): 1}


def test_a_batch_that_cost_a_worker_is_looked_at_without_the_tier(
    lenient: testing.Started,
) -> None:
    sent = send(lenient, f"{NAMED} KILL", "And Xanthor went.")
    assert sent.texts == ["My name is PERSON_1, EMAIL_ADDRESS_1 KILL", "And Xanthor went."]
    assert sent.notes.degraded == {("ner", "patterns"): 2}
    assert not send(lenient, "But Xanthor went.").notes.degraded


def test_a_long_text_counts_once(lenient: testing.Started) -> None:
    long = "word " * (PIECE // 2)
    sent = send(lenient, f"{long} {NAMED} RAISE {long} RAISE {long}")
    assert "Maria" not in sent.texts[0]
    assert sent.notes.degraded == {("ner", "patterns"): 1}


def test_what_was_found_meanwhile_is_not_remembered(lenient: testing.Started) -> None:
    assert send(lenient, "ONCE Xanthor").notes.degraded
    again = send(lenient, "ONCE Xanthor")
    assert again.texts == ["ONCE PERSON_1"]
    assert not again.notes.degraded


def test_every_entity_needs_a_stand_in(model: str) -> None:
    entities = ["PERSON", "LOCATION", "EMAIL_ADDRESS"]
    for more, allowed in (({"PERSON": "patterns"}, False), ({"*": "patterns"}, True)):
        chosen = options(model, entities=entities, on_failure=more)
        assert (chosen.degrees.more((), "ner") is not None) == allowed


def test_replies_are_degraded_in_the_same_way(lenient: testing.Started) -> None:
    async def work(chain: Chain) -> tuple[str, Exchange]:
        dialect, exchange = OpenAIChat(), Exchange()
        body = {"model": "m", "messages": [{"role": "user", "content": "Who?"}]}
        place = {"text": f"{NAMED} RAISE."}
        channel = Channel("content")
        async with chain.open(exchange) as run:
            await run.request(Request(body, dialect.layout, dialect.add_context))
            piece = Piece(channel, place["text"], place, "text")
            frame = Frame(place, pieces=[piece], closes=(channel,))
            [out] = await run.reply(frame, dialect.reader(body))
        return out.pieces[0].text, exchange

    text, exchange = lenient.run(work)
    assert text == "My name is [PERSON], [EMAIL_ADDRESS] RAISE."
    assert "degraded" in exchange.labels
    assert exchange.receipt.plugins["pii"].degraded == {("ner", "patterns"): 1}


class Own(PatternRecognizer):
    """A recogniser of the user's own, which fails where a text says so."""

    def __init__(self) -> None:
        super().__init__("OWN", deny_list=["Falcon"])

    def analyze(self, text: str, *arguments: object, **named: object) -> list[object]:  # type: ignore[override]
        if "OWN RAISES" in text:
            raise ValueError(text)
        if "OWN KILLS" in text:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().analyze(text, *arguments, **named)  # type: ignore[arg-type, return-value]


def test_nothing_stands_in_for_patterns_and_own_recognisers(model: str) -> None:
    chosen = options(model, on_failure={"*": "patterns"}, recognisers=[f"{__name__}:Own"])
    assert chosen.problems() == []
    with testing.started(chosen, timeout=60.0) as started:
        for failing in ("OWN RAISES", "OWN KILLS"):
            sent = send(started, f"{NAMED} {failing}")
            assert sent.error is not None
            assert not sent.notes.degraded
        assert send(started, "Falcon RAISE").texts == ["OWN_1 RAISE"]


# The policy


LOOKING = {
    "PERSON": ("patterns", "ner", "model"),
    "ORGANIZATION": ("ner", "model"),
    "NRP": ("ner",),
    "IBAN_CODE": ("patterns",),
}


@pytest.mark.parametrize(
    ("enough", "failed", "stand_ins"),
    [
        ({}, {"ner"}, None),
        ({"*": "patterns"}, {"patterns"}, None),
        ({"PERSON": "patterns", "ORGANIZATION": "model"}, {"ner"}, None),
        ({"PERSON": "patterns"}, {"model"}, None),
        (
            {"PERSON": "patterns", "ORGANIZATION": "ner"},
            {"model"},
            {StandIn("model", "patterns"), StandIn("model", "ner")},
        ),
        ({"*": "ner"}, {"model"}, {StandIn("model", "ner")}),
        ({"*": "ner"}, {"ner"}, None),
        ({"*": "ner", "PERSON": "patterns"}, {"model", "ner"}, None),
        ({}, set(), set()),
    ],
)
def test_stand_ins_follow_from_the_policy(
    enough: dict[str, str], failed: set[str], stand_ins: set[StandIn] | None
) -> None:
    assert Degrees(LOOKING, enough).stand_ins(failed) == stand_ins


def test_nothing_stands_in_for_patterns() -> None:
    assert Degrees({"PERSON": ("patterns", "ner")}, {"PERSON": "ner"}).more((), "patterns") is None


class Failing:
    """Tiers that fail on a text that names them; `model` reads no German, and nobody Polish."""

    def __init__(self) -> None:
        self.asked: list[tuple[list[str], set[str]]] = []

    def find(
        self, texts: Sequence[str], ner: Sequence[bool], without: Collection[str]
    ) -> list[list[Span] | str]:
        self.asked.append(([*texts], {*without}))
        return [
            next((TierFailed(one, "no") for one in text.split() if one in LEFT - {*without}), [])
            for text in texts
        ]

    def reads(self, tier: str, text: str) -> bool:
        unknown = {"ner": ("polish",), "model": ("polish", "german")}.get(tier, ())
        return not any(language in text for language in unknown)


LEFT = {"patterns", "ner", "model"}


def test_a_text_is_looked_at_again_without_each_tier_that_fails() -> None:
    degrees = Degrees({"PERSON": ("patterns", "ner", "model")}, {"PERSON": "patterns"})
    tiers = Failing()
    texts = ["", "ner", "ner model", "patterns", "model patterns"]
    assert degrees.recognised(tiers, texts, [True] * 5, ()) == [
        Found([], []),
        Found([], ["ner"]),
        Found([], ["model", "ner"]),
        "no",
        "no",
    ]
    assert tiers.asked[0] == (texts, set())
    assert sorted(len(without) for _, without in tiers.asked) == [0, 1, 1, 2]


def test_a_tier_that_fails_though_it_does_not_look_is_not_tried_for_ever() -> None:
    class Stubborn(Failing):
        def find(
            self, texts: Sequence[str], ner: Sequence[bool], without: Collection[str]
        ) -> list[list[Span] | str]:
            return [TierFailed("ner", "no") for _ in texts]

    degrees = Degrees({"PERSON": ("patterns", "ner")}, {"PERSON": "patterns"})
    assert degrees.recognised(Stubborn(), ["a"], [True], ()) == ["no"]
    assert degrees.more({"ner"}, "ner") is None


def test_only_what_a_tier_would_have_looked_at_counts() -> None:
    """A whole batch is looked at without a tier, with identifiers and other languages in it."""
    degrees = Degrees({"PERSON": ("patterns", "ner", "model")}, {"PERSON": "patterns"})
    texts, ner = ["english", "polish", "identifier"], [True, True, False]
    found = degrees.recognised(Failing(), texts, ner, ["ner"])
    assert found == [Found([], ["ner"]), Found([], []), Found([], [])]


def test_what_stands_in_must_know_the_language() -> None:
    degrees = Degrees({"PERSON": ("patterns", "ner", "model")}, {"PERSON": "model"})
    english, german, polish = degrees.recognised(
        Failing(), ["english ner", "german ner", "polish"], [True] * 3, ["ner"]
    )
    assert english == Found([], ["ner"])
    assert german == "what stands in for a tier that failed cannot read its language"
    assert polish == Found([], [])


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"PRESON": "patterns"}, "nothing looks for `PRESON`; did you mean `PERSON`?"),
        ({"DATE_TIME": "patterns"}, "nothing looks for `DATE_TIME`"),
        ({"ORGANIZATION": "patterns"}, "`patterns` does not look for `ORGANIZATION`; for"),
        ({"PERSON": "ner"}, "`ner` would stand in for itself alone, looking for `PERSON`; for"),
        ({"IBAN_CODE": "patterns"}, "`IBAN_CODE` is looked for by `patterns` alone"),
        ({"*": "ner", "ORGANIZATION": "refuse"}, "`ner` would stand in for itself alone"),
        (
            {"*": "patterns", "PERSON": "patterns", "ORGANIZATION": "refuse"},
            "there is nothing left that `*` stands for; remove it",
        ),
    ],
)
def test_nonsense_in_the_policy_is_told(more: dict[str, str], problem: str) -> None:
    entities = ["PERSON", "ORGANIZATION", "IBAN_CODE"]
    chosen = msgspec.convert({"entities": entities, "on_failure": more}, RecogniserOptions)
    [told] = chosen.problems()
    assert told.startswith("on_failure: ")
    assert problem in told


def test_sense_in_the_policy_is_not_told() -> None:
    for more in (
        {"PERSON": "patterns"},
        {"PERSON": "patterns", "LOCATION": "refuse"},
        {"*": "patterns"},
    ):
        assert msgspec.convert({"on_failure": more}, RecogniserOptions).problems() == []
