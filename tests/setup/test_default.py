"""The configuration that Privet comes with."""

import tomllib
from pathlib import Path

import pytest

from pipeline.setup.load import examine, load

PATH = Path(__file__).parents[2] / "config.toml"


def test_it_has_no_problems():
    assert examine(PATH, variables={}).problems == []


def test_it_redacts_and_restores():
    config = load(PATH, variables={})
    assert config.pipelines["default"].pre[-1] == "pii"
    assert config.pipelines["default"].post[0] == "pii"
    assert config.pipelines["default"].uninspected == []


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
