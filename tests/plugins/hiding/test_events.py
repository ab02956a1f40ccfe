"""What is kept of one exchange for others are names, and nobody's words."""

from plugins.hiding.events import Events, known_events
from plugins.hiding.restore import Restorer


def test_events_are_shared_where_they_are_made_of_placeholders_alone() -> None:
    one = Restorer({"PERSON_1": "Qadira", "EMAIL_ADDRESS_1": "q@x.example"}, ["PERSON_1 wrote"])
    other = Restorer({"PERSON_1": "Anna", "EMAIL_ADDRESS_1": "a@x.example"}, ["to PERSON_1"])
    assert one.events is other.events
    assert one.restored("PERSON_1") == "Qadira"
    assert other.restored("PERSON_1") == "Anna"


def test_words_of_a_request_and_many_placeholders_are_kept_nowhere() -> None:
    before = known_events.cache_info().currsize
    texts = ["at https://intra.example/u/PERSON_1 "]
    one, other = (Restorer({"PERSON_1": "Qadira"}, texts) for _ in range(2))
    assert one.events is not other.events
    Restorer({f"PERSON_{number}": "x" for number in range(1, 99)}, [])
    assert known_events.cache_info().currsize == before


def test_an_event_is_found_wherever_the_whole_pattern_finds_it() -> None:
    events = Events(("A_B_1", "PERSON_1"), (",PERSON_1@x.example", "https://x.example/PERSON_1"))
    whole = events._event  # pyright: ignore[reportPrivateUsage]
    text = r"h,PERSON\_1 ,PERSON_1@x.example !![ A\_B\_1 hhttps://x.example/PERSON_1 <]! ht\P"
    for at in range(len(text)):
        found, expected = events.next(text, at), whole.search(text, at)
        assert (found and found.span()) == (expected and expected.span())
