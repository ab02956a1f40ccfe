"""What the tests of the configuration share."""

from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from pipeline.setup.discover import BACKENDS, PLUGINS, Installed, installed

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a configuration file."""

    def write(text: str) -> Path:
        path = tmp_path / "config.toml"
        path.write_text(text)
        return path

    return write


@pytest.fixture
def found() -> Installed:
    """An environment in which the samples are installed, the bad ones too."""
    plugins = {
        name.lower(): f"setup_samples:{name}"
        for name in (
            "Pre Post Whole Both Finder Keys Picky Clumsy Fussy Needy Hookless Startless NoPlugin "
            "Meets Tidy Broken Missing"
        ).split()
    }
    plugins["gone"] = "setup_nowhere:Plugin"
    plugins["nameless"] = "setup_samples:Nobody"
    plugins["raising"] = "setup_raises:Plugin"
    backends = {
        "mirror": "setup_samples:Mirror",
        "away": "setup_samples:Away",
        "unstarted": "setup_samples:Unstarted",
    }
    return installed(
        [
            *(EntryPoint(name, value, PLUGINS) for name, value in plugins.items()),
            *(EntryPoint(name, value, BACKENDS) for name, value in backends.items()),
        ]
    )
