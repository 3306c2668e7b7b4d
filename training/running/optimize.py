"""The optimizer of the denoiser: Muon for the matrices, AdamW for the rest.

Muon (https://kellerjordan.github.io/posts/muon/) makes every update of a weight matrix orthogonal.
Here it reaches the same loss as AdamW with 2.4 times fewer samples. PyTorch's own Muon updates one
matrix after the other, always in bfloat16. This launches thousands of small products on a GPU, and
takes a minute per step on a CPU without bfloat16 instructions. This implementation updates all
matrices of the same shape at once, and all other parameters at once
(:class:`training.running.flat.Flat`). Learning rate and corrections are on the device, so that a
step can be recorded as a CUDA graph.
"""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from training.running.flat import Flat

NEWTON_SCHULZ_STEPS = 4
COEFFICIENTS = (3.4445, -4.7750, 2.0315)
MOMENTUM, DECAY = 0.95, 0.01
FIRST, SECOND, NOT_ZERO = 0.9, 0.99, 1e-8
"""Beta 1, beta 2 and epsilon of AdamW."""
LONGEST = 1.0
"""The gradient is clipped to this norm."""
MEAN_STEPS = 200
"""The mean of the weights is over about so many of the last steps."""


def orthogonal(matrices: Tensor) -> Tensor:
    """Return approximately the nearest orthogonal matrix to each of ``matrices``, (n, rows,
    columns), with Newton-Schulz steps."""
    x = matrices.bfloat16() if matrices.is_cuda else matrices
    wide = x.shape[1] <= x.shape[2]
    x = x if wide else x.mT
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    x = _through_rows(x) if x.is_cuda else _through_gram(x)
    return (x if wide else x.mT).to(matrices.dtype)


def _through_rows(x: Tensor) -> Tensor:
    """Newton-Schulz steps on the matrices (n, rows, columns). This also works in bfloat16."""
    a, b, c = COEFFICIENTS
    for _ in range(NEWTON_SCHULZ_STEPS):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x


def _through_gram(x: Tensor) -> Tensor:
    """The same steps on the products (n, rows, rows). This needs two products with wide matrices
    instead of eight, which take most of the time of a step on a CPU."""
    a, b, c = COEFFICIENTS
    gram = x @ x.mT
    unit = torch.eye(x.shape[1], dtype=x.dtype, device=x.device).expand_as(gram)
    whole = unit
    for step in range(NEWTON_SCHULZ_STEPS):
        turn = torch.baddbmm(gram, gram, gram, beta=b, alpha=c).add_(unit, alpha=a)
        whole = turn @ whole
        if step + 1 < NEWTON_SCHULZ_STEPS:
            gram = turn @ gram @ turn
    return whole @ x


class Optimizer:
    """Both optimizers for the parameters of one module, which it moves into one buffer. It clips
    the norm of the gradient, replaces a gradient that is not finite by zero, and keeps a running
    mean of the weights. ``state_dict`` does not contain the mean; see :class:`MeanWeights`."""

    def __init__(self, model: nn.Module, peak: float, kind: torch.dtype = torch.float32) -> None:
        self.flat = Flat(model, kind)
        weights = self.flat.weights
        self.mean = weights.clone()
        """(p,) float32: the mean of the weights over the last steps."""
        self._momentum = torch.zeros_like(weights[: self.flat.matrices])
        self._first = torch.zeros_like(weights[self.flat.matrices :])
        self._second = torch.zeros_like(self._first)
        self._update = torch.zeros_like(weights)
        self._numbers = torch.zeros(5, device=weights.device)
        self._group: dict[str, Any] = {"lr": peak}
        self._steps = 0

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The only group, of all parameters. The caller sets its learning rate."""
        return [self._group]

    @property
    def tensors(self) -> dict[str, Tensor]:
        """Name to each tensor that a step changes."""
        return {
            "weights": self.flat.weights,
            "mean": self.mean,
            "momentum": self._momentum,
            "first": self._first,
            "second": self._second,
        }

    def step(self) -> None:
        """Update every parameter from its gradient."""
        self.prepare()
        self.descend()

    def prepare(self) -> None:
        """Write the numbers of the next step to the device: learning rate, weight decay, bias
        corrections, weight of the mean."""
        self._steps += 1
        rate = float(self._group["lr"])
        numbers = (
            -rate,
            1 - rate * DECAY,
            1 / (1 - FIRST**self._steps),
            1 / math.sqrt(1 - SECOND**self._steps),
            max(1 / self._steps, 1 / MEAN_STEPS),
        )
        for place, number in zip(self._numbers, numbers, strict=True):
            place.fill_(number)  # a copy from the host would wait

    @torch.no_grad()
    def descend(self) -> None:
        """Do the prepared step. Nothing is read from or written to the host."""
        down, kept, first, second, newest = self._numbers
        slope = self.flat.slope.float()
        length = slope.norm()
        share = torch.where(length.isfinite(), LONGEST / length.clamp(min=LONGEST), 0.0)
        slope = slope.nan_to_num_(0, 0, 0).mul_(share)  # in place: a copy has 15 million numbers
        self._turn_matrices(slope[: self.flat.matrices])
        self._scale_rest(slope[self.flat.matrices :], first, second)
        self.flat.weights.mul_(kept).addcmul_(self._update, down)
        self.flat.publish()
        self.mean.lerp_(self.flat.weights, newest)

    def _turn_matrices(self, slope: Tensor) -> None:
        self._momentum.lerp_(slope, 1 - MOMENTUM)
        ahead = slope.lerp(self._momentum, MOMENTUM)
        for stack in self.flat.stacks:
            size = 0.2 * max(stack.rows, stack.columns) ** 0.5
            turned = orthogonal(stack.view(ahead))  # updates as large as AdamW's (arXiv:2502.16982)
            torch.mul(turned, size, out=stack.view(self._update))

    def _scale_rest(self, slope: Tensor, first: Tensor, second: Tensor) -> None:
        self._first.lerp_(slope, 1 - FIRST)
        self._second.mul_(SECOND).addcmul_(slope, slope, value=1 - SECOND)
        spread = self._second.sqrt().mul_(second).add_(NOT_ZERO)
        torch.div(self._first * first, spread, out=self._update[self.flat.matrices :])

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Set the gradients to zero. They keep their memory; ``set_to_none`` is ignored."""
        self.flat.slope.zero_()

    def state_dict(self) -> dict[str, Any]:
        """Return the tensors without the mean, and the number of steps."""
        kept = {name: value for name, value in self.tensors.items() if name != "mean"}
        return {**kept, "steps": self._steps}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned. Parameters keep their memory."""
        for name in self.tensors.keys() & state.keys():
            self.tensors[name].copy_(state[name])
        self._steps = int(state["steps"])
        self.flat.publish()


class MeanWeights:
    """The optimizer's mean of the weights, by the names of the parameters, for a checkpoint."""

    def __init__(self, optimizer: Optimizer) -> None:
        self._optimizer = optimizer

    def state_dict(self) -> dict[str, Any]:
        """Return the mean of each parameter."""
        return dict(self._optimizer.flat.named(self._optimizer.mean))

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        for name, own in self.state_dict().items():
            own.copy_(state[name])
