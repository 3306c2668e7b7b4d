"""Base class of the replacements for a UNet: collects the inputs of any family by name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import torch


class NamedInputs(ABC):
    """Has the call signature of a diffusers UNet; subclasses implement `predicted`."""

    def __call__(
        self,
        sample: torch.Tensor,
        timestep: torch.Tensor,
        *,
        encoder_hidden_states: torch.Tensor,
        added_cond_kwargs: Mapping[str, torch.Tensor] | None = None,
        return_dict: bool = False,
    ) -> tuple[torch.Tensor]:
        """The prediction (R, C, h, w) for latents (R, C, h, w), timesteps (R,) and text embeddings
        (R, L, D)."""
        inputs = {
            "sample": sample,
            "timestep": timestep,
            "encoder_hidden_states": encoder_hidden_states,
            **(added_cond_kwargs or {}),
        }
        return (self.predicted(inputs),)

    @abstractmethod
    def predicted(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        """The prediction (R, C, h, w). `inputs`: UNet argument to tensor, in the UNet's order."""


def called(unet: Any, inputs: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """Call a diffusers UNet with inputs by name; returns the prediction (R, C, h, w)."""
    added = {name: inputs[name] for name in ("text_embeds", "time_ids") if name in inputs}
    prediction: torch.Tensor = unet(
        inputs["sample"],
        inputs["timestep"],
        encoder_hidden_states=inputs["encoder_hidden_states"],
        added_cond_kwargs=added or None,
        return_dict=False,
    )[0]
    return prediction
