"""Which targets take a request, and in what order."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.core.dialect import Facts
from pipeline.core.errors import BadRequest
from pipeline.core.target import Target
from pipeline.setup.build import running
from pipeline.setup.config import Config
from pipeline.setup.discover import Installed
from pipeline.setup.load import load

pytestmark = pytest.mark.anyio

Configure = Callable[[str], Config]

BASE = """
[pipelines.default]
[pipelines.light]
trust = "house"
[backends.house]
type = "mirror"
trust = "house"
models.small = { context = 1000, capabilities = ["tools"], price = { input = 1, output = 1 } }
[backends.cloud]
type = "mirror"
models.big = { context = 9000, price = { input = 2, output = 8, unit = "USD/1M" } }
models.cheap = { price = { input = 0.0001, output = 0.0001, unit = "USD/1K" } }
"""


@pytest.fixture
def configure(write: Callable[[str], Path], found: Installed) -> Configure:
    """The configuration that a text describes."""
    return lambda text: load(write(BASE + "[models]\n" + text), found, {})


def names(found: list[Target]) -> list[tuple[str, str, str]]:
    return [(one.backend, one.pipeline, one.model) for one in found]


async def test_targets_come_in_the_order_of_the_list_those_of_other_models_in_their_place(
    configure: Configure,
):
    config = configure(
        'a = { targets = [{ backend = "house", pipeline = "light", model = "small" }, "b", '
        '{ backend = "cloud" }] }\n'
        'b = { backend = "cloud", model = "big" }\n'
    )
    async with running(config) as up:
        assert names(up.targets(Facts("a", stream=False))) == [
            ("house", "light", "small"),
            ("cloud", "default", "big"),
            ("cloud", "default", "a"),
        ]
        assert [one.trust for one in up.targets(Facts("a", stream=False))] == [
            "house",
            "public",
            "public",
        ]


async def test_a_target_that_cannot_do_it_is_left_out(configure: Configure):
    config = configure(
        'a = { targets = [{ backend = "house", model = "small" }, '
        '{ backend = "cloud", model = "big" }] }\n'
        'b = { backend = "house", model = "small" }'
    )
    async with running(config) as up:
        tools = Facts("a", stream=False, needs=frozenset({"tools"}))
        assert len(up.targets(tools)) == 2
        vision = Facts("a", stream=False, needs=frozenset({"tools", "vision"}))
        assert names(up.targets(vision)) == [("cloud", "default", "big")]
        with pytest.raises(BadRequest, match="`tools`, `vision`"):
            up.targets(Facts("b", stream=False, needs=vision.needs))


async def test_what_the_model_holds_and_what_it_costs_bounds_the_request(configure: Configure):
    config = configure(
        'a = { targets = [{ backend = "house", model = "small", without_labels = ["big"] }, '
        '{ backend = "cloud", model = "big", max_cost = 0.01, labels = ["big"] }, '
        '{ backend = "cloud", model = "cheap", min_tokens = 10, max_tokens = 20 }] }'
    )
    async with running(config) as up:
        small, big, cheap = (one.terms for one in up.targets(Facts("a", stream=False)))
    assert (small.most, big.most, cheap.most) == (1000, 5000, 20)
    assert small.unmet(set(), 1000) == ""
    assert small.unmet(set(), 1001) == "it has more than 1000 tokens"
    assert small.unmet({"big", "pii"}, 1) == "it is labelled `big`"
    assert big.unmet({"pii"}, 1) == "it is not labelled `big`"
    assert cheap.unmet(set(), 9) == "it has fewer than 10 tokens"


async def test_the_cheapest_comes_first_and_one_without_a_price_last(configure: Configure):
    config = configure(
        'a = { order = "cheapest", targets = [{ backend = "cloud" }, '
        '{ backend = "cloud", model = "big" }, { backend = "cloud", model = "cheap" }, '
        '{ backend = "house", model = "small" }] }'
    )
    async with running(config) as up:
        order = [one.model for one in up.targets(Facts("a", stream=False))]
    assert order == ["cheap", "small", "big", "a"]


async def test_a_draw_falls_by_weight_and_a_session_sticks_to_its_target(configure: Configure):
    targets = (
        'targets = [{ backend = "cloud", model = "big", weight = 3 }, '
        '{ backend = "cloud", model = "cheap" }]'
    )
    config = configure(
        f'a = {{ order = "weighted", {targets} }}\n'
        f'b = {{ order = "weighted", sticky = true, {targets} }}'
    )
    async with running(config) as up:

        def first(model: str, session: str | None) -> str:
            found = up.targets(Facts(model, stream=False), session)
            assert len(found) == 2
            return found[0].model

        drawn = Counter(first("a", "s") for _ in range(2000))
        assert 0.7 < drawn["big"] / 2000 < 0.8
        assert len({first("b", "s") for _ in range(50)}) == 1
        stuck = Counter(first("b", str(number)) for number in range(2000))
        assert 0.7 < stuck["big"] / 2000 < 0.8
        assert len({first("b", None) for _ in range(200)}) == 2


async def test_all_routes_to_one_model_of_a_backend_share_its_breaker_and_all_models_its_turns(
    configure: Configure,
):
    config = configure(
        'a = { targets = [{ backend = "cloud", model = "big" }, { backend = "cloud" }] }\n'
        'b = { backend = "cloud", model = "big", replay = true }\n'
        'c = { targets = ["b", { backend = "house", model = "big" }] }\n'
        '"b-*" = { backend = "cloud" }'
    )
    async with running(config) as up:
        (big, own), (same,), (again, house), (wild,) = (
            up.ways.of[one] for one in ("a", "b", "c", "b-*")
        )
        assert big.breaker is same.breaker is again.breaker
        assert len({id(one.breaker) for one in (big, own, house, wild)}) == 4
        assert list(up.ways.breakers) == [
            ("cloud", "big"),
            ("cloud", "a"),
            ("house", "big"),
            ("cloud", "b-*"),
        ]
        assert list(up.ways.turns) == ["house", "cloud"]
        assert up.targets(Facts("a", stream=False))[0].lane is big.target.lane
