"""What is found in which texts; above all, Presidio's harmful defaults put right."""

import socket
import time
import types

import presidio_analyzer.predefined_recognizers as predefined
import pytest
from presidio_analyzer import EntityRecognizer, LocalRecognizer, Pattern, PatternRecognizer

from plugins.pii.analysis import Analysis, CannotLoad
from plugins.pii.batches import PIECE
from plugins.pii.entities import ENTITIES, KNOWN_ENTITIES, NER_ENTITIES, OWN_ENTITIES
from plugins.pii.lexicon import Lexicon
from plugins.pii.names import Names
from plugins.pii.options import PatternOption, RecogniserOptions

EVERYTHING = (*ENTITIES, "DATE_TIME", "NRP", "ORGANIZATION", "URL")


class Ticket(PatternRecognizer):
    """A recogniser of a user's own."""

    def __init__(self) -> None:
        super().__init__("TICKET", patterns=[Pattern("ticket", r"\bT-\d{4}\b", 0.9)])


class Broken(Ticket):
    """One that fails, quoting the text."""

    def analyze(self, text: str, *_: object, **__: object) -> list[object]:  # type: ignore[override]
        raise ValueError(text)


@pytest.fixture(scope="module")
def default() -> Analysis:
    return Analysis(RecogniserOptions())


@pytest.fixture(scope="module")
def everything() -> Analysis:
    return Analysis(RecogniserOptions(entities=EVERYTHING))


def found(analysis: Analysis, text: str, *, ner: bool = True) -> dict[str, str]:
    """Value to entity."""
    [findings] = analysis.find([text], [ner])
    assert not isinstance(findings, str)
    return {text[one.start : one.end]: one.entity for one in findings}


@pytest.mark.parametrize(
    ("text", "value", "entity"),
    [
        ("My name is Maria Gonzalez.", "Maria Gonzalez", "PERSON"),
        ("Write to john.carter@example.com please", "john.carter@example.com", "EMAIL_ADDRESS"),
        ("to=anna@leak.example;", "anna@leak.example", "EMAIL_ADDRESS"),
        ("Call +47 22 85 50 50 now", "+47 22 85 50 50", "PHONE_NUMBER"),
        ("Pay with 4111 1111 1111 1111 today", "4111 1111 1111 1111", "CREDIT_CARD"),
        ("card 2223-0031-2200-3222", "2223-0031-2200-3222", "CREDIT_CARD"),
        ("amex 378282246310005", "378282246310005", "CREDIT_CARD"),
        ("my card 4111 1111 1111 1112", "4111 1111 1111 1112", "CREDIT_CARD"),
        ("gb82 west 1234 5698 7654 32 they say", "gb82 west 1234 5698 7654 32", "IBAN_CODE"),
        ("BE68539007547034 when they come", "BE68539007547034", "IBAN_CODE"),
        ("SSN 078-05-1120", "078-05-1120", "US_SSN"),
        ("from 203.0.113.7 again", "203.0.113.7", "IP_ADDRESS"),
        ("from 2001:db8::8a2e:370:7334", "2001:db8::8a2e:370:7334", "IP_ADDRESS"),
        ("My passport is 123456789", "123456789", "US_PASSPORT"),
        ("at 221B Baker Street", "221B Baker Street", "LOCATION"),
        ("Sofienberggata 12 is home", "Sofienberggata 12", "LOCATION"),
        ("in Springfield, IL 62704", "IL 62704", "LOCATION"),
    ],
)
def test_personal_values_are_found(default: Analysis, text: str, value: str, entity: str) -> None:
    assert any(value in one and kind == entity for one, kind in found(default, text).items()), (
        found(default, text)
    )


@pytest.mark.parametrize(
    "text",
    [
        "upgrade H1 and A4 at x00",
        "the public policy on A12345 and H1234567",
        "import self.socket.co and document.cr",
        "set a=1, b=2; 10 20 30 40 50",
        "on 2012-10-01 at 00:46:43, or 01/02/2020, or 7.14.1995",
        "order 4155550199 of 1234567890",
        "localhost is 127.0.0.1 or ::1, listen on 0.0.0.0",
        "an amount of 1.234.567,89 or 600 700 800 or 1 000 000",
        "ISBN 978-3-16-148410-0",
        "between 2019-2020 and 1999/2000",
        "call us 5 times in court, 12 years of state street smarts",
        "std::vector<int> a::b",
        "commit 3f2504e0-4f89-11d3-9a0c-0305e82c3301",
    ],
)
def test_ordinary_text_is_left_alone(default: Analysis, text: str) -> None:
    assert found(default, text, ner=False) == {}


