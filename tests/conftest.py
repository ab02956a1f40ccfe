"""What all tests share."""

import pytest
from hypothesis import settings

# A machine that is busy with something else is no finding.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


@pytest.fixture
def anyio_backend() -> str:
    """Run `anyio` tests on asyncio, which is what the service runs on."""
    return "asyncio"
