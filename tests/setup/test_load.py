from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from pipeline.setup.discover import Installed
from pipeline.setup.load import examine, load
from pipeline.setup.problems import ConfigError

GOOD = """
[backends.local]
type = "mirror"
[pipelines.default]
pre = ["pre", "strict"]
[plugins.strict]
type = "pre"
threshold = 0.9
[models]
"gpt-*" = { backend = "local", model = "llama3" }
"""

Write = Callable[[str], Path]


def said(
    path: Path, found: Installed, variables: Mapping[str, str] | None = None, level: str = "error"
) -> list[str]:
    problems = examine(path, found, variables or {}).problems
    return [str(one).removeprefix(f"{path}: ") for one in problems if one.level == level]


def test_a_good_file_becomes_a_configuration(write: Write, found: Installed):
    config = load(write(GOOD), found, {})
    assert config.service.port == 8080
    assert config.plugins["strict"].threshold == 0.9  # pyright: ignore[reportAttributeAccessIssue]
    assert config.plugins["pre"].threshold == 0.5  # pyright: ignore[reportAttributeAccessIssue]
    assert config.models["gpt-*"].pipeline == "default"
    assert config.models["gpt-*"].model == "llama3"
    assert examine(write(GOOD), found, {}).problems == []


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("[service]\nprot = 1", "service: unknown option `prot`; did you mean `port`?"),
        ("[service]\nport = 70000", "service.port: the value is out of bounds; give an integer"),
        ('[service]\nport = "1"', "service.port: a string does not fit here; give an integer"),
        (
            '[service]\nlog_level = "inof"',
            "service.log_level: the value is none of the possible ones; use `debug`, `info`",
        ),
        ("service = 1", "service: this must be a table"),
        ("[backend.x]", "unknown section `backend`; did you mean `backends`?"),
        ("[plugins]\npii = 1", "plugins.pii: this must be a table"),
        ("[plugins.a]\ntype = 1", "plugins.a.type: this must be a string"),
        ('[plugins.a]\ntype = "prre"', "plugins.a: no plugin `prre` is installed; did you mean"),
        (
            '[backends.a]\ntype = "x"',
            "backends.a: no backend `x` is installed; there is `away`, `mirror`, `unstarted`",
        ),
        ("[plugins.pre]\ntreshold = 1", "plugins.pre: unknown option `treshold`; did you mean"),
        ("[plugins.pre]\nthreshold = 2", "plugins.pre.threshold: the value is out of bounds"),
        ("[plugins.pre]\nfirst = { word = 1 }", "plugins.pre.first.word: an integer does not fit"),
        ("[plugins.pre]\nweights = { a = 1.5 }", "plugins.pre.weights[...]: a number does not"),
        ("[plugins.needy]", "plugins.needy: the option `folder` is missing"),
        ("[plugins.fussy]\nlow = 5", "plugins.fussy: `low` is above `high`"),
        (
            "[plugins.gone]",
            "plugins.gone: `setup_nowhere:Plugin` of an unnamed distribution cannot",
        ),
        ("[plugins.nameless]", "plugins.nameless: `setup_samples:Nobody`"),
        ("[plugins.raising]", "plugins.raising: `setup_raises:Plugin`"),
        ("[plugins.hookless]", "has neither `on_request` nor `on_text`"),
        ("[plugins.startless]", "has a `step` and no `start`"),
        ("[plugins.noplugin]", "is no subclass of `pipeline.Plugin`"),
        ("[backends.unstarted]", "has no `start`"),
        (
            '[pipelines.default]\npre = ["prre"]',
            "pipelines.default.pre[0]: unknown plugin `prre`; did you mean `pre`?",
        ),
        ('[pipelines.default]\npre = "pre"', "pipelines.default.pre: a string does not fit here"),
        ('[pipelines.default]\npre = ["needy"]', "plugins.needy: the option `folder` is missing"),
        ('[models]\n"*" = {}', 'models."*": there is no target'),
        ('[models]\n"*" = "x"', 'models."*": this must be a table'),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_its_remedy(
    write: Write, found: Installed, toml: str, message: str
):
    assert any(message in one for one in said(write(toml), found)), said(write(toml), found)


def test_all_problems_are_said_at_once(write: Write, found: Installed):
    path = write("""
        [service]
        prot = 1
        host = 2
        [plugins.pre]
        treshold = 1
        mode = "x"
        rules = [{ word = "a", weight = 3 }, { wrod = "b" }]
        [backends.x]
        type = "unstarted"
        [pipelines.default]
        pre = ["pre", "nobody"]
        [models]
        "*" = { pipeline = "defautl", backend = "x" }
    """)
    with pytest.raises(ConfigError) as caught:
        load(path, found, {})
    places = [one.where.removeprefix(f"{path}: ") for one in caught.value.problems]
    assert places == [
        "service",
        "service.host",
        "plugins.pre",
        "plugins.pre.mode",
        "plugins.pre.rules[0].weight",
        "plugins.pre.rules[1]",
        "plugins.pre.rules[1]",
        "backends.x",
        "pipelines.default.pre[1]",
        'models."*"',
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a = = 1", "is not valid TOML: Invalid value (at line 1, column 5)"),
        (b"\xff", "is not in UTF-8"),
        (None, "cannot be read: No such file or directory"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_problem(
    tmp_path: Path, found: Installed, content: bytes | None, message: str
):
    path = tmp_path / "config.toml"
    if content is not None:
        path.write_bytes(content)
    assert [message in one for one in said(path, found)] == [True]


def test_references_are_filled_in(write: Write, found: Installed):
    path = write(
        GOOD.replace(
            'type = "mirror"',
            'type = "mirror"\nkey = "${KEY}-${WORD:-none}"\ntext = "${date} $${KEY} ${OFF:-}"',
        )
    )
    mirror = load(path, found, {"KEY": "abc"}).backends["local"]
    assert mirror.key == "abc-none"  # pyright: ignore[reportAttributeAccessIssue]
    assert mirror.text == "${date} ${KEY} "  # pyright: ignore[reportAttributeAccessIssue]


def test_a_missing_variable_is_named_with_its_place(write: Write, found: Installed):
    path = write(GOOD + '[plugins.pre]\nrules = [{ word = "${GONE}" }]')
    assert said(path, found) == [
        "plugins.pre.rules[0].word: the environment variable `GONE` is not set; "
        "set it, or give a default: `${GONE:-…}`"
    ]


@pytest.mark.parametrize(
    "toml",
    [
        '[service]\nport = "${KEY}"',
        '[service]\nlog_level = "${KEY}"',
        '[service]\nlog_level = "canary-value"',
        '[plugins.pre]\nrules = "${KEY}"',
        '[plugins.pre]\nkinds = ["canary-value"]',
        '[plugins.picky]\nword = "${KEY}"',
        '[plugins.clumsy]\nword = "${KEY}"',
        "[plugins.raising]",
        '[backends.mirror]\nkey = "old-${KEY}"',
    ],
)
def test_no_message_holds_a_value(write: Write, found: Installed, toml: str):
    messages = said(write(toml), found, {"KEY": "canary-value"})
    assert messages
    assert "canary-value" not in "".join(messages)


def test_only_what_is_used_is_imported(write: Write, found: Installed):
    assert examine(write(GOOD), found, {}).problems == []  # and `raising` was not imported
