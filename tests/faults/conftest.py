"""`--faults N`: every fault N times in a row, for `make test-faults`.

Without it each is tried once, streamed in one protocol and whole in the other.
"""

import time
from pathlib import Path

import pytest
from faults.figures import FIGURES, Figure, Figures

FOLDER = Path(__file__).parent
LONGEST = 240.0
"""Seconds that one round of all faults may take, so that the whole ends by itself."""
TRIES = 200
"""How often a client goes away in a test that says within which time nearly all are noticed."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--faults", type=int, default=1, help="how often each fault is tried")


def rounds(config: pytest.Config) -> int:
    """How often each fault is tried; the option is unknown where all tests are run."""
    return config.getoption("faults", 1)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if (count := rounds(metafunc.config)) > 1:
        metafunc.fixturenames.append("again")
        metafunc.parametrize("again", range(count))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if rounds(config) > 1:
        return
    left = [one for one in items if _is_other(one)]
    items[:] = [one for one in items if not _is_other(one)]
    config.hook.pytest_deselected(items=left)


def _is_other(item: pytest.Item) -> bool:
    """Whether it is one of the pairs of protocol and mode that wait for `make test-faults`."""
    if item.path.parent != FOLDER or not isinstance(item, pytest.Function):
        return False
    given = item.callspec.params if hasattr(item, "callspec") else {}
    voice, streamed = given.get("voice"), given.get("streamed")
    return voice is not None and streamed is not None and (voice.name == "anthropic") != streamed


class Bound:
    """Ends the tests when they have taken too long."""

    def __init__(self, seconds: float):
        self._end = time.monotonic() + seconds

    def pytest_runtest_setup(self) -> None:
        if time.monotonic() > self._end:
            pytest.exit("the faults take too long", returncode=1)


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FIGURES] = Figures()
    if (count := rounds(config)) > 1:
        config.pluginmanager.register(Bound(count * LONGEST))


@pytest.fixture
def tries(request: pytest.FixtureRequest) -> int:
    """How often to try what is measured: all times where there is time."""
    return TRIES if rounds(request.config) > 1 else TRIES // 10


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Figure:
    """Keeps what was measured; all of it is told in the end."""
    return request.config.stash[FIGURES].keep


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    for line in config.stash[FIGURES].lines():
        terminalreporter.line(line)