@pytest.mark.parametrize(
    "number",
    [
        "07700 900123",
        "415-555-0199",
        "(415) 555-0199",
        "415.555.2671 ext. 12",
        "+1-202-555-0143x123",
        "0047 22 85 50 50",
        "22 85 50 50",
        "91 23 45 67",
        "12 345 67 89",
        "08-123 456 78",
        "040 123 4567",
        "01.23.45.67.89",
        "030/1234567",
    ],
)
def test_phone_numbers_are_found_without_any_context(everything: Analysis, number: str) -> None:
    assert found(everything, f"Reception: {number} (ask for help)") == {number: "PHONE_NUMBER"}


@pytest.mark.parametrize("number", ["555-0199", "600 700 800", "91234567"])
def test_short_and_plain_numbers_are_phones_after_a_context_word(
    default: Analysis, number: str
) -> None:
    assert found(default, f"the quantity {number}", ner=False) == {}
    assert found(default, f"Phone: {number}", ner=False) == {number: "PHONE_NUMBER"}


def test_phones_cards_and_social_security_numbers_are_not_taken_for_dates(
    everything: Analysis,
) -> None:
    text = "Call 07700 900123, pay 4111 1111 1111 1111, I am 078-05-1120."
    assert list(found(everything, text).values()) == ["PHONE_NUMBER", "CREDIT_CARD", "US_SSN"]


def test_a_phone_outlives_a_threshold_above_presidios_score() -> None:
    strict = Analysis(RecogniserOptions(threshold=0.5, languages=(), entities=("PHONE_NUMBER",)))
    assert found(strict, "at 415-555-0199") == {"415-555-0199": "PHONE_NUMBER"}


def test_health_service_numbers_need_their_context(default: Analysis) -> None:
    assert found(default, "order 943 476 5919", ner=False) != {"943 476 5919": "UK_NHS"}
    assert found(default, "my NHS number is 943 476 5919", ner=False) == {"943 476 5919": "UK_NHS"}


def test_context_words_are_whole_words(default: Analysis) -> None:
    assert found(default, "the public number 12345678 in passports123456789", ner=False) == {}
    assert found(default, "driving licence D1234567", ner=False)


def test_an_url_needs_a_scheme_and_is_not_found_within_an_address(everything: Analysis) -> None:
    assert found(everything, "mail anna@gmail.com", ner=False) == {
        "anna@gmail.com": "EMAIL_ADDRESS"
    }
    assert found(everything, "see https://a.example/x?y=1.", ner=False) == {
        "https://a.example/x?y=1": "URL"
    }


def test_nationalities_dates_and_organisations_are_left_alone_unless_asked_for(
    default: Analysis, everything: Analysis
) -> None:
    text = "The American team met Microsoft on Monday."
    assert found(default, text) == {}
    assert set(found(everything, text).values()) == {"NRP", "ORGANIZATION", "DATE_TIME"}


def test_durations_are_no_dates(everything: Analysis) -> None:
    text = "We met on 3 May 2021 and on Monday, a few months ago, for two days in the 60s."
    dates = [value for value, entity in found(everything, text).items() if entity == "DATE_TIME"]
    assert dates == ["3 May 2021", "Monday"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("I met Mr. John Carter yesterday.", "John Carter"),
        ("This is Maria Gonzalez's dog.", "Maria Gonzalez"),
        ("Regards,\nMaria Gonzalez\nPhone: none", "Maria Gonzalez"),
    ],
)
def test_names_come_without_titles_endings_and_the_next_line(
    default: Analysis, text: str, name: str
) -> None:
    assert found(default, text) == {name: "PERSON"}


