"""What a spaCy model's entity recogniser says of texts, in a third of the time that spaCy takes.

spaCy decides word by word, in a loop that takes and drops the interpreter's lock at every check of
every move: half of its time. Outside an entity a decision depends on the word alone, so all these
are one multiplication here, and only the words inside entities are gone through. And matrices are
multiplied by NumPy's library, three times as fast as thinc's own. The decisions are spaCy's.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc, Span
from thinc.api import Model, get_ops  # pyright: ignore[reportUnknownVariableType]

Floats: TypeAlias = NDArray[np.float32]
Reader: TypeAlias = Callable[[Sequence[Doc]], object]
"""Writes into new documents what entities there are in them."""

_FEATURES = 3
"""The word, and inside of an entity also its first word and the one before."""


class _Moves(Protocol):
    """What spaCy may do at a word: begin, go on with or end an entity, or be outside (`O`)."""

    n_moves: int

    def get_class_name(self, move: int, /) -> str: ...


class _Ops(Protocol):
    """What thinc counts with."""

    name: str

    def maxout(self, numbers: Floats, /) -> tuple[Floats, object]: ...


class _Layers(Protocol):
    """A model and its parts."""

    ops: _Ops

    def walk(self) -> "Iterable[_Layers]": ...


class _Pipe(Protocol):
    """spaCy's entity recogniser."""

    cfg: Mapping[str, object]
    model: Model[list[Doc], Floats]
    moves: _Moves


def reader(model: Language) -> Reader:
    """What reads with a model: in the quick way if it is of the usual kind, else in spaCy's."""
    quick = cast(_Ops, get_ops("numpy", use_blis=False))
    for _, pipe in model.pipeline:
        layers: object = getattr(pipe, "model", None)
        if isinstance(layers, Model):
            for layer in cast("_Layers", layers).walk():
                if layer.ops.name == quick.name:
                    layer.ops = quick
    if [model.get_pipe_meta(name).factory for name in model.pipe_names] == ["ner"]:
        pipe = cast(_Pipe, model.get_pipe(model.pipe_names[0]))
        if _is_usual(pipe):
            return _Quick(pipe).read
    return lambda docs: list(model.pipe(docs))


def _is_usual(pipe: _Pipe) -> bool:
    layers = pipe.model
    if layers.name != "parser_model" or pipe.cfg["beam_width"] != 1:
        return False
    lower = _layer(layers, "lower")
    return (
        bool(layers.attrs["has_upper"])
        and not layers.attrs["unseen_classes"]
        and lower.get_dim("nF") == _FEATURES
        and lower.get_dim("nP") > 1
    )


def _layer(layers: Model[list[Doc], Floats], name: str) -> Model[Floats, Floats]:
    return cast("Model[Floats, Floats]", layers.get_ref(name))  # pyright: ignore[reportUnknownMemberType]


class _Quick:
    """Reads as spaCy's parser does, with a greedy search for entities."""

    def __init__(self, pipe: _Pipe):
        layers = pipe.model
        self._ops = cast(_Ops, layers.ops)
        self._vectors = cast("Model[list[Doc], Floats]", _layer(layers, "tok2vec"))
        self._features = _layer(layers, "lower")
        self._bias = cast(Floats, self._features.get_param("b"))
        upper = _layer(layers, "upper")
        weights, biases = cast(Floats, upper.get_param("W")), cast(Floats, upper.get_param("b"))
        moves = [pipe.moves.get_class_name(at) for at in range(pipe.moves.n_moves)]
        # In spaCy's order, in which the first of equals is taken. What `U-` is for, nobody uses.
        outside = [at for at, move in enumerate(moves) if move[0] in "BUO" and move != "U-"]
        self._moves = [moves[at] for at in outside]
        self._weights, self._biases = weights[outside].T.copy(), biases[outside]
        self._outside = self._moves.index("O")
        self._begins = np.array([move[0] == "B" for move in self._moves])
        self._inside: dict[str, tuple[Floats, Floats, list[bool]]] = {}
        for kind in (move[2:] for move in self._moves if move[0] == "B"):
            on, end = moves.index(f"I-{kind}"), moves.index(f"L-{kind}")
            pair = sorted((on, end))
            self._inside[kind] = weights[pair], biases[pair], [at == end for at in pair]

    def read(self, docs: Sequence[Doc]) -> None:
        """Write the entities of documents into them."""
        docs = [doc for doc in docs if len(doc)]
        if not docs:
            return
        features = self._features.predict(self._vectors.predict(docs))
        padding, features = features[0], features[1:]
        scores = self._scores(features[:, 0] + padding[1] + padding[2])
        best = cast("NDArray[np.intp]", scores.argmax(axis=1))
        start = 0
        for doc in docs:
            here = slice(start, start + len(doc))
            found = self._entities(doc, features[here], scores[here], best[here])
            doc.set_ents([Span(doc, *one) for one in found])
            start = here.stop

    def _scores(self, sums: Floats) -> Floats:
        """How well each move fits that is allowed outside of entities, for each word."""
        hidden, _ = self._ops.maxout(sums + self._bias)
        return hidden @ self._weights + self._biases

    def _entities(
        self, doc: Doc, features: Floats, scores: Floats, best: "NDArray[np.intp]"
    ) -> Iterator[tuple[int, int, str]]:
        """The entities of a document: the first word of each, its end, its kind."""
        end = 0
        places: list[int] = np.flatnonzero(best != self._outside).tolist()
        for at in places:
            if at < end or doc[at].is_space:
                continue
            move = self._moves[int(best[at])]
            if move[0] == "B" and at + 1 == len(doc):
                move = self._moves[int(np.where(self._begins, -np.inf, scores[at]).argmax())]
            if move != "O":
                kind = move[2:]
                end = at + 1 if move[0] == "U" else self._end(features, at, kind)
                yield at, end, kind

    def _end(self, features: Floats, first: int, kind: str) -> int:
        """Where an entity of several words ends."""
        weights, biases, ends = self._inside[kind]
        for at in range(first + 1, len(features) - 1):
            sums = features[at, 0] + features[first, 1] + features[at - 1, 2] + self._bias
            if ends[int((weights @ sums.max(axis=-1) + biases).argmax())]:
                return at + 1
        return len(features)
