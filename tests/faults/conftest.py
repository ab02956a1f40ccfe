"""`--faults N`: every fault N times in a row, for `make test-faults`; once without it."""

import time

import pytest

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


class Bound:
    """Ends the tests when they have taken too long."""

    def __init__(self, seconds: float):
        self._end = time.monotonic() + seconds

    def pytest_runtest_setup(self) -> None:
        if time.monotonic() > self._end:
            pytest.exit("the faults take too long", returncode=1)


def pytest_configure(config: pytest.Config) -> None:
    if (count := rounds(config)) > 1:
        config.pluginmanager.register(Bound(count * LONGEST))


@pytest.fixture
def tries(request: pytest.FixtureRequest) -> int:
    """How often to try what is measured: all times where there is time."""
    return TRIES if rounds(request.config) > 1 else TRIES // 10
