"""`privet audit` on whole configurations, with every position."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pipeline.audit.canaries import ENTITIES, Aviary
from pipeline.audit.positions import Sample
from pipeline.audit.shapes import Shape
from pipeline.cli import privet

ROOT = Path(__file__).parents[2]

CONFIG = """
[backends.local]
type = "echo"
[pipelines.default]
pre = ["normalize"]
[models]
"*" = { backend = "local" }
"""

PERSON = """
[backends.local]
type = "echo"
[plugins.pii]
entities = ["PERSON"]
workers = 1
[pipelines.default]
pre = ["pii"]
post = ["pii"]
[models]
"*" = { backend = "local" }
"""


class FewPositions(Sample):
    """A sample of which only some positions are tried, to save time."""

    def __init__(self, shape: Shape):
        super().__init__(shape)
        some = ("messages[0]", "messages[1]", "metadata", "tools[0].function", "user", "input[0]")
        self.positions = [one for one in self.positions if one.place.path.startswith(some)]


@pytest.fixture
def few_positions(monkeypatch: pytest.MonkeyPatch) -> None:
    """One test tries all."""
    monkeypatch.setattr("pipeline.audit.run.Sample", FewPositions)


def audit(path: Path, *words: str) -> Result:
    return CliRunner().invoke(privet, ["audit", "--config", str(path), *words])


def written(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text)
    return path


def rows(output: str) -> Iterator[tuple[str, str]]:
    """The names and outcomes in the tables."""
    for line in output.splitlines():
        if match := re.fullmatch(r"  (.*\S) +\d+  (\S.*)", line):
            yield match[1], match[2]


def assert_no_text(output: str) -> None:
    for tell in (
        "leak.example",
        "@",
        "DE2",
        "37040044",
        "453201",
        "+44",
        "ghp_",
        "My name",
        "Hello",
    ):
        assert tell not in output
    aviary = Aviary(ENTITIES)
    for _ in range(285):
        aviary.new()
    assert not [one.entity for one in aviary.made for tell in one.tells if tell in output]


def keyed(folder: Path) -> Path:
    """The default configuration with the key without which `pii` refuses personal data in texts for
    embeddings, which would show nothing of what becomes of it.
    """
    default = (ROOT / "config.toml").read_text("utf-8")
    plugin = "[plugins.pii]\n"
    assert default.count(plugin) == 1
    return written(
        folder, default.replace(plugin, f'{plugin}identity_key = "of the audit alone"\n')
    )


def test_the_default_configuration_leaks_nothing(tmp_path: Path):
    result = audit(keyed(tmp_path), "--json")
    assert result.exit_code == 0, result.output[-2000:]
    assert_no_text(result.output)
    told = json.loads(result.stdout)
    report = told["report"]
    assert (told["code"], report["blind"]) == (0, [])
    pipeline = report["pipelines"][0]
    assert (pipeline["name"], pipeline["unasked"]) == ("default", [])
    assert not pipeline["singly"], "the maximal request is refused"
    outcomes = {(row["position"], row["canary"]): row["outcome"] for row in pipeline["rows"]}
    assert len({position for position, _ in outcomes}) > 350
    for canary in ("EMAIL_ADDRESS", "IBAN_CODE", "CREDIT_CARD", "PHONE_NUMBER"):
        assert outcomes["messages[0].content", canary] == "hidden"
        assert outcomes["tools[0].function.name", canary] == "refused"
        assert outcomes["model", canary] == "refused"
    assert outcomes["messages[0].content", "PERSON"] == "hidden"
    assert outcomes["messages[2].tool_calls[0].function.arguments.value", "PERSON"] == "hidden"
    # What passes is what the documentation says that nobody looks for there.
    passed = {key for key, outcome in outcomes.items() if outcome == "passed"}
    numbers = {"seed", "temperature", "messages[7].tool_calls[0].index", "logit_bias.50256"}
    assert all(canary == "PERSON" or position in numbers for position, canary in passed)
    embeddings = report["pipelines"][2]
    assert (embeddings["dialect"], embeddings["singly"]) == ("openai-embeddings", False)
    for canary in ENTITIES:
        became = {row["outcome"] for row in embeddings["spellings"] if row["canary"] == canary}
        assert became == {"hidden"}, canary
    became = {(row["position"], row["canary"]): row["outcome"] for row in embeddings["rows"]}
    assert became["input[0]", "PERSON"] == became["input[2].text", "IBAN_CODE"] == "hidden"
    assert became["input (tokens)", "API_KEY"] == became["model", "IBAN_CODE"] == "refused"
    assert [key for key, outcome in became.items() if outcome == "passed"] == [
        ("dimensions", "CREDIT_CARD")
    ]
    spots = {one["name"]: one for one in report["spots"]}
    assert all(not one["leaks"] for one in spots.values())
    assert spots["receipts"]["seen"] > 100
    assert spots["log and output"]["seen"] > 100


@pytest.mark.usefixtures("few_positions")
def test_without_plugins_that_hide_it_everything_leaks(tmp_path: Path):
    result = audit(written(tmp_path, CONFIG))
    assert result.exit_code == 1
    assert_no_text(result.output)
    found = dict(rows(result.output))
    assert found["messages: texts"] == "LEAKED"
    assert found["metadata: texts"] == "LEAKED"
    assert found["messages[].content[].image_url.url (images)"] == "refused"
    assert found["upper case"] == "readable"
    unasked = "EMAIL_ADDRESS, IBAN_CODE, CREDIT_CARD, PHONE_NUMBER, PERSON"
    assert f"not looked for by its plugins: {unasked}\n" in result.output
    assert "LEAKED IBAN_CODE at messages[0].content\n" in result.output
    assert "\nPersonal data leaks: " in result.output


@pytest.mark.usefixtures("few_positions")
def test_what_is_not_looked_for_leaks(tmp_path: Path):
    result = audit(written(tmp_path, PERSON), "--verbose")
    assert result.exit_code == 1
    assert_no_text(result.output)
    found = dict(rows(result.output))
    mixed = "LEAKED: EMAIL_ADDRESS, IBAN_CODE, CREDIT_CARD, PHONE_NUMBER; hidden: PERSON"
    assert found["messages[].content"] == mixed
    assert found["tools[].function.description"] == mixed
    # An identity is replaced whatever it holds.
    assert found["user"] == "hidden"


@pytest.mark.usefixtures("few_positions")
def test_a_blind_audit_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pipeline.audit.scan._compact", lambda _: "nothing")
    monkeypatch.setattr("pipeline.audit.attempts.Writing.shows", lambda *_: False)
    monkeypatch.setattr("pipeline.audit.control.shown", lambda *_: [])
    result = audit(written(tmp_path, CONFIG), "--entity", "EMAIL_ADDRESS")
    assert result.exit_code == 2
    assert "error: the audit is blind at messages[0].content (EMAIL_ADDRESS)\n" in result.stderr
    assert "\nThe audit cannot tell: " in result.stdout


def test_what_cannot_run_exits_with_2(tmp_path: Path):
    result = audit(written(tmp_path, CONFIG.replace("echo", "ecko")))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "no backend `ecko` is installed; did you mean `echo`?" in result.stderr
    result = audit(written(tmp_path, CONFIG), "--entity", "FLOWER")
    assert result.exit_code == 2
    assert "there is no canary of FLOWER; there is EMAIL_ADDRESS, " in result.stderr
