"""Values that are split over several texts."""

from collections.abc import Iterable

import pytest

from pipeline import Text
from plugins.finding.spans import Span
from plugins.pii.analysis import Analysis
from plugins.pii.joined import JOINED, WINDOW, bridges, with_fragments
from plugins.pii.options import RecogniserOptions


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return Analysis(RecogniserOptions())


def user(*texts: str) -> list[Text]:
    return [Text(text, role="user", turn=0) for text in texts]


def numbers(*values: int) -> list[Text]:
    return [Text(str(value), "number", role="assistant", turn=0) for value in values]


def hidden(analysis: Analysis, texts: list[Text]) -> list[list[str]]:
    """The values that are found in each text, as an integrator calls for them."""
    between = bridges(texts)
    asked = [one.text for one in texts] + [one.text for one in between]
    answers = analysis.find(asked, [True] * len(texts) + [False] * len(between))
    found = [spans for spans in answers if not isinstance(spans, str)]
    sources = [one.text for one in texts]
    joined = with_fragments(sources, found[: len(texts)], between, found[len(texts) :])
    return [
        [text[span.start : span.end] for span in spans]
        for text, spans in zip(sources, joined, strict=True)
    ]


LONG = "This is a long text that has nothing to hide and goes on for a while, as such texts do. "


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (user("My card is 4111 1111", "1111 1111 ok"), ["4111 1111", "1111 1111"]),
        (user("My card is 4111 1111 \n", "\n 1111 1111"), ["4111 1111", "1111 1111"]),
        (user(LONG + "card 4111 11", "11 1111 1111 " + LONG), ["4111 11", "11 1111 1111"]),
        (user("4111", "1111", "1111", "1111"), ["4111", "1111", "1111", "1111"]),
        (user("write to anna.berg@", "example.org"), ["anna.berg@", "example.org"]),
        (user("write to anna.b", "erg@example.org"), ["anna.b", "erg@example.org"]),
        (user("to DE89 3704 0044", "0532 0130 00"), ["DE89 3704 0044", "0532 0130 00"]),
        (user("my SSN is 219-0", "9-9998"), ["219-0", "9-9998"]),
        (user("+44 20 7946", "0958"), ["+44 20 7946", "0958"]),
        (user("card \uff14\uff11\uff11\uff11 1111", "11\u200b11 1111"), None),
        (numbers(4111, 1111, 1111, 1111), ["4111", "1111", "1111", "1111"]),
    ],
)
def test_every_fragment_is_found(
    analysis: Analysis, texts: list[Text], values: list[str] | None
) -> None:
    found = [value for each in hidden(analysis, texts) for value in each]
    assert found == (values or ["\uff14\uff11\uff11\uff11 1111", "11\u200b11 1111"])


def test_next_message_of_the_same_role(analysis: Analysis) -> None:
    texts = [
        Text("My card is 4111 1111", role="user", turn=1),
        Text("Please go on, I am listening.", role="assistant", turn=2),
        Text("1111 1111", role="user", turn=3),
    ]
    assert hidden(analysis, texts) == [["4111 1111"], [], ["1111 1111"]]


def test_keys_between_are_passed_over_and_end_arrays(analysis: Analysis) -> None:
    def key(name: str) -> Text:
        return Text(name, "key", role="assistant", turn=0)

    parts = [key("first"), *user("4111 1111"), key("second"), *user("1111 1111")]
    assert hidden(analysis, parts) == [[], ["4111 1111"], [], ["1111 1111"]]
    array = [key("id"), *numbers(17), key("card"), *numbers(4111, 1111, 1111, 1111)]
    assert hidden(analysis, array) == [[], [], [], *[["4111"], *[["1111"]] * 3]]


@pytest.mark.parametrize(
    "texts",
    [
        numbers(*[4111, 1111, 1111, 1111] * 5),
        numbers(3, 14, 15, 92, 65, 35),
        user("I was born in 2001", "42 is the answer"),
        user("Ask Anna", "berg@example.org is new", LONG),
        user(LONG, LONG, "Thanks.", LONG),
        [],
        user("", " ", "\n"),
    ],
)
def test_nothing_is_joined_by_chance(analysis: Analysis, texts: list[Text]) -> None:
    between = bridges(texts)
    for index, span in fragments(analysis, texts):
        raise AssertionError((index, span, between))


def fragments(analysis: Analysis, texts: list[Text]) -> Iterable[tuple[int, Span]]:
    for bridge in bridges(texts):
        [spans] = analysis.find([bridge.text], [False])
        assert not isinstance(spans, str)
        yield from bridge.fragments(spans)


def test_prose_has_no_bridges() -> None:
    assert bridges(user(LONG, "Hello there!", LONG, "Write to anna@example.org.", "Thanks")) == []


def test_bridges_are_short() -> None:
    texts = user(LONG * 100 + "4111 1111", "1111 1111 " + LONG * 100)
    assert [len(one.text) for one in bridges(texts)] == [2 * WINDOW + 1]


def test_what_lies_in_one_text_is_no_fragment(analysis: Analysis) -> None:
    texts = user("to anna@example.org, card 4111 1111", "1111 1111 of bob@example.org")
    assert len(list(fragments(analysis, texts))) == 2


def test_fragment_cuts_no_wider_finding() -> None:
    texts = user("4111 1111", "1111 1111")
    [bridge] = bridges(texts)
    wider = Span(0, 9, "PERSON", 0.85, "ner")
    card = Span(0, 19, "CREDIT_CARD", 1.0, "Card")
    [first, second] = with_fragments(["4111 1111", "1111 1111"], [[wider], []], [bridge], [[card]])
    assert first == [wider]
    assert second == [Span(0, 9, "CREDIT_CARD", 1.0, JOINED)]


def test_fragments_say_what_they_are(analysis: Analysis) -> None:
    found = list(fragments(analysis, user("card 4111 1111", "1111 1111")))
    assert [(index, span.source) for index, span in found] == [(0, JOINED), (1, JOINED)]
