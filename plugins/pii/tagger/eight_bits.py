"""Weights of four bits in eight: CPUs multiply bytes, and have to unpack what is smaller.

Models such as Rampart are shipped with four bits a weight, for download. onnxruntime unpacks these
to floating-point numbers for each text. Unpacked once to eight bits, with a scale for each column,
they take 4 MB more and less than half the time; one token in a hundred gets another label.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from plugins.pii.tagger.wire import Field, Malformed, fields, integers, written

_GRAPH = 7
_NODE, _INITIALIZER = 1, 5
_INPUT, _OUTPUT, _NAME, _OPERATOR, _ATTRIBUTE = 1, 2, 3, 4, 5
_ATTRIBUTE_NAME, _ATTRIBUTE_INTEGER, _ATTRIBUTE_TYPE, _INTEGER = 1, 3, 20, 2
_DIMENSIONS, _TYPE, _TENSOR_NAME, _RAW = 1, 2, 8, 9
_FLOAT, _BYTE, _SIGNED_BYTE = 1, 2, 3
_PACKED = "MatMulNBits"
_LARGEST = 63
"""Of a weight: products of larger ones overflow on CPUs that know AVX2 and not VNNI."""


class _Tensor(NamedTuple):
    type: int
    raw: memoryview


class _Node(NamedTuple):
    inputs: list[str]
    outputs: list[str]
    operator: str
    integers: dict[str, int]


def in_eight_bits(model: bytes) -> bytes | None:
    """A model with its four-bit weights in eight bits; None if it has none that we understand."""
    try:
        parts = [*fields(memoryview(model))]
        out = [_graph(one) if one.number == _GRAPH else one.whole for one in parts]
    except (Malformed, UnicodeDecodeError, KeyError, ValueError):
        return None
    if all(new is one.whole for new, one in zip(out, parts, strict=True)):
        return None
    return b"".join(out)


def _graph(graph: Field) -> bytes | memoryview:
    """A graph with other nodes; itself if none was to be changed."""
    parts = [*fields(graph.content)]
    tensors = dict(_tensor(one.content) for one in parts if one.number == _INITIALIZER)
    used: set[str] = set()
    out: list[bytes | memoryview] = []
    changed: set[str] = set()
    for one in parts:
        node = _node(one.content) if one.number == _NODE else None
        if node is None or node.operator != _PACKED or not _understood(node, tensors):
            used.update(node.inputs if node else ())
            out.append(one.whole)
        else:
            changed.update(node.inputs[1:])
            out += _unpacked(node, tensors)
    if not changed:
        return graph.whole
    unused = changed - used
    kept = [
        one for one in out if not (isinstance(one, memoryview) and _is_initializer(one, unused))
    ]
    return written(_GRAPH, b"".join(kept))


def _is_initializer(part: memoryview, names: set[str]) -> bool:
    [one] = fields(part)
    return one.number == _INITIALIZER and _tensor(one.content)[0] in names


def _tensor(message: memoryview) -> tuple[str, _Tensor]:
    name, kind, raw = "", 0, memoryview(b"")
    for one in fields(message):
        if one.number == _TENSOR_NAME:
            name = one.text
        elif one.number == _TYPE:
            [kind] = integers(one)
        elif one.number == _RAW:
            raw = one.content
    return name, _Tensor(kind, raw)


def _node(message: memoryview) -> _Node:
    node = _Node([], [], "", {})
    for one in fields(message):
        if one.number == _INPUT:
            node.inputs.append(one.text)
        elif one.number == _OUTPUT:
            node.outputs.append(one.text)
        elif one.number == _OPERATOR:
            node = node._replace(operator=one.text)
        elif one.number == _ATTRIBUTE:
            name, value = _attribute(one.content)
            node.integers[name] = value
    return node


def _attribute(message: memoryview) -> tuple[str, int]:
    name, value = "", 0
    for one in fields(message):
        if one.number == _ATTRIBUTE_NAME:
            name = one.text
        elif one.number == _ATTRIBUTE_INTEGER:
            [value] = integers(one)
    return name, value


def _understood(node: _Node, tensors: Mapping[str, _Tensor]) -> bool:
    """Whether the weights are of four bits and in the file, and nothing is added to the product."""
    weights, scales, *others = node.inputs[1:]
    zeros = others[0] if others else ""
    return (
        node.integers.get("bits", 4) == 4
        and not any(others[1:])
        and tensors[weights].type == _BYTE
        and tensors[scales].type == _FLOAT
        and (not zeros or tensors[zeros].type == _BYTE)
        and len(tensors[weights].raw) * 2 >= node.integers["K"] * node.integers["N"]
    )


def _unpacked(node: _Node, tensors: Mapping[str, _Tensor]) -> list[bytes]:
    """Nodes that do the same with bytes, and their weights."""
    weights = _weights(node, tensors)
    scale = np.maximum(np.abs(weights).max(axis=0), np.finfo(np.float32).tiny) / _LARGEST
    rounded = np.rint(weights / scale).astype(np.int8)
    given, [result] = node.inputs[0], node.outputs
    own = {
        one: f"{result}/{one}" for one in "value scale zero weights columns sum real both".split()
    }
    return [
        _initializer(own["weights"], _SIGNED_BYTE, rounded),
        _initializer(own["columns"], _FLOAT, scale.astype(np.float32)),
        _made("DynamicQuantizeLinear", [given], [own["value"], own["scale"], own["zero"]]),
        _made("MatMulInteger", [own["value"], own["weights"], own["zero"]], [own["sum"]]),
        _made("Cast", [own["sum"]], [own["real"]], to=_FLOAT),
        _made("Mul", [own["scale"], own["columns"]], [own["both"]]),
        _made("Mul", [own["real"], own["both"]], [result]),
    ]


def _weights(node: _Node, tensors: Mapping[str, _Tensor]) -> NDArray[np.float32]:
    """The numbers that the bits stand for: rows by columns."""
    rows, columns, block = (node.integers[name] for name in ("K", "N", "block_size"))
    blocks = -(-rows // block)
    bits = _halves(tensors[node.inputs[1]].raw, columns, blocks * block)
    scales = np.frombuffer(tensors[node.inputs[2]].raw, np.float32).reshape(columns, blocks)
    zeros = np.full((columns, blocks), 8, np.uint8)
    if len(node.inputs) > 3 and node.inputs[3]:
        zeros = _halves(tensors[node.inputs[3]].raw, columns, blocks)
    real = bits.reshape(columns, blocks, block) - zeros[..., None].astype(np.float32)
    return (real * scales[..., None]).reshape(columns, -1)[:, :rows].T


def _halves(raw: memoryview, rows: int, columns: int) -> NDArray[np.uint8]:
    """Numbers of four bits, two in a byte, the lower half first; each row begins a byte."""
    packed = np.frombuffer(raw, np.uint8).reshape(rows, -1)
    halves = np.stack((packed & np.uint8(15), packed >> np.uint8(4)), axis=-1)
    return halves.reshape(rows, -1)[:, :columns]


def _initializer(name: str, kind: int, values: NDArray[np.generic]) -> bytes:
    shape = b"".join(written(_DIMENSIONS, size) for size in values.shape)
    named = written(_TYPE, kind) + written(_TENSOR_NAME, name)
    return written(
        _INITIALIZER, shape + named + written(_RAW, np.ascontiguousarray(values).tobytes())
    )


def _made(operator: str, inputs: list[str], outputs: list[str], **attributes: int) -> bytes:
    content = [
        *(written(_INPUT, name) for name in inputs),
        *(written(_OUTPUT, name) for name in outputs),
        written(_NAME, f"{outputs[0]}/{operator}"),
        written(_OPERATOR, operator),
        *(
            written(
                _ATTRIBUTE,
                written(_ATTRIBUTE_NAME, name)
                + written(_ATTRIBUTE_INTEGER, value)
                + written(_ATTRIBUTE_TYPE, _INTEGER),
            )
            for name, value in attributes.items()
        ),
    ]
    return written(_NODE, b"".join(content))
