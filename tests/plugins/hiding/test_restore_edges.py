"""Restoring where values, placeholders or replies are odd."""

import pytest

from plugins.hiding.restore import RestoreFilter, Restorer

VALUES = {"PERSON_1": "Qadira", "EMAIL_ADDRESS_1": "q@qadira.example"}
OWN = "https://intra.example/u/PERSON_1"


def restore(text: str, values: dict[str, str] = VALUES, texts: tuple[str, ...] = (OWN,)) -> str:
    one = RestoreFilter(Restorer(values, texts))
    return one.feed(text) + one.flush()


@pytest.mark.parametrize(
    "text",
    [
        "[p](mailto:PERSON_1)",
        '"PERSON_1"@evil.example',
        "PERSON_1:x@evil.example",
        "PERSON_1,x@evil.example",
        f"[p]({OWN}",
        f'<a href="{OWN}',
        "<PERSON_9>, <EMAIL_ADDRESS_2>",
    ],
)
def test_what_is_unfinished_unknown_or_part_of_an_address_stays(text: str) -> None:
    assert restore(text) == text


@pytest.mark.parametrize("value", ["<img src=", "![x", "<!-- <style>", "[x]: /y '"])
def test_a_value_may_begin_an_address_like_the_reply_itself(value: str) -> None:
    values = {"PERSON_1": "Qadira", "NOTE_1": value}
    assert restore("NOTE_1 PERSON_1", values) == f"{value} PERSON_1"
    assert restore("NOTE_1 PERSON_1", {**values, "NOTE_1": "x"}) == "x Qadira"


def test_a_part_of_a_word_in_an_address_of_the_request_is_no_placeholder() -> None:
    own = "https://intra.example/XPERSON_1/PERSON_1"
    assert restore(f"[p]({own})", texts=(own,)) == "[p](https://intra.example/XPERSON_1/Qadira)"


def test_only_own_placeholders_count_as_put_back() -> None:
    noted: list[str] = []
    restorer = Restorer(VALUES, [], noted.append)
    restorer.put_back(r"PERSON\_1, PERSON_9 and EMAIL_ADDRESS_1")
    assert noted == ["PERSON_1", "EMAIL_ADDRESS_1"]


def test_restoring_notes_what_it_has_put_back() -> None:
    noted: list[str] = []
    one = RestoreFilter(Restorer(VALUES, [OWN], noted.append))
    one.feed(f"PERSON_1, PERSON_9, [p]({OWN}) and ![x](EMAIL_ADDRESS_1)")
    one.flush()
    assert noted == ["PERSON_1", "PERSON_1"]


def test_a_prefix_of_single_letters_may_be_written_as_markdown_writes_it() -> None:
    assert restore(r"to A\_B\_1, A_B_1 and A\_B_1.", {"A_B_1": "x"}) == "to x, x and x."


def test_what_only_begins_like_an_address_of_the_request_hides_no_placeholder() -> None:
    texts = (",PERSON_1@intra.example ",)
    assert restore("so ,PERSON_1 is here", texts=texts) == "so ,Qadira is here"
    assert restore("so ,PERSON_1@intra.example is", texts=texts) == "so ,Qadira@intra.example is"
