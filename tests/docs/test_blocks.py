"""Every block of code in the documents does what it says."""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import pytest
from documents import ROOT, Block, Site, blocks, is_project, offered
from service_process import Running

from pipeline.cli import privet
from pipeline.setup.discover import BACKENDS, PLUGINS, installed
from pipeline.setup.load import examine

URL = "http://127.0.0.1:8080"
LANGUAGES = {"python", "toml", "sh", "json", "text"}
UNTRIED = ("export ", "python -m pip install ", "kill ")
"""How commands begin that would change the machine, or need what only a reader has."""
UNLISTED = "no pipeline lists it"
VARIABLES = {"OPENAI_API_KEY": "x", "PRIVET_RECEIPT_KEY": "a key of sixteen characters"}

Table = dict[str, object]


def places(block: Block) -> str:
    return block.place


def commands(text: str) -> Iterator[str]:
    """The commands of a shell block; one may go on over several lines."""
    command = ""
    for line in text.splitlines():
        command += line
        try:
            words = shlex.split(command, comments=True)
        except ValueError:
            command += "\n"
            continue
        if words:
            yield command
        command = ""
    assert not command, "the last command has no end"


SHELL = [(one.place, command) for one in blocks("sh") for command in commands(one.text)]


def run(command: list[str] | str, site: Site) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command] if isinstance(command, str) else command,
        cwd=site.folder,
        env={**os.environ, **site.variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_every_block_says_what_it_is():
    assert {one.place for one in blocks() if one.language not in LANGUAGES} == set()


def test_every_document_with_code_has_some_found():
    fences = sum(text.count("\n```") for text in (one.read_text() for one in ROOT.glob("*.md")))
    assert fences == 2 * len([one for one in blocks() if one.place.startswith(("READ", "CHANGE"))])


# Python


def test_the_documents_own_tests_pass(site: Site):
    names = [one.module for one in blocks("python") if one.module.startswith("test_")]
    assert names, "no document shows a test"
    files = [f"{name}.py" for name in names]
    done = run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files], site)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("block", [one for one in blocks("python") if not one.module], ids=places)
def test_a_script_runs(block: Block, site: Site, service: Running):
    done = run([sys.executable, "-c", block.text.replace(URL, service.url)], site)
    assert done.returncode == 0, done.stderr


def test_every_module_is_tested():
    modules = {one.module for one in blocks("python") if one.module}
    imported = "\n".join(one.text for one in blocks("python") if one.module.startswith("test_"))
    for name in sorted(modules):
        tested = name.startswith("test_") or f"from {name} import" in imported
        assert tested or name in {one.value.partition(":")[0] for one in offered()}, name


# TOML


def test_what_the_documents_install_can_be_used(importable: None):
    assert {one.group for one in offered()} == {PLUGINS, BACKENDS}
    found = installed()
    for one in offered():
        (found.plugins if one.group == PLUGINS else found.backends).load(one.name)


@pytest.mark.parametrize(
    "block", [one for one in blocks("toml") if not is_project(one)], ids=places
)
def test_a_configuration_is_fine(block: Block, tmp_path: Path, importable: None):
    path = tmp_path / "config.toml"
    table = tomllib.loads(block.text)
    whole = "models" in table
    path.write_text(block.text if whole else write(merged(base(), table)), "utf-8")
    problems = examine(path, variables=VARIABLES).problems
    assert [one for one in problems if whole or UNLISTED not in str(one)] == []


def base() -> Table:
    """The configuration that Privet comes with, which a reader changes."""
    return tomllib.loads((ROOT / "config.toml").read_text("utf-8"))


def merged(one: Table, other: Table) -> Table:
    """The first table with the second written over it; a profile of another type is replaced."""
    out = dict(one)
    for key, value in other.items():
        old = out.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        same = both and ("type" not in value or old.get("type") == value["type"])
        out[key] = merged(old, value) if same else value
    return out


def write(value: object) -> str:
    """A table as TOML, one line for each of its members."""
    assert isinstance(value, dict)
    return "\n".join(f"{json.dumps(key)} = {inline(one)}" for key, one in value.items())


def inline(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(k)} = {inline(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(inline, value)) + "]"
    return json.dumps(value)


def test_fragments_are_merged_as_a_reader_would():
    merged_table = merged({"a": {"b": {"type": "x", "c": 1}, "d": 2}}, {"a": {"b": {"type": "y"}}})
    assert merged_table == {"a": {"b": {"type": "y"}, "d": 2}}
    assert merged({"a": {"b": 1, "c": [1]}}, {"a": {"c": [2]}}) == {"a": {"b": 1, "c": [2]}}
    assert tomllib.loads(write(base())) == base()


# Shell and JSON


@pytest.mark.parametrize(("place", "command"), SHELL, ids=[f"{p} {c[:30]}" for p, c in SHELL])
def test_a_command_works(place: str, command: str, site: Site, service: Running):
    if command.startswith(UNTRIED):
        return
    words = shlex.split(command, comments=True)
    if words[0] == "make":
        rules = (ROOT / "Makefile").read_text("utf-8")
        assert all(re.search(f"^{one}:", rules, re.MULTILINE) for one in words[1:])
        return
    if words[:2] == ["privet", "receipt"]:
        return  # It needs the receipt of an exchange; `test_readers` has one.
    if words[:2] in (["privet", "serve"], ["privet", "audit"]):
        # They would not end, or not soon; whether their options are right can be said without it.
        privet.commands[words[1]].make_context(words[1], words[2:])
        return
    known = words[0] in ("privet", "curl") or "privet" in words
    assert known, f"{place}: nobody checks `{words[0]}`"
    command = re.sub(r"^curl ", "curl -fsS ", command.replace(URL, service.url))
    done = run(command, site)
    assert done.returncode == 0, done.stdout + done.stderr
    if "Anna Berg" in command:
        assert "Anna Berg" in done.stdout


def test_options_are_really_checked():
    with pytest.raises(click.UsageError):
        privet.commands["serve"].make_context("serve", ["--prot", "1"])


@pytest.mark.parametrize("block", blocks("json"), ids=places)
def test_json_is_json(block: Block):
    for line in block.text.splitlines():
        json.loads(line)
