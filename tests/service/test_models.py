"""What the list of models says of each."""

from pathlib import Path

import msgspec
import pytest

from pipeline.service.models import models
from pipeline.setup.build import running
from pipeline.setup.load import load

pytestmark = pytest.mark.anyio

CONFIG = """
[pipelines.default]
[backends.one]
type = "echo"
models.big = { context = 9, capabilities = ["vision", "tools"], price = { input = 1, output = 2 } }
models.small = { context = 9, capabilities = ["tools", "json"] }
[models]
plain = { backend = "one" }
"any-*" = { backend = "one" }
large = { backend = "one", model = "big", label = "The big one", description = "hard questions" }
both = { targets = [{ backend = "one", model = "big" }, { backend = "one", model = "small" }] }
mixed = { targets = ["large", "plain"] }
"""

OPENAI = {"object": "model", "created": 0, "owned_by": "privet"}


async def test_models_are_listed_with_what_is_known_of_them(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    async with running(load(path)) as up:
        told = msgspec.to_builtins(models(up))
    assert told["object"] == "list"
    assert told["data"] == [
        {"id": "plain", **OPENAI},
        {
            "id": "large",
            **OPENAI,
            "label": "The big one",
            "description": "hard questions",
            "capabilities": ["tools", "vision"],
            "context": 9,
            "price": {"input": 1.0, "output": 2.0, "unit": "USD/1M"},
        },
        {"id": "both", **OPENAI, "capabilities": ["tools", "vision", "json"], "context": 9},
        {"id": "mixed", **OPENAI},
    ]


def test_there_are_none_before_the_service_has_started() -> None:
    assert msgspec.to_builtins(models(None)) == {"data": [], "object": "list"}
