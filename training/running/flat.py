"""A module's parameters in one buffer, so that the optimizer needs few, large operations.

On a GPU, launching a kernel takes as long as an operation on a small matrix: updating 391
parameters one after the other took longer than the network itself. Here all parameters are views of
one buffer, in which matrices of the same shape are adjacent. Their gradients are views of a second
one.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

VECTORS = ("embedding", "conv_in", "conv_out")
"""The optimizer does not treat parameters with these texts in their names as matrices."""


@dataclass(frozen=True)
class Piece:
    """The position of a parameter in the buffer. ``last``: its channels are last in memory."""

    at: int
    shape: tuple[int, ...]
    last: bool

    def view(self, buffer: Tensor) -> Tensor:
        """Return the view of the parameter in a buffer, with its shape."""
        part = buffer[self.at : self.at + torch.Size(self.shape).numel()]
        if not self.last:
            return part.view(self.shape)
        out, into, high, wide = self.shape
        return part.view(out, high, wide, into).permute(0, 3, 1, 2)


@dataclass(frozen=True)
class Stack:
    """``count`` adjacent matrices of the same shape. A convolution is a matrix (output channels,
    all other axes)."""

    at: int
    count: int
    rows: int
    columns: int

    def view(self, buffer: Tensor) -> Tensor:
        """Return the view of the matrices in a buffer, (count, rows, columns)."""
        size = self.count * self.rows * self.columns
        return buffer[self.at : self.at + size].view(self.count, self.rows, self.columns)


def is_matrix(name: str, parameter: Tensor) -> bool:
    """Return whether the optimizer treats a parameter as a matrix."""
    return parameter.ndim >= 2 and not any(part in name for part in VECTORS)


def _as_rows(parameter: Tensor) -> tuple[int, int]:
    return len(parameter), parameter[0].numel()


class Flat:
    """``weights`` (p,) float32: all parameters of a module. ``working`` (p,): the working weights,
    in the dtype of the network; the module's parameters become views of it. ``slope`` (p,): their
    gradients, in the same dtype.

    In float32 ``working`` and ``weights`` are the same tensor. In another dtype :meth:`publish`
    rounds the weights. The first ``matrices`` numbers belong to matrices.
    """

    def __init__(self, module: nn.Module, kind: torch.dtype = torch.float32) -> None:
        named = dict(module.named_parameters())
        alike: dict[tuple[int, int], list[str]] = {}
        for name, parameter in named.items():
            if is_matrix(name, parameter):
                alike.setdefault(_as_rows(parameter), []).append(name)
        self.pieces: dict[str, Piece] = {}
        self.stacks: list[Stack] = []
        end = 0
        for (rows, columns), names in alike.items():
            self.stacks.append(Stack(end, len(names), rows, columns))
            end = self._place(named, names, end)
        self.matrices = end
        end = self._place(named, [name for name in named if name not in self.pieces], end)
        device = next(iter(named.values())).device
        self.weights = torch.zeros(end, device=device)
        self.working = self.weights if kind == torch.float32 else self.weights.to(kind)
        self.slope = torch.zeros_like(self.working)
        for name, piece in self.pieces.items():
            piece.view(self.weights).copy_(named[name].data)
            named[name].data = piece.view(self.working)
            named[name].grad = piece.view(self.slope)
        self.publish()

    def _place(self, named: dict[str, nn.Parameter], names: list[str], at: int) -> int:
        for name in names:
            value = named[name]
            last = value.ndim == 4 and not value.is_contiguous()
            self.pieces[name] = Piece(at, tuple(value.shape), last)
            at += value.numel()
        return at

    def publish(self) -> None:
        """Copy the weights to the working weights of the network."""
        if self.working is not self.weights:
            self.working.copy_(self.weights)

    def named(self, buffer: Tensor) -> dict[str, Tensor]:
        """Return the name of each parameter to its view in a buffer."""
        return {name: piece.view(buffer) for name, piece in self.pieces.items()}
