"""What stands in a UNet's place takes its inputs by name, whatever the model's family has."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import torch


class NamedInputs(ABC):
    """Called like a diffusers UNet; what it predicts is up to `predicted`."""

    def __call__(
        self,
        sample: torch.Tensor,
        timestep: torch.Tensor,
        *,
        encoder_hidden_states: torch.Tensor,
        added_cond_kwargs: Mapping[str, torch.Tensor] | None = None,
        return_dict: bool = False,
    ) -> tuple[torch.Tensor]:
        """Latents (R, C, h, w), timesteps (R,), states (R, L, D) -> the prediction (R, C, h, w)."""
        inputs = {
            "sample": sample,
            "timestep": timestep,
            "encoder_hidden_states": encoder_hidden_states,
            **(added_cond_kwargs or {}),
        }
        return (self.predicted(inputs),)

    @abstractmethod
    def predicted(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        """The prediction (R, C, h, w); `inputs` in the order in which a UNet takes them."""


def called(unet: Any, inputs: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """The prediction of a diffusers UNet for inputs by name."""
    added = {name: inputs[name] for name in ("text_embeds", "time_ids") if name in inputs}
    prediction: torch.Tensor = unet(
        inputs["sample"],
        inputs["timestep"],
        encoder_hidden_states=inputs["encoder_hidden_states"],
        added_cond_kwargs=added or None,
        return_dict=False,
    )[0]
    return prediction
