from importlib.metadata import EntryPoint, distributions
from pathlib import Path

import pytest
from setup_samples import Mirror, Pre

from pipeline import Backend, Plugin
from pipeline.setup.discover import PLUGINS, BadEntryPoint, Installed, installed


def distribution(folder: Path, name: str, version: str, line: str) -> None:
    """Install a distribution with one entry point, as installers do."""
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text(f"[{PLUGINS}]\n{line}\n")


def test_plugins_and_backends_are_found_by_name(found: Installed):
    assert found.plugins.load("pre") is Pre
    assert found.backends.load("mirror") is Mirror
    assert "mirror" not in found.plugins.names()


def test_two_with_one_name_are_both_named(tmp_path: Path):
    distribution(tmp_path, "one", "1.0", "redact = setup_samples:Pre")
    distribution(tmp_path, "two", "2.0", "redact = setup_samples:Post")
    points = [point for one in distributions(path=[str(tmp_path)]) for point in one.entry_points]
    found = installed(points)
    assert found.plugins.names() == ["redact"]
    with pytest.raises(BadEntryPoint) as caught:
        found.plugins.load("redact")
    assert "two plugins are called `redact`" in caught.value.what
    assert "`setup_samples:Pre` of one 1.0" in caught.value.what
    assert "`setup_samples:Post` of two 2.0" in caught.value.what


def test_one_that_is_found_twice_is_one(found: Installed):
    point = EntryPoint("pre", "setup_samples:Pre", PLUGINS)
    assert installed([point, point]).plugins.load("pre") is Pre


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("gone", "cannot be imported: No module named 'setup_nowhere'"),
        ("nameless", "has no attribute 'Nobody'"),
        ("raising", "cannot be imported: it raised RuntimeError"),
        ("noplugin", "is no subclass of `pipeline.Plugin`"),
        ("hookless", "has neither `on_request` nor `on_text`"),
        ("startless", "has a `step` and no `start`"),
    ],
)
def test_what_cannot_be_used_is_named_with_the_reason(found: Installed, name: str, what: str):
    with pytest.raises(BadEntryPoint) as caught:
        found.plugins.load(name)
    assert what in caught.value.what
    assert "setup_" in caught.value.what
    assert caught.value.remedy


def test_the_built_ins_come_in_by_the_same_door():
    found = installed()
    assert {"normalize", "pii", "context", "sanitize", "format"} <= set(found.plugins.names())
    assert {"echo", "openai"} <= set(found.backends.names())
    assert issubclass(found.plugins.load("normalize"), Plugin)
    assert issubclass(found.backends.load("echo"), Backend)