def test_thresholds_deny_allow_and_patterns() -> None:
    analysis = Analysis(
        RecogniserOptions(
            entities=("EMAIL_ADDRESS",),
            languages=(),
            deny={"PROJECT": ("Blue Whale", "Blue")},
            allow=("Info@Example.com",),
            patterns=(PatternOption("STAFF", r"\bS\d{5}\b", 0.2, ("staff",)),),
            thresholds={"STAFF": 0.5},
        )
    )
    text = "blue whale and S12345 as well as info@example.com; staff S54321"
    assert found(analysis, text) == {"blue whale": "PROJECT", "S54321": "STAFF"}


def test_a_recogniser_of_the_users_own_is_plugged_in_by_its_path() -> None:
    analysis = Analysis(RecogniserOptions(entities=(), recognisers=(f"{__name__}:Ticket",)))
    assert found(analysis, "see T-1234") == {"T-1234": "TICKET"}


def test_a_recogniser_that_fails_fails_its_text_alone_and_is_not_quoted() -> None:
    analysis = Analysis(RecogniserOptions(recognisers=(f"{__name__}:Broken",)))
    [findings] = analysis.find(["Maria Gonzalez"], [True])
    assert findings == "the recogniser Broken raised ValueError"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (RecogniserOptions(entities=("EMAIL",), languages=()), "`EMAIL`"),
        (RecogniserOptions(models={"en": "en_core_web_none"}), "`en_core_web_none`"),
        (RecogniserOptions(recognisers=("nowhere:Class",)), "`nowhere:Class`"),
        (RecogniserOptions(recognisers=("os:getcwd",)), "`os:getcwd`"),
    ],
)
def test_what_cannot_be_loaded_is_named(options: RecogniserOptions, words: str) -> None:
    with pytest.raises(CannotLoad, match=words):
        Analysis(options)


def test_the_first_address_does_not_reach_for_the_network(
    default: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("reached for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert found(default, "x@example.co.uk", ner=False) == {"x@example.co.uk": "EMAIL_ADDRESS"}


def test_the_known_entities_are_those_that_presidio_and_we_find() -> None:
    stock = {
        entity
        for kind in vars(predefined).values()
        if isinstance(kind, type)
        and issubclass(kind, LocalRecognizer)
        and kind.__module__.split(".")[2] in ("generic", "country_specific")
        for entity in _made(kind).supported_entities
    }
    assert stock | NER_ENTITIES | OWN_ENTITIES == KNOWN_ENTITIES


def test_every_known_entity_can_be_asked_for() -> None:
    Analysis(RecogniserOptions(entities=tuple(sorted(KNOWN_ENTITIES)), languages=()))


UNITS = ["1 ", "a.", "+1", "(1) ", "Aa ", "1.1.", "::", "x@y.", "12-34 ", "12 ", "22 85 ", "+4 5 "]


@pytest.mark.parametrize("unit", UNITS)
def test_no_text_of_a_pieces_length_takes_the_patterns_long(default: Analysis, unit: str) -> None:
    text = (unit * PIECE)[:PIECE]
    began = time.process_time()
    default.find([text], [False])
    assert time.process_time() - began < 1.0


def test_a_name_that_the_model_takes_for_an_organisation_counts_unless_the_threshold_is_raised(
    default: Analysis,
) -> None:
    text = "Ask Thelma Mitchell or write to Microsoft and The Clean Power Finance."
    label = types.SimpleNamespace(label_="ORG", start_char=4, end_char=19)
    artifacts = types.SimpleNamespace(entities=[label])
    [one] = Names(frozenset({"PERSON"}), Lexicon(None)).analyze(text, [], artifacts)  # type: ignore[arg-type]
    assert (one.entity_type, one.start, one.end) == ("PERSON", 4, 19)
    assert 0.4 <= one.score <= 0.5
    for value in ("Microsoft", "The Clean Power Finance"):
        label.start_char = text.index(value)
        label.end_char = label.start_char + len(value)
        assert not Names(frozenset({"PERSON"}), Lexicon(None)).analyze(text, [], artifacts)  # type: ignore[arg-type]


def _made(kind: type[EntityRecognizer]) -> EntityRecognizer:
    return kind()  # pyright: ignore[reportCallIssue]
