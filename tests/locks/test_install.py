"""The installer of locks, with its commands recorded instead of run."""

import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


class Setup:
    """A copy of the installer among locks of its own."""

    def __init__(self, folder: Path):
        self.folder = folder / ".venv"
        self.commands: list[str] = []
        self.fails = ""
        self.locks = folder / "locks"
        self.locks.mkdir()
        for name in ("run.txt", "dev.txt", "../pyproject.toml"):
            (self.locks / name).write_text(name)
        shutil.copy(ROOT / "locks" / "install.py", self.locks)
        self._module = load(self.locks / "install.py")
        vars(self._module)["run"] = self._run

    def fill(self, *names: str) -> list[str]:
        """Fill the environment; what was done for it."""
        self.commands.clear()
        wanted = {name: self._module.digest(self._source(name)) for name in names}
        self._module.fill(self.folder, wanted)
        return self.commands.copy()

    def _source(self, name: str) -> Path:
        return self.locks / ("../pyproject.toml" if name == "project" else f"{name}.txt")

    def _run(self, *command: str) -> None:
        last = Path(command[-1])
        done = "venv" if "venv" in command else last.stem if last.is_file() else "project"
        if done == "venv":
            self.folder.mkdir(exist_ok=True)
        self.commands.append(done)
        if done == self.fails:
            raise SystemExit("failed")


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("install", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    return Setup(tmp_path)


def test_installs_once(setup: Setup):
    assert setup.fill("run", "project") == ["venv", "run", "project"]
    assert setup.fill("run", "project") == []


def test_adds_what_is_missing(setup: Setup):
    setup.fill("run", "project")
    assert setup.fill("run", "dev", "project") == ["dev", "project"]
    assert setup.fill("run", "project") == []


@pytest.mark.parametrize("at", ["venv", "run", "dev", "project"])
def test_begins_anew_after_a_failure(setup: Setup, at: str):
    setup.fails = at
    with pytest.raises(SystemExit):
        setup.fill("run", "dev", "project")
    setup.fails = ""
    assert setup.fill("run", "dev", "project") == ["venv", "run", "dev", "project"]


def test_trusts_nothing_after_a_failed_addition(setup: Setup):
    setup.fill("run")
    setup.fails = "dev"
    with pytest.raises(SystemExit):
        setup.fill("run", "dev")
    setup.fails = ""
    assert setup.fill("run") == ["venv", "run"]


def test_begins_anew_with_another_lock(setup: Setup):
    setup.fill("run", "dev", "project")
    (setup.locks / "dev.txt").write_text("other")
    assert setup.fill("run", "project") == []
    assert setup.fill("run", "dev", "project") == ["venv", "run", "dev", "project"]


def test_installs_the_project_anew_when_its_metadata_change(setup: Setup):
    setup.fill("run", "project")
    (setup.locks / "../pyproject.toml").write_text("other")
    assert setup.fill("run", "project") == ["project"]


def test_begins_anew_where_the_folder_was_moved(setup: Setup):
    setup.fill("run")
    moved = setup.folder.rename(setup.folder.with_name("moved"))
    setup.folder = moved
    assert setup.fill("run") == ["venv", "run"]


def pins(name: str) -> dict[str, str]:
    """The requirements of a lock, by package."""
    lines = (ROOT / "locks" / f"{name}.txt").read_text().splitlines()
    found = [line.rstrip("\\ ") for line in lines if not line.startswith((" ", "#"))]
    return {line.partition("==")[0]: line for line in found}


def test_tests_run_with_what_users_run():
    assert pins("run").items() <= pins("dev").items()


@pytest.mark.parametrize("lock", sorted((ROOT / "locks").glob("*.txt")), ids=lambda path: path.stem)
def test_locks_hold_names_versions_and_hashes_alone(lock: Path):
    text = lock.read_text()
    assert "://" not in text
    for pin in pins(lock.stem).values():
        assert "==" in pin.partition(";")[0]
        assert f"{pin} \\\n    --hash=sha256:" in text
