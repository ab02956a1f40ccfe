from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.setup.config import ServiceConfig
from pipeline.setup.discover import Installed
from pipeline.setup.load import examine

BASE = """
[backends.local]
type = "mirror"
[models]
"*" = { backend = "local" }
"""

Write = Callable[[str], Path]


def said(path: Path, found: Installed, level: str) -> list[str]:
    problems = examine(path, found, {}).problems
    return [str(one).removeprefix(f"{path}: ") for one in problems if one.level == level]


@pytest.mark.parametrize(
    ("lists", "message"),
    [
        ('pre = ["pre", "pre"]', "pipelines.default.pre: `pre` is listed twice; list it once"),
        ('pre = ["post"]', "pipelines.default.pre: `post` does nothing in this list; list it in"),
        ('post = ["pre"]', "pipelines.default.post: `pre` does nothing in this list; list it in"),
        (
            'pre = ["both"]\npost = ["post", "both"]',
            "`both` would put text into a reply that `post` has finished; list `both` before",
        ),
        ('uninspected = ["image"]', "no content is called `image`; did you mean `images`?"),
        ('uninspected = { file = "drop" }', "no content is called `file`; did you mean `files`?"),
        ('uninspected = { files = "dorp" }', "default.uninspected"),
        (
            "observe = true",
            "pipelines.default: `observe` sends requests as they are, personal data",
        ),
        ("uninspected = 3", "default.uninspected: an integer does not fit here"),
        ('pre = ["picky"]', "plugins.picky: word: `` is too short"),
        ('pre = ["clumsy"]', "plugins.clumsy: its own check raised KeyError"),
    ],
)
def test_what_cannot_work_is_an_error(write: Write, found: Installed, lists: str, message: str):
    messages = said(write(f"{BASE}[pipelines.default]\n{lists}"), found, "error")
    assert [message in one for one in messages] == [True], messages


@pytest.mark.parametrize(
    ("lists", "message"),
    [
        (
            'pre = ["both"]',
            "pipelines.default: `both` works on requests and replies, but is missing",
        ),
        ("i_accept_clear_text = true", "nothing is sent in clear text here without `observe`"),
        ('post = ["both"]', "is missing from `pre`; list it there too"),
        ('post = ["whole"]', "pipelines.default.post: `whole` needs the complete reply"),
        (
            'pre = ["both", "finder"]\npost = ["both"]',
            "`finder` searches with a text that `both` has changed; list `finder` before `both`",
        ),
        (
            'pre = ["both", "keys"]\npost = ["keys", "both"]',
            "`keys` looks for whole values in a text that `both` has changed; list `keys` before",
        ),
    ],
)
def test_what_is_hardly_meant_is_a_warning(
    write: Write, found: Installed, lists: str, message: str
):
    path = write(f"{BASE}[pipelines.default]\n{lists}")
    messages = said(path, found, "warning")
    assert [message in one for one in messages] == [True], messages
    assert examine(path, found, {}).config is not None


def test_a_good_order_is_fine(write: Write, found: Installed):
    path = write(
        f'{BASE}[pipelines.default]\npre = ["finder", "pre", "keys", "both"]\n'
        'post = ["both", "keys", "post"]\nuninspected = ["images", "audio", "files"]'
    )
    assert examine(path, found, {}).problems == []


@pytest.mark.parametrize(("key", "errors"), [("", 0), ("fifteen letters", 1), ("k" * 16, 0)])
def test_a_key_for_receipts_cannot_be_guessed(
    write: Write, found: Installed, key: str, errors: int
):
    path = write(f'[service]\nreceipt_key = "{key}"\n{BASE}[pipelines.default]')
    messages = said(path, found, "error")
    assert len(messages) == errors
    for message in messages:
        assert message.startswith("service.receipt_key: the key is so short")
        assert key not in message


@pytest.mark.parametrize(
    ("host", "inspect", "on"),
    [
        ("127.0.0.1", None, True),
        ("127.1.2.3", None, True),
        ("::1", None, True),
        ("localhost", None, True),
        ("0.0.0.0", None, False),
        ("::", None, False),
        ("192.0.2.1", None, False),
        ("localhost.example.org", None, False),
        ("0.0.0.0", True, True),
        ("127.0.0.1", False, False),
    ],
)
def test_inspection_is_on_where_nobody_else_can_ask(host: str, inspect: bool | None, on: bool):
    assert ServiceConfig(host=host, inspect=inspect).inspects is on


def test_content_that_cannot_be_inspected_has_a_policy_by_name(write: Write, found: Installed):
    table = 'uninspected = { images = "pass", files = "drop", audio = "block" }'
    config = examine(write(f"{BASE}[pipelines.default]\n{table}"), found, {}).config
    assert config is not None
    policies = {"images": "pass", "files": "drop", "audio": "block"}
    assert config.pipelines["default"].policies == policies


def test_names_that_lead_nowhere_are_errors(write: Write, found: Installed):
    path = write("""
        [backends.local]
        type = "mirror"
        [pipelines.default]
        [models]
        a = { backend = "lokal" }
        b = { backend = "local", pipeline = "deflaut" }
    """)
    assert said(path, found, "error") == [
        "models.a: there is no backend `lokal`; did you mean `local`?",
        "models.b: there is no pipeline `deflaut`; did you mean `default`?",
    ]


def test_no_models_at_all_is_an_error(write: Write, found: Installed):
    assert any("models: no model leads anywhere" in one for one in said(write(""), found, "error"))


def test_what_nothing_leads_to_is_a_warning(write: Write, found: Installed):
    path = write(
        BASE + '[backends.spare]\ntype = "mirror"\n[pipelines.default]\n[pipelines.spare]\n'
        '[plugins.spare]\ntype = "pre"'
    )
    assert said(path, found, "warning") == [
        "pipelines.spare: no model leads here; name it in `[models]`, or delete it",
        "backends.spare: no model leads here; name it in `[models]`, or delete it",
        "plugins.spare: no pipeline lists it; list it in one, or delete it",
    ]


def test_what_is_broken_is_not_reported_twice(write: Write, found: Installed):
    path = write("""
        [backends.local]
        type = "unstarted"
        [plugins.pre]
        mode = "x"
        [plugins.hidden]
        type = "post"
        [pipelines.default]
        pre = ["pre", "post"]
        [pipelines.other]
        deadline = -1
        post = ["hidden"]
        [models]
        a = { backend = "local" }
        b = { backend = "local", pipeline = "other" }
    """)
    problems = examine(path, found, {}).problems
    assert [one.where.removeprefix(f"{path}: ") for one in problems] == [
        "plugins.pre.mode",
        "backends.local",
        "pipelines.other.deadline",
        "pipelines.default.pre",
    ]
