import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipeline.cli import privet
from pipeline.cli.check import check

CONFIG = """
[service]
port = 0
demo = "Hello, I am Anna"
[backends.local]
type = "echo"
[pipelines.default]
pre = ["normalize"]
[pipelines.plain]
[models]
"gpt-*" = { backend = "local", model = "llama3" }
"plain" = { backend = "local", pipeline = "plain" }
[plugins.normalize]
line_ends = true
"""

Run = Callable[..., Result]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A configuration that works."""
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    return path


@pytest.fixture
def run(path: Path) -> Run:
    """Run a command on that configuration."""

    def run(command: str, *words: str, stdin: str | bytes | None = None) -> Result:
        return CliRunner().invoke(privet, [command, "--config", str(path), *words], input=stdin)

    return run


def test_help_names_every_command():
    result = CliRunner().invoke(privet, ["--help"])
    assert result.exit_code == 0
    for name in ("serve", "check", "run", "plugins", "schema", "receipt"):
        assert f"\n  {name} " in result.output
        assert CliRunner().invoke(privet, [name, "--help"]).exit_code == 0
    assert "..." not in result.output.partition("Commands:")[2]


def test_check_is_content_with_a_good_file(run: Run, path: Path):
    result = run("check")
    assert (result.exit_code, result.output) == (0, f"{path} is fine\n")


def test_check_shows_warnings_and_is_content(run: Run, path: Path):
    path.write_text(CONFIG + '[backends.spare]\ntype = "echo"')
    result = run("check")
    assert result.exit_code == 0
    assert result.stderr.startswith(f"warning: {path}: backends.spare: no model leads here; ")
    assert result.stdout == f"{path} is fine, but for 1 warning\n"
    assert run("check", "--strict").exit_code == 1


@pytest.mark.parametrize("command", ["check", "run", "serve"])
def test_a_bad_file_is_refused_with_all_its_problems(run: Run, path: Path, command: str):
    path.write_text("[service]\nprot = 1\n[backends.a]\ntype = 'ecko'\n")
    result = run(command)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        f"error: {path}: service: unknown option `prot`; did you mean `port`?",
        f"error: {path}: backends.a: no backend `ecko` is installed; did you mean `echo`?",
        f'error: {path}: models: no model leads anywhere; add a route, such as `"*" = '
        '{ backend = "…" }`',
    ]


def test_usage_errors_exit_with_2(run: Run):
    assert run("check", "--nonsense").exit_code == 2
    assert run("serve", "--port", "70000").exit_code == 2
    assert run("run", "hello", "--pipeline", "plane").exit_code == 2
    assert run("run", stdin=b"\xff").exit_code == 2


def test_colours_are_for_terminals_that_want_them(path: Path, monkeypatch: pytest.MonkeyPatch):
    path.write_text("")
    words = ["--config", str(path)]
    assert "\x1b[31m" in CliRunner().invoke(check, words, color=True).output
    assert "\x1b" not in CliRunner().invoke(check, words).output
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in CliRunner().invoke(check, words, color=True).output


def test_run_shows_every_step(run: Run):
    result = run("run", "a\u200bb")
    assert result.exit_code == 0
    assert result.output == (
        "the client sent\n  user messages[0].content\n    a\u200bb\n"
        "after normalize\n  user messages[0].content\n    ab\n"
        "the backend saw\n  user messages[0].content\n    ab\n"
        "the backend replied\n  content\n    I received: ab\n"
        "the client got\n  content\n    I received: ab\n"
    )


@pytest.mark.parametrize("stream", [[], ["--stream"]])
def test_run_says_it_all_in_json(run: Run, stream: list[str]):
    text = {"model": "gpt-9", "messages": [{"role": "user", "content": "a\u200bb"}]}
    result = run("run", "--json", *stream, stdin=json.dumps(text))
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    place = "user messages[0].content"
    assert told["sent"] == {place: "a\u200bb"}
    assert told["pre"] == [{"plugin": "normalize", "texts": {place: "ab"}}]
    assert told["backend"]["model"] == "llama3"
    assert told["backend"].get("stream", False) is bool(stream)
    assert told["reply"] == {"content": "I received: ab"}
    assert told["error"] is None
    if stream:
        assert told["client"][-1] == "[DONE]"
    else:
        assert told["client"][0]["choices"][0]["message"]["content"] == "I received: ab"


def test_run_takes_another_model_or_pipeline(run: Run):
    told = json.loads(run("run", "--json", "a\u200bb", "--pipeline", "plain").stdout)
    assert told["pre"] == []
    assert told["backend"]["messages"][0]["content"] == "a\u200bb"
    told = json.loads(run("run", "--json", "x", "--model", "gpt-1").stdout)
    assert told["backend"]["model"] == "llama3"


def test_run_says_what_went_wrong(run: Run):
    result = run("run", "x", "--model", "other")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: there is no route for this model")
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
    request = {"model": "gpt-1", "messages": [{"role": "user", "content": [image]}]}
    result = run("run", json.dumps(request))
    assert result.exit_code == 1
    assert "`images` cannot be inspected" in result.stderr
    assert "the backend saw" not in result.stdout


def test_plugins_are_listed_with_options_and_origin():
    result = CliRunner().invoke(privet, ["plugins", "normalize", "echo"])
    assert result.exit_code == 0
    assert "plugin normalize  pre  `plugins.normalize:Normalize` of privet " in result.output
    assert 'form  "NFC", "NFD", "NFKC", "NFKD" or "none"; default "NFC"' in result.output
    assert "backend echo  `pipeline.backends.echo:Echo` of privet " in result.output
    assert "plugin pii" not in result.output
    assert CliRunner().invoke(privet, ["plugins", "nobody"]).exit_code == 2


def test_schema_prints_json_or_markdown():
    result = CliRunner().invoke(privet, ["schema"])
    assert result.exit_code == 0
    assert json.loads(result.stdout)["properties"]["service"]
    result = CliRunner().invoke(privet, ["schema", "--markdown"])
    assert result.stdout.startswith("# Configuration\n")


def test_serve_shows_its_demo_serves_and_stops(path: Path):
    words = [sys.executable, "-m", "pipeline", "serve", "--config", str(path)]
    quiet = {**os.environ, "COLUMNS": "100"}
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=quiet
    ) as server:
        assert server.stdout is not None
        lines: list[str] = []
        for line in server.stdout:
            lines.append(line.rstrip())
            if "Point any OpenAI client at http://127.0.0.1:" in line:
                break
        server.send_signal(signal.SIGTERM)
        assert server.wait(20) == 0
    assert lines[1].split("│")[1].strip() == "the backend saw"
    assert [cell.strip() for cell in lines[3].split("│")][2] == "I received: Hello, I am Anna"


def test_serve_says_when_the_address_is_taken(run: Run, path: Path):
    result = run("serve", "--host", "192.0.2.1")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: {path}: service: cannot listen on 192.0.2.1")


def test_check_imports_neither_the_server_nor_the_recogniser(path: Path):
    path.write_text(CONFIG.replace('pre = ["normalize"]', 'pre = ["normalize", "pii"]'))
    code = (
        "import sys; from pipeline.cli import privet; "
        f"privet(['check', '--config', {str(path)!r}], standalone_mode=False); "
        "heavy = {'spacy', 'presidio_analyzer', 'litestar', 'uvicorn'}; "
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30
    )
    assert result.returncode == 0, result.stderr
