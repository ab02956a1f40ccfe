"""What all tests share."""

import pytest


@pytest.fixture
def anyio_backend() -> str:
    """Run `anyio` tests on asyncio, which is what the service runs on."""
    return "asyncio"
