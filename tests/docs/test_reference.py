"""What the documents say of the code is true of it, and nothing is left out."""

import ast
import inspect
import json
import re
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from documents import DOCUMENTS, GENERATED, ROOT, blocks, prose
from service_process import Running

import pipeline
from pipeline import PrivetError, testing
from pipeline.core.exchange import Exchange
from pipeline.core.inspection import Inspection, Refusal
from pipeline.core.receipt import Span
from pipeline.core.record import Degraded, Found, Record, Restored, Tried, Uninspected, Work
from pipeline.core.trace import Change
from pipeline.dialects.known import uninspected
from pipeline.dialects.openai.layout import LAYOUT
from pipeline.service import app
from pipeline.service.health import Ready
from pipeline.setup.describe import options
from pipeline.setup.discover import installed
from pipeline.setup.schema import markdown

PLUGINS = (ROOT / "docs" / "plugins.md").read_text("utf-8")
BACKENDS = (ROOT / "docs" / "backends.md").read_text("utf-8")
OPERATIONS = (ROOT / "docs" / "operations.md").read_text("utf-8")
PRIVACY = (ROOT / "docs" / "privacy.md").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")


def headers(cls: type) -> Iterator[str]:
    """The methods of a class as they are written, without bodies."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]
    assert isinstance(tree, ast.ClassDef)
    for one in tree.body:
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef) and one.name[0] != "_":
            one.body, one.decorator_list = [ast.Expr(ast.Constant(...))], []
            yield ast.unparse(one).partition(":\n")[0].replace("'", '"')


def rows(text: str, title: str) -> list[list[str]]:
    """The rows of the tables whose first column is called so."""
    found: list[list[str]] = []
    inside = False
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            inside = False
        elif inside and not cells[0].startswith("---"):
            found.append(cells)
        inside = inside or (line.startswith("|") and cells[0] == title)
    return found


def test_the_reference_is_what_the_structs_say():
    told = GENERATED.read_text("utf-8")
    remedy = "run `privet schema --markdown > docs/configuration.md`"
    assert told.rstrip("\n") == markdown(installed()).rstrip("\n"), remedy


@pytest.mark.parametrize("cls", [pipeline.Step, pipeline.Plugin, pipeline.TextFilter])
def test_the_guide_has_every_hook_of_plugins(cls: type):
    for header in headers(cls):
        assert f"`{header}`" in PLUGINS


@pytest.mark.parametrize("cls", [pipeline.Backend, pipeline.Upstream])
def test_the_guide_has_every_hook_of_backends(cls: type):
    for header in headers(cls):
        assert f"`{header}`" in BACKENDS


def test_the_guides_have_every_name_that_authors_import():
    for name in pipeline.__all__:
        assert re.search(rf"\b{name}\b", PLUGINS + BACKENDS), name


def test_the_guide_has_the_whole_kit():
    for name in testing.__all__:
        assert re.search(rf"`{name}`", PLUGINS), name
    laws = {row[0].strip("`") for row in rows(PLUGINS, "Function")}
    assert {name for name in testing.__all__ if name.startswith("check_")} <= laws


@pytest.mark.parametrize(
    ("cls", "unlisted"), [(pipeline.Text, ()), (Exchange, ("times",)), (pipeline.Channel, ())]
)
def test_the_guide_has_every_member_of_what_plugins_are_given(cls: type, unlisted: tuple[str, ...]):
    names = getattr(cls, "__struct_fields__", None) or cls.__slots__
    for name in names:
        if not name.startswith("_") and name not in unlisted:
            assert re.search(rf"`{name}`", PLUGINS), name


def test_the_readme_lists_every_plugin_with_its_sides():
    found = installed().plugins
    listed = {row[0].strip("`"): row[1] for row in rows(README, "Plugin")}
    sides = {name: found.load(name).sides() for name in found.names()}
    assert listed == {name: ", ".join(sorted(one)[::-1]) for name, one in sides.items()}
    for name in installed().backends.names():
        assert f"`{name}`" in README


def test_the_first_plugin_has_ten_lines():
    text = next(one.text for one in blocks("python") if one.module == "confidential")
    # Without blank lines, the file's name, and the docstring.
    lines = [one for one in text.splitlines() if one.strip() and '"""' not in one and one[0] != "#"]
    assert len(lines) <= 10


def test_the_readme_shows_what_the_service_shows(service: Running):
    shown = next(one.text for one in blocks("text") if one.text.startswith("the client sent"))
    said = logged_until("Point any OpenAI client", service)
    for line in shown.splitlines():
        pattern = re.escape(line).replace(r"2026\-11\-20", r"\d{4}-\d\d-\d\d")
        assert re.search(f"^{pattern} *$", said, re.MULTILINE), line


def test_three_lines_put_a_model_behind_it():
    text = next(one.text for one in blocks("toml") if "11434" in one.text)
    lines = text.splitlines()
    assert lines[0] == "[backends.local]"
    assert len(lines) == 4
    for line in lines[1:]:
        assert f"# {line}\n" in (ROOT / "config.toml").read_text("utf-8")


def logged_until(text: str, service: Running) -> str:
    """What the service has written, once this is in it."""
    end = time.monotonic() + 10
    while text not in (said := service.log.read_text("utf-8")):
        assert time.monotonic() < end, f"the service does not say `{text}`"
        time.sleep(0.05)
    return said


def errors(cls: type[PrivetError] = PrivetError) -> Iterator[type[PrivetError]]:
    yield cls
    for one in cls.__subclasses__():
        if one.__module__.startswith("pipeline."):
            yield from errors(one)


