"""The pieces of EfficientNet-Lite0 against the layers of torch that they stand for."""

from __future__ import annotations

import pytest
import torch

from engines.evidence.encoders.efficientnet import _convolved, _folded, _Layer, _padding


def weights(channels: int, inputs: int, side: int) -> dict[str, torch.Tensor]:
    torch.manual_seed(1)
    return {
        "conv.weight": torch.randn(channels, inputs, side, side),
        "bn.weight": torch.rand(channels) + 0.5,
        "bn.bias": torch.randn(channels),
        "bn.running_mean": torch.randn(channels),
        "bn.running_var": torch.rand(channels) + 0.1,
    }


def test_a_folded_layer_is_a_convolution_and_its_normalization() -> None:
    given = weights(4, 3, 3)
    norm = torch.nn.BatchNorm2d(4, eps=1e-3).eval()
    norm.load_state_dict(
        {name[3:]: value for name, value in given.items() if name.startswith("bn.")}, strict=False
    )
    x = torch.randn(2, 3, 9, 9)
    plain = norm(torch.nn.functional.conv2d(x, given["conv.weight"], padding=1))
    torch.testing.assert_close(_convolved(x, _folded(given, "conv", "bn")), plain)


@pytest.mark.parametrize(
    ("length", "side", "stride", "expected"),
    [(224, 3, 2, 1), (224, 3, 1, 2), (7, 5, 1, 4), (112, 5, 2, 3), (7, 1, 1, 0), (8, 1, 2, 0)],
)
def test_padding_is_what_tensorflow_adds(
    length: int, side: int, stride: int, expected: int
) -> None:
    assert _padding(length, side, stride) == expected


@pytest.mark.parametrize("length", [7, 8, 9])
@pytest.mark.parametrize("stride", [1, 2])
def test_an_output_is_as_long_as_the_input_by_the_stride_rounded_up(
    length: int, stride: int
) -> None:
    layer = _Layer(torch.ones(1, 1, 3, 3), torch.zeros(1))
    found = _convolved(torch.ones(1, 1, length, length), layer, stride)
    assert found.shape[-2:] == (-(-length // stride),) * 2


def test_what_is_uneven_goes_to_the_right_and_below() -> None:
    """Of 4 numbers at stride 2 with a kernel of 3 one is added: behind the last."""
    layer = _Layer(torch.ones(1, 1, 3, 3), torch.zeros(1))
    row = torch.tensor([[1.0, 10, 100, 1000]])
    found = _convolved(row.repeat(4, 1)[None, None], layer, stride=2)
    assert found[0, 0].tolist() == [[333, 3300], [222, 2200]]


def test_depthwise_channels_do_not_mix() -> None:
    layer = _Layer(torch.ones(2, 1, 1, 1), torch.zeros(2))
    x = torch.stack([torch.ones(3, 3), torch.full((3, 3), 5.0)])[None]
    torch.testing.assert_close(_convolved(x, layer, groups=2), x)
