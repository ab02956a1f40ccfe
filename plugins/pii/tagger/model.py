"""A token classifier run by onnxruntime: texts in, for each token the certainty of each label out.

One window of one text at a time. Batches gain nothing on one core, which their padding makes slower
by a tenth; and where a model's numbers are rounded to eight bits, they are rounded by what is in
the batch, so that one text would change what is found in another.
"""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from plugins.pii.tagger.eight_bits import in_eight_bits
from plugins.pii.tagger.files import Files, NoTagger
from plugins.pii.tagger.windows import Window, windows

Numbers = NDArray[np.float32]

_MOST = 128
"""Tokens in a window: some 480 characters, in which Rampart's authors found it to see most."""


class _Encoding(Protocol):
    ids: list[int]
    offsets: list[tuple[int, int]]
    special_tokens_mask: list[int]


class _Tokenizer(Protocol):
    def encode(self, sequence: str, *, add_special_tokens: bool = True) -> _Encoding: ...
    def no_truncation(self) -> None: ...
    def no_padding(self) -> None: ...


class _Input(Protocol):
    name: str


class _Session(Protocol):
    def get_inputs(self) -> Sequence[_Input]: ...
    def run(self, output_names: None, feed: dict[str, object]) -> Sequence[Numbers]: ...


class _SessionOptions(Protocol):
    intra_op_num_threads: int
    inter_op_num_threads: int
    log_severity_level: int


class Tokens(NamedTuple):
    """The tokens of a text: where they stand in it, and how certain each label is, from 0 to 1."""

    places: list[tuple[int, int]]
    scores: Numbers


class TokenClassifier:
    """A loaded model with its tokenizer."""

    def __init__(self, files: Files):
        try:
            self._tokenizer = _tokenizer(files.tokenizer)
            self._session = _session(files.model)
        except Exception as error:  # Each library raises errors of its own making.
            raise NoTagger(f"`{files.model.parent.name}` cannot be loaded: {error}") from error
        self._inputs = {one.name for one in self._session.get_inputs()}
        self._before, self._after = _around(self._tokenizer)
        self._most = min(_MOST, files.longest - len(self._before) - len(self._after))
        self._labels = len(files.labels)

    def read(self, text: str) -> Tokens:
        """What the model says of a text of any length. Where windows overlap, the surer one."""
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        ids, places = encoding.ids, encoding.offsets
        scores = np.zeros((len(ids), self._labels), np.float32)
        sure = np.full(len(ids), -1.0, np.float32)
        for start, end in windows(text, places, self._most):
            part = self._window(ids[start:end])
            margin = _margins(Window(start, end), len(ids))
            better = margin > sure[start:end]
            scores[start:end][better] = part[better]
            sure[start:end][better] = margin[better]
        return Tokens(places, scores)

    def _window(self, ids: list[int]) -> Numbers:
        tokens = np.array([[*self._before, *ids, *self._after]], np.int64)
        feed = {
            "input_ids": tokens,
            "attention_mask": np.ones_like(tokens),
            "token_type_ids": np.zeros_like(tokens),
        }
        [logits, *_] = self._session.run(
            None, {name: value for name, value in feed.items() if name in self._inputs}
        )
        own = logits[0, len(self._before) : len(self._before) + len(ids)].astype(np.float32)
        powers = np.exp(own - own.max(axis=-1, keepdims=True))
        return powers / powers.sum(axis=-1, keepdims=True)


def _margins(window: Window, count: int) -> Numbers:
    """How far each token of a window is from a border that cuts the text."""
    at = np.arange(window.end - window.start, dtype=np.float32)
    left = at if window.start else np.full_like(at, np.inf)
    right = at[::-1] if window.end < count else np.full_like(at, np.inf)
    return np.minimum(left, right)


def _tokenizer(path: Path) -> _Tokenizer:
    kind = cast("_Kind", import_module("tokenizers").Tokenizer)
    made = kind.from_file(str(path))
    made.no_truncation()
    made.no_padding()
    return made


class _Kind(Protocol):
    def from_file(self, path: str) -> _Tokenizer: ...


class _Runtime(Protocol):
    def SessionOptions(self) -> _SessionOptions: ...
    def InferenceSession(
        self, model: bytes | str, options: _SessionOptions, *, providers: list[str]
    ) -> _Session: ...


def _session(path: Path) -> _Session:
    runtime = cast("_Runtime", import_module("onnxruntime"))
    options = runtime.SessionOptions()
    # One worker, one core.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    providers = ["CPUExecutionProvider"]
    model = in_eight_bits(path.read_bytes())
    return runtime.InferenceSession(model or str(path), options, providers=providers)


def _around(tokenizer: _Tokenizer) -> tuple[list[int], list[int]]:
    """The tokens that every text begins and ends with, such as [CLS] and [SEP]."""
    encoding = tokenizer.encode("a")
    own = [at for at, special in enumerate(encoding.special_tokens_mask) if not special]
    return encoding.ids[: own[0]], encoding.ids[own[-1] + 1 :]
