"""What the tests of the documents share: the documents' own modules, and a service."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from documents import ROOT, Site, install
from service_process import Running, privet


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The documents' modules, installed, beside the configuration that Privet comes with."""
    folder = install(tmp_path_factory.mktemp("documents"))
    (folder / "config.toml").write_bytes((ROOT / "config.toml").read_bytes())
    (folder / "docs").mkdir()
    commands = str(Path(sys.executable).parent)
    variables = {
        "PATH": os.pathsep.join([commands, os.environ["PATH"]]),
        "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]),
        "NO_PROXY": "127.0.0.1",
        "COLUMNS": "100",
    }
    return Site(folder, variables)


@pytest.fixture
def importable(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install the documents' modules in this very process, for one test."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(site.folder))
    yield
    for name in set(sys.modules) - before:
        if (site.folder / f"{name}.py").exists():
            del sys.modules[name]


@pytest.fixture(scope="session")
def service(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The service as `make run` starts it, on another port."""
    text = (ROOT / "config.toml").read_text("utf-8")
    rest = text.partition("port = 8080\n")[2]
    assert rest, "the configuration no longer says on which port it listens"
    with privet(rest, tmp_path_factory.mktemp("service"), site.variables) as running:
        yield running
