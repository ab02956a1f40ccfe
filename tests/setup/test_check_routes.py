"""What `privet check` says of routes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.setup.discover import Installed
from pipeline.setup.load import examine
from pipeline.setup.problems import Problem

Said = Callable[[str], list[str]]

BASE = """
[plugins.strict]
type = "both"
[pipelines.default]
pre = ["both"]
post = ["both"]
[pipelines.strict]
pre = ["strict", "pre"]
post = ["strict"]
[pipelines.seen]
pre = ["both"]
post = ["both"]
uninspected = ["images"]
[plugins.weak]
type = "both"
mark = "other"
[pipelines.weak]
pre = ["weak"]
post = ["weak"]
[pipelines.raw]
[pipelines.watching]
pre = ["both"]
post = ["both"]
observe = true
i_accept_clear_text = true
[pipelines.light]
trust = "house"
[backends.house]
type = "mirror"
trust = "house"
[backends.partner]
type = "mirror"
trust = "partner"
[backends.away]
type = "away"
[backends.own]
type = "away"
trust = "house"
[backends.cloud]
type = "mirror"
models.priced = { price = { input = 1, output = 1, unit = "EUR/1K" } }
models.other = { price = { input = 1, output = 1 } }
models.odd = { price = { input = 1, output = 1, unit = "tokens" } }
"""


def placed(problem: Problem) -> str:
    """Where it is, without the file."""
    return problem.where.partition(": ")[2]


@pytest.fixture
def said(write: Callable[[str], Path], found: Installed) -> Said:
    """What is said of a table `[models]`, without what is said of the rest."""

    def said(models: str) -> list[str]:
        examined = examine(write(BASE + "[models]\n" + models), found, {})
        return [
            f"{place}: {one.what}"
            for one in examined.problems
            if (place := placed(one)).startswith("models")
        ]

    return said


@pytest.mark.parametrize(
    ("models", "expected"),
    [
        ("", "models: no model leads anywhere"),
        ("a = {}", "models.a: there is no target"),
        ("a = { targets = [] }", "models.a: there is no target"),
        (
            'a = { backend = "cloud", targets = [{ backend = "house" }] }',
            "models.a.backend: `backend` stands beside `targets`",
        ),
        ('a = { backend = "clod" }', "models.a: there is no backend `clod`"),
        (
            'a = { targets = [{ backend = "cloud", pipeline = "strikt" }] }',
            "models.a.targets[0]: there is no pipeline `strikt`",
        ),
        ('a = { targets = ["b"] }', "models.a.targets[0]: there is no model `b` in `[models]`"),
        ('a = { targets = ["a"] }', "models.a.targets: its targets lead back to itself"),
        (
            'a = { targets = ["b"] }\nb = { targets = ["c"] }\n'
            'c = { targets = [{ backend = "cloud" }, "a"] }',
            "models.a.targets: its targets lead back to itself",
        ),
        (
            'a = { backend = "cloud", pipeline = "light" }',
            "models.a: backend `cloud` is trusted as `public`, but pipeline `light` redacts for "
            "`house` alone",
        ),
        (
            'a = { targets = [{ backend = "house", pipeline = "light" }, '
            '{ backend = "partner", pipeline = "light" }] }',
            "models.a: backend `partner` is trusted as `partner`, but pipeline `light` redacts for "
            "`house` alone",
        ),
        (
            'a = { targets = [{ backend = "house" }, { backend = "cloud", pipeline = "raw" }] }',
            "models.a: a fallback to backend `cloud` would go out without `both`, through which "
            "requests to `house` go",
        ),
        (
            'a = { targets = [{ backend = "cloud", pipeline = "raw" }, "b"] }\n'
            'b = { backend = "cloud" }',
            "models.a: a fallback to backend `cloud` would go out without `both`, through which "
            "requests to `cloud` go",
        ),
        (
            'a = { targets = [{ backend = "house" }, { backend = "cloud", pipeline = "watching" }] '
            "}",
            "models.a: a fallback to backend `cloud` would go out without `both`, through which "
            "requests to `house` go",
        ),
        (
            'a = { targets = [{ backend = "cloud" }, { backend = "cloud", pipeline = "seen" }] }',
            "models.a: a fallback to backend `cloud` would go out with `images` that nobody has "
            "looked into, which requests to `cloud` do not",
        ),
        (
            'a = { targets = [{ backend = "cloud" }, { backend = "cloud", pipeline = "weak" }] }',
            "models.a: a fallback to backend `cloud` goes through `weak`, which has other options "
            "than `both`",
        ),
        (
            'a = { backend = "away", pipeline = "raw" }',
            "models.a: nothing in pipeline `raw` hides anything from backend `away`",
        ),
        (
            'a = { order = "cheapest", targets = [{ backend = "cloud", model = "priced" }, '
            '{ backend = "cloud", model = "other" }] }',
            "models.a.order: prices in `EUR`, `USD` cannot be compared",
        ),
        (
            'a = { targets = [{ backend = "cloud", max_cost = 1 }] }',
            "models.a: `max_cost` needs the price of `*` at `cloud`",
        ),
        (
            'a = { backend = "cloud", sticky = true }',
            "models.a.sticky: `sticky` is for draws by weight",
        ),
        (
            'a = { backend = "cloud", order = "weighted" }',
            "models.a.order: there is but one target to draw",
        ),
    ],
)
def test_what_is_wrong_with_a_route_is_named(said: Said, models: str, expected: str):
    assert expected in said(models)


@pytest.mark.parametrize(
    "models",
    [
        'a = { targets = [{ backend = "house", pipeline = "light" }, { backend = "cloud" }] }',
        'a = { targets = [{ backend = "cloud" }, { backend = "cloud", pipeline = "strict" }] }',
        'a = { targets = [{ backend = "house", pipeline = "raw" }, { backend = "cloud" }] }',
        'a = { backend = "own", pipeline = "raw" }\nb = { backend = "away" }',
        'a = { targets = ["b", "c"] }\nb = { backend = "cloud" }\nc = { targets = ["b"] }',
    ],
)
def test_nothing_is_said_of_what_is_right(said: Said, models: str):
    assert said(models) == []


def test_an_unknown_unit_of_a_price_is_named(write: Callable[[str], Path], found: Installed):
    examined = examine(write(BASE + '[models]\na = { backend = "cloud" }'), found, {})
    assert [(placed(one), one.what) for one in examined.problems if "unit" in one.what] == [
        ("backends.cloud.models.odd.price.unit", "`tokens` is no unit of prices")
    ]
