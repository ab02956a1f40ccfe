"""Which action is asked for, and in which channels values come back."""

import pytest

from pipeline import Channel
from plugins.hiding.policy import Policy, may_restore, strictest


def test_the_role_comes_first_and_the_entity_before_all() -> None:
    policy = Policy(
        {"PERSON": "mask", "*": "hash"}, {"tool": {"*": "remove"}, "outside": {"PERSON": "block"}}
    )
    assert policy.action("PERSON", "user") == "mask"
    assert policy.action("US_SSN", "user") == "hash"
    assert policy.action("PERSON", "tool") == "remove"
    assert policy.action("PERSON", "") == "block"
    assert policy.action("US_SSN", "") == "hash"
    assert Policy().action("PERSON", "user") == "replace"


def test_what_changes_with_the_request_is_hashed_in_an_index() -> None:
    policy = Policy({"PERSON": "replace", "URL": "surrogate", "US_SSN": "block"})
    index = policy.for_embeddings({})
    assert [index.action(one, "") for one in ("PERSON", "URL", "US_SSN", "AGE")] == [
        "hash",
        "hash",
        "block",
        "hash",
    ]
    assert policy.for_embeddings({"AGE": "keep"}).action("AGE", "") == "keep"


def test_the_stricter_of_two_actions_wins() -> None:
    assert strictest("keep", "replace") == strictest("replace", "keep") == "replace"
    assert strictest("block", "remove") == "block"


@pytest.mark.parametrize(
    ("kind", "tool", "kinds", "tools", "comes_back"),
    [
        ("content", "", ("content",), (), True),
        ("reasoning", "", ("content",), ("*",), False),
        ("arguments", "mail", ("content",), ("*",), False),
        ("arguments", "mail", ("arguments",), ("*",), True),
        ("arguments", "mail", ("arguments",), ("mail",), True),
        ("arguments", "search", ("arguments",), ("mail",), False),
        ("arguments", "", ("arguments",), ("mail",), False),
    ],
)
def test_values_come_back_where_they_are_wanted(
    kind: str, tool: str, kinds: tuple[str, ...], tools: tuple[str, ...], comes_back: bool
) -> None:
    channel = Channel(kind=kind, tool=tool)  # pyright: ignore[reportArgumentType]
    assert may_restore(channel, kinds, tools) is comes_back
