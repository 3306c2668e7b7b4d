"""The network of `python -m training.faces` answers as the published one does, at any size."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from training.faces import halved

_CHANNELS = 4


def published() -> onnx.ModelProto:
    """A convolution with batch normalization, and two outputs, for images of 32 x 32."""
    rng = np.random.default_rng(3)
    weights = {
        "w": rng.normal(0, 0.2, (_CHANNELS, 3, 4, 4)),
        **{name: rng.uniform(0.5, 1.5, _CHANNELS) for name in ("scale", "bias", "mean", "var")},
        "heat": rng.normal(0, 0.2, (1, _CHANNELS, 1, 1)),
        "marks": rng.normal(0, 0.2, (2, _CHANNELS, 1, 1)),
    }
    nodes = [
        helper.make_node("Conv", ["image", "w"], ["a"], kernel_shape=[4, 4], strides=[4, 4]),
        helper.make_node("BatchNormalization", ["a", "scale", "bias", "mean", "var"], ["b"]),
        helper.make_node("Conv", ["b", "heat"], ["537"], kernel_shape=[1, 1]),
        helper.make_node("Conv", ["b", "marks"], ["540"], kernel_shape=[1, 1]),
    ]
    shape = TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "faces",
        [helper.make_tensor_value_info("image", shape, [10, 3, 32, 32])],
        [
            helper.make_tensor_value_info("537", shape, [10, 1, 8, 8]),
            helper.make_tensor_value_info("540", shape, [10, 2, 8, 8]),
        ],
        [numpy_helper.from_array(w.astype(np.float32), name) for name, w in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 9)], ir_version=4)


def answer(model: onnx.ModelProto, image: Any) -> list[Any]:
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return list(session.run(None, {"image": image}))


def test_halved_network_answers_alike_without_landmarks() -> None:
    new = halved(published(), ("537",))
    image = np.random.default_rng(4).normal(0, 1, (10, 3, 32, 32)).astype(np.float32)
    expected, _ = answer(published(), image)
    (heat,) = answer(new, image[:1])
    assert np.abs(heat - expected[:1]).max() < 0.005
    assert not any(node.op_type == "BatchNormalization" for node in new.graph.node)


def test_halved_network_takes_images_of_other_sizes() -> None:
    (heat,) = answer(halved(published(), ("537",)), np.zeros((1, 3, 64, 96), np.float32))
    assert heat.shape == (1, 1, 16, 24)
