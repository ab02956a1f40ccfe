"""Guards against paths that become twice as slow: ratios of computing time within one process.

The median of some rounds counts. A bound is a little less than twice what was measured when it was
set (1.5, 11 and 135), so that it fails for what takes twice as long, and for nothing else.
"""

import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]


class Ratios(NamedTuple):
    """Of computing time."""

    plain: float
    """An exchange without plugins, to one of a bare pass-through."""
    chunk: float
    """A chunk of a stream in which values are restored, to decoding and encoding it."""
    talk: float
    """A conversation of 20 turns that is known, redacted, to decoding and encoding it."""


@pytest.fixture(scope="module")
def ratios(tmp_path_factory: pytest.TempPathFactory) -> Ratios:
    """The median of each."""
    command = [sys.executable, "-m", "tests.speed.measured", str(tmp_path_factory.mktemp("speed"))]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, timeout=300)
    rounds = [Ratios(*one) for one in json.loads(done.stdout)]
    return Ratios(*(statistics.median(one) for one in zip(*rounds, strict=True)))


def test_a_plain_exchange_beside_a_bare_pass_through(ratios: Ratios):
    assert ratios.plain < 2.8


def test_a_chunk_with_restoring_beside_its_json(ratios: Ratios):
    assert ratios.chunk < 21


def test_a_known_conversation_beside_its_json(ratios: Ratios):
    assert ratios.talk < 260
