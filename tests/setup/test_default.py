"""The configuration that Privet comes with."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from pipeline.setup.load import examine, load

PATH = Path(__file__).parents[2] / "config.toml"


def test_it_has_no_problems():
    assert examine(PATH, variables={}).problems == []


def test_it_redacts_and_restores():
    config = load(PATH, variables={})
    assert config.pipelines["default"].pre[-2:] == ["secrets", "pii"]
    assert config.pipelines["default"].post[:2] == ["pii", "secrets"]
    assert config.pipelines["default"].policies == {}


def test_keys_are_hidden_before_somebody_takes_a_part_of_one_for_a_number(tmp_path: Path):
    changed = tmp_path / "config.toml"
    changed.write_text(PATH.read_text("utf-8").replace('"secrets", "pii"]', '"pii", "secrets"]'))
    [problem] = examine(changed, variables={}).problems
    assert problem.level == "warning"
    assert "list `secrets` before `pii`" in str(problem)


def test_three_lines_put_a_real_backend_behind_it(tmp_path: Path):
    text = PATH.read_text("utf-8").replace('type = "echo"\n', "")
    lines = text.splitlines()
    real = [line for line in lines if line.startswith(("# type =", "# url =", "# key ="))]
    assert len(real) == 3
    for line in real:
        text = text.replace(line, line.removeprefix("# "))
    changed = tmp_path / "config.toml"
    changed.write_text(text)
    assert examine(changed, variables={}).problems == []
    assert tomllib.loads(text)["backends"]["local"]["type"] == "openai"


@pytest.mark.parametrize("name", ["OPENAI_API_KEY"])
def test_the_key_comes_from_the_environment(name: str):
    assert f"${{{name}" in PATH.read_text("utf-8")


def test_its_demo_leaves_the_house_redacted_and_comes_back_whole():
    demo = load(PATH, variables={}).service.demo
    words = [sys.executable, "-m", "pipeline", "run", "--json", "--config", str(PATH), demo]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    for value in ("Anna Berg", "anna.berg@example.org", "+44 20 7946 0958", "4111 1111 1111 1111"):
        assert value in demo
        assert value not in json.dumps(told["backend"])
        assert value in told["client"][0]["choices"][0]["message"]["content"]
