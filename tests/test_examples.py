"""The example plugin: installed as anybody would, found by its entry point, and used."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[1] / "examples" / "privet-codenames"


class Site:
    """A place where the example is installed, away from the environment of the tests."""

    def __init__(self, folder: Path):
        self.source = shutil.copytree(EXAMPLE, folder / "source")
        self.packages = folder / "packages"
        self.python(
            *("pip", "install", "--no-index", "--no-deps", "--no-build-isolation", "--quiet"),
            *("--disable-pip-version-check", "--target", str(self.packages), str(self.source)),
        )

    def python(self, *command: str) -> str:
        """What `python -m …` prints; fails with what it complains of."""
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=self.source,
            env={**os.environ, "PYTHONPATH": str(self.packages)},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return Site(tmp_path_factory.mktemp("example"))


def test_plugin_and_test_are_forty_lines_at_most():
    lines = [line for path in EXAMPLE.glob("*.py") for line in path.read_text().splitlines()]
    assert len(lines) <= 40


def test_it_is_listed_with_the_distribution_that_brings_it(site: Site):
    listed = site.python("pipeline", "plugins")
    assert "codenames" in listed
    assert "privet-codenames" in listed


def test_its_configuration_has_no_problems(site: Site):
    site.python("pipeline", "check", "--config", "config.toml")


@pytest.mark.parametrize("stream", [True, False])
def test_it_works_in_a_pipeline(site: Site, stream: bool):
    options = ["--stream"] if stream else []
    text = "Is Falcon late?"
    shown = json.loads(
        site.python("pipeline", "run", "-c", "config.toml", "--json", *options, text)
    )
    assert shown["error"] is None
    seen = json.dumps(shown["backend"])
    assert "Is ALPHA late?" in seen
    assert "Falcon" not in seen
    assert "".join(map(content, shown["client"])) == "I received: Is Falcon late?"


def content(event: object) -> str:
    if not isinstance(event, dict):
        return ""
    choice = event["choices"][0]
    return choice.get("delta", choice.get("message", {})).get("content", "")


def test_its_own_test_passes(site: Site):
    site.python("pytest", "-q", "-p", "no:cacheprovider", "test_privet_codenames.py")