def test_operations_has_every_error():
    listed = {(row[0], row[1].strip("`")) for row in rows(OPERATIONS, "Status")}
    told = {(str(one.status), one.code) for one in errors() if one.code != "client_gone"}
    assert listed == told
    assert "`client_gone`" in OPERATIONS


def logged() -> Iterator[tuple[str, list[str]]]:
    """Every event that the service logs, with its fields."""
    folder = Path(inspect.getfile(app)).parent
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                names = [
                    one.value
                    for one in ast.walk(node.args[0])
                    if isinstance(one, ast.Constant) and isinstance(one.value, str)
                ]
                if node.func.id in ("event", "failure"):
                    yield from ((name, [one.arg or "" for one in node.keywords]) for name in names)


def test_operations_has_every_event_of_the_log():
    events = dict(logged())
    assert {"ready", "exchange", "plugin_failed", "backend_down"} <= events.keys()
    fields: dict[str, str] = {}
    for row in rows(OPERATIONS, "Event"):
        for name in re.findall(r"`(\w+)`", row[0]):
            fields[name] = row[2]
    assert events.keys() | {"library"} == fields.keys()
    for name, given in logged():
        for field in given:
            # `id` and `thread` are with what nobody expected; all else is listed.
            if field and field not in ("id", "thread", "warning"):
                assert f"`{field}`" in fields[name], (name, field)


def test_operations_has_every_field_of_an_exchange(service: Running):
    body = {"model": "privet", "messages": [{"role": "user", "content": "Hello"}]}
    reply = httpx.post(f"{service.url}/v1/chat/completions", json=body, trust_env=False)
    said = logged_until(reply.headers["x-privet-exchange"], service)
    told = next(line for line in said.splitlines() if reply.headers["x-privet-exchange"] in line)
    listed = {
        name
        for row in rows(OPERATIONS, "Field of `exchange`")
        for name in re.findall(r"`(\w+)`", row[0])
    }
    sample = next(one.text for one in blocks("json") if '"exchange"' in one.text)
    every_line = {"time", "level", "event"}
    assert json.loads(told).keys() == listed | every_line == json.loads(sample).keys()


def test_operations_has_every_field_of_a_receipt():
    table = rows(OPERATIONS, "Field of a receipt")
    listed = {name for row in table for name in re.findall(r"`(\w+)`", row[0])}
    assert listed == {*Record.__struct_fields__, "signature"}
    inner = {
        "attempts": (Tried,),
        "plugins": (Work, Found, Restored, Degraded),
        "uninspected": (Uninspected,),
    }
    for name, structs in inner.items():
        [row] = [one for one in table if one[0] == f"`{name}`"]
        told = set(re.findall(r"`(\w+)`", row[1]))
        assert told == {field for one in structs for field in one.__struct_fields__}


def test_operations_has_every_member_of_a_dry_run():
    table = {row[0].strip("`"): row[1] for row in rows(OPERATIONS, "Member")}
    assert tuple(table) == Inspection.__struct_fields__
    inner = {"steps": (Change, Span), "error": (Refusal,)}
    for name, structs in inner.items():
        told = set(re.findall(r"`(\w+)`", table[name]))
        assert told >= {field for one in structs for field in one.__struct_fields__}


def test_operations_shows_what_health_says():
    shown = next(json.loads(one.text) for one in blocks("json") if '"backends"' in one.text)
    assert tuple(shown) == Ready.__struct_fields__


def test_operations_has_every_path():
    handlers = re.findall(r'@(get|post)\(\s*(?:"(/[^"]*)"|(_[A-Z]+))', inspect.getsource(app))
    told = {
        (method.upper(), (path or getattr(app, name)).replace(":str}", "}"))
        for method, path, name in handlers
    }
    listed = {tuple(row[0].strip("`").split()) for row in rows(OPERATIONS, "Path")}
    assert told | {("GET", "/schema")} == listed


def anchors(path: Path) -> set[str]:
    """What one can link to in a document."""
    found = re.findall(r"^#+ (.*)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one).strip().lower().replace(" ", "-") for one in found}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path):
    # What looks like a link in code is none.
    for target in re.findall(r"\]\(([^)]+)\)", re.sub(r"`[^`]*`", "", prose(path))):
        file, _, anchor = target.partition("#")
        to = (path.parent / file).resolve() if file else path
        assert to.exists(), target
        assert not anchor or anchor in anchors(to), target


@pytest.mark.parametrize(
    "path", [one for one in DOCUMENTS if one != GENERATED], ids=lambda path: path.name
)
def test_lines_are_short_and_name_no_machine(path: Path):
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        assert len(line) <= 100 or line.startswith(("|", "{")), f"line {number} is long"
        assert not re.search(r"/(?:home|root|work|Users)/", line), f"line {number}"


def test_every_option_is_explained():
    found = installed()
    for group in (found.plugins, found.backends):
        for name in group.names():
            missing = [one.name for one in options(group.load(name)) if not one.doc]
            assert not missing, f"{name}: say what these are for"


def test_privacy_has_every_kind_of_content_that_cannot_be_inspected():
    row = next(row for row in rows(PRIVACY, "Kind") if row[0] == "Opaque")
    assert {name for name in uninspected() if name not in row[1]} == set()


def test_privacy_has_every_identity():
    row = next(row for row in rows(PRIVACY, "Kind") if row[0] == "Identity")
    names = {name for name, node in LAYOUT.fields.items() if node.string == "identity"}
    assert set(re.findall(r"`(\w+)`", row[1])) == names
