"""The last linear layers of a small decoder, folded into one convolution.

A decoder that ends in upsamplings and convolutions without an activation between them spends
most of its time there, on pictures of many channels at full size, only to keep three. The whole
tail is linear and repeats with the small pixel: what it does is its impulse response, one kernel
for each of the s x s output pixels of a small pixel. One convolution on the small picture and a
pixel shuffle (Shi et al., 2016) give the same numbers up to the order of additions. Only near the
border does the zero padding between the layers matter; there the layers themselves are run.
"""

from __future__ import annotations

import torch
from torch import nn

_REACH = 1
"""Small pixels on either side that an output pixel may depend on; a tail that reaches further is
left alone."""
_RING = 3
"""Small rows and columns at the border for which the layers themselves are run: 1 that the padding
touches, and the reach of the cut on its inner side."""


class _ReachesTooFar(Exception):
    """An output pixel depends on small pixels beyond `_REACH`."""


class LinearTail(nn.Module):
    """(N, C, h, w) -> (N, C', s h, s w), as `layers` would."""

    def __init__(self, layers: nn.Sequential, channels: int) -> None:
        super().__init__()
        self.layers = layers
        response, bias, self.scale = _impulse_response(layers, channels)
        weight = _as_kernel(response, self.scale).contiguous(memory_format=torch.channels_last)
        self.weight = nn.Parameter(weight, requires_grad=False)
        self.bias = nn.Parameter(bias, requires_grad=False)

    def forward(self, small: torch.Tensor) -> torch.Tensor:
        """What `layers` would make of `small`, in one convolution; floats of any range."""
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
    """The same layers, their linear tail folded where it upsamples and reaches no further than
    `_REACH`; else the layers themselves."""
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
    """Response (C, C', s k, s k) to a one in the middle of k x k zeros in each channel, the bias
    (C', 1, 1), and s. `_ReachesTooFar` where it reaches beyond the neighboring small pixels."""
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
    """(C, C', s k, s k) -> (C' s s, C, k, k): an impulse at distance d answers at -d."""
    inputs, outputs, size, _ = response.shape
    taps = size // scale
    split = response.view(inputs, outputs, taps, scale, taps, scale).flip(2, 4)
    return split.permute(1, 3, 5, 0, 2, 4).reshape(outputs * scale * scale, inputs, taps, taps)
