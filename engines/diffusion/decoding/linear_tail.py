"""Fold the last linear layers of a small VAE decoder into one convolution.

A decoder that ends in upsamplings and convolutions without activations between them spends most
of its time in these layers, because they work on many channels at full size. The layers together
are linear and shift-invariant per low-resolution pixel, so their impulse response describes them
fully: one kernel for each of the s x s output pixels of an input pixel. One convolution at low
resolution and a pixel shuffle (Shi et al., 2016) give the same result up to the order of
additions. Near the border the zero padding between the layers makes a difference, so there the
original layers are run.
"""

from __future__ import annotations

import torch
from torch import nn

_REACH = 1
"""Input pixels on either side that an output pixel may depend on. Layers that depend on more are
not folded."""
_RING = 3
"""Input rows and columns at each border on which the original layers are run: 1 that depends on
the padding, and 2 so that the cut on the inner side does not matter."""


class _ReachesTooFar(Exception):
    """An output pixel depends on input pixels farther away than `_REACH`."""


class LinearTail(nn.Module):
    """One convolution equivalent to `layers`: (N, C, h, w) to (N, C', s h, s w)."""

    def __init__(self, layers: nn.Sequential, channels: int) -> None:
        super().__init__()
        self.layers = layers
        response, bias, self.scale = _impulse_response(layers, channels)
        weight = _as_kernel(response, self.scale).contiguous(memory_format=torch.channels_last)
        self.weight = nn.Parameter(weight, requires_grad=False)
        self.bias = nn.Parameter(bias, requires_grad=False)

    def forward(self, small: torch.Tensor) -> torch.Tensor:
        """The output of `layers` for `small`, (N, C, h, w) floats of any range."""
        if min(small.shape[-2:]) < 2 * _RING:
            whole: torch.Tensor = self.layers(small)
            return whole
        phases = nn.functional.conv2d(small, self.weight, padding=_REACH)
        large = nn.functional.pixel_shuffle(phases, self.scale) + self.bias
        edge = self.scale
        for dim in (2, 3):
            length = small.shape[dim]
            first = self.layers(small.narrow(dim, 0, _RING))
            last = self.layers(small.narrow(dim, length - _RING, _RING))
            large.narrow(dim, 0, edge).copy_(first.narrow(dim, 0, edge))
            large.narrow(dim, edge * (length - 1), edge).copy_(
                last.narrow(dim, edge * (_RING - 1), edge)
            )
        return large


def fold_linear_tail(layers: nn.Sequential) -> nn.Sequential:
    """The layers with their linear tail folded; unchanged if the tail has no upsampling or
    depends on input pixels beyond `_REACH`."""
    each = list(layers)
    start = len(each)
    while start > 0 and isinstance(each[start - 1], nn.Upsample | nn.Conv2d):
        start -= 1
    tail = each[start:]
    if not any(isinstance(layer, nn.Upsample) for layer in tail) or not all(map(_folds, tail)):
        return layers
    channels = next(layer.in_channels for layer in tail if isinstance(layer, nn.Conv2d))
    try:
        return nn.Sequential(*each[:start], LinearTail(nn.Sequential(*tail), channels))
    except _ReachesTooFar:
        return layers


def _folds(layer: nn.Module) -> bool:
    if isinstance(layer, nn.Upsample):
        return layer.mode == "nearest"
    return isinstance(layer, nn.Conv2d) and layer.padding_mode == "zeros"


@torch.no_grad()
def _impulse_response(
    layers: nn.Sequential, channels: int
) -> tuple[torch.Tensor, torch.Tensor, int]:
    """The response (C, C', s k, s k) to a single 1 in each input channel, the bias (C', 1, 1), and
    the scale s, with k = 2 `_REACH` + 1. Raises `_ReachesTooFar`."""
    side = 4 * _REACH + 5
    weight = next(layers.parameters())
    zeros = torch.zeros((1, channels, side, side), dtype=weight.dtype, device=weight.device)
    impulses = zeros.repeat(channels, 1, 1, 1)
    each = range(channels)
    impulses[each, each, side // 2, side // 2] = 1.0
    rest = layers(zeros)
    response = layers(impulses) - rest
    scale = response.shape[-1] // side
    middle = scale * (side // 2 - _REACH), scale * (side // 2 + _REACH + 1)
    inside = response[:, :, middle[0] : middle[1], middle[0] : middle[1]]
    outside = response.clone()
    outside[:, :, middle[0] : middle[1], middle[0] : middle[1]] = 0
    if outside.abs().max() > 1e-5 * inside.abs().max():
        raise _ReachesTooFar
    center = rest[0, :, scale * (side // 2), scale * (side // 2)]
    return inside, center.clone().view(-1, 1, 1), scale


def _as_kernel(response: torch.Tensor, scale: int) -> torch.Tensor:
    """Rearrange a response (C, C', s k, s k) to a convolution weight (C' s s, C, k, k).

    Flipped, because a convolution in torch is a correlation.
    """
    inputs, outputs, size, _ = response.shape
    taps = size // scale
    split = response.view(inputs, outputs, taps, scale, taps, scale).flip(2, 4)
    return split.permute(1, 3, 5, 0, 2, 4).reshape(outputs * scale * scale, inputs, taps, taps)
