import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.errors import UnknownModel
from pipeline.setup.config import RouteConfig
from pipeline.setup.routes import Routes, matches


def routes(names: Sequence[str]) -> Routes:
    return Routes({name: RouteConfig(backend=name) for name in names})


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("gpt-4", "gpt-4"),
        ("gpt-4o", "gpt-4*"),
        ("gpt-5", "gpt-*"),
        ("claude", "*"),
        ("", "*"),
        ("x-mini", "*-mini"),
        ("gpt-*", "gpt-*"),
    ],
)
def test_exact_names_win_and_then_the_longest(model: str, name: str):
    found = routes(["*", "gpt-*", "gpt-4", "gpt-4*", "*-mini"]).find(model)
    assert (found.name, found.to.backend) == (name, name)


def test_an_unknown_model_is_not_repeated():
    with pytest.raises(UnknownModel) as caught:
        routes(["gpt-*"]).find("canary-value")
    assert "canary-value" not in caught.value.message
    assert caught.value.param == "model"


def test_only_names_without_wildcards_are_listed():
    assert routes(["b", "*", "a", "c*"]).names() == ["b", "a"]


@given(st.text("ab*", max_size=6), st.text("ab", max_size=8))
def test_wildcards_mean_what_they_mean_everywhere(pattern: str, name: str):
    expected = re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name) is not None
    assert matches(pattern, name) == expected
