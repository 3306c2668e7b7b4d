"""Previews: the current estimate of a picture, converted to RGB without the VAE decoder."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch

from engines.diffusion.decoding.thumbnails import thumbnail

if TYPE_CHECKING:
    from engines.diffusion.sampling.noise_schedules import NoiseScheduler
    from engines.diffusion.sampling.trajectory import Trajectory

_FIT_SIDE = 8
_FIT_PICTURES = 4


class LatentPreviewer:
    """Converts latents to RGB with one linear map that is applied to each latent pixel.

    The map is fitted to the VAE by least squares on a few smooth random latents, so it works for
    any VAE. The constructor decodes these latents, in the dtype and on the device of `like`.
    """

    def __init__(
        self,
        decode: Callable[[torch.Tensor], torch.Tensor],
        channels: int,
        noise_scheduler: NoiseScheduler,
        like: torch.Tensor,
    ) -> None:
        self._alphas_cumprod = noise_scheduler.alphas_cumprod.float().cpu()
        self._prediction_type: str = noise_scheduler.config.get("prediction_type", "epsilon")
        self._to_rgb = _fit(decode, channels, like)

    def jpeg(self, trajectory: Trajectory, max_side_px: int) -> bytes:
        """A JPEG of the picture as estimated by the last evaluation; its longer side is
        `max_side_px`."""
        latents = self._estimate(trajectory)[0]
        flat = latents.flatten(1).T
        rgb = torch.cat([flat, torch.ones(len(flat), 1)], dim=1) @ self._to_rgb
        unit = (rgb / 2 + 0.5).clamp(0, 1).nan_to_num(0.5)
        height, width = latents.shape[-2:]
        pixels = (unit * 255).round().to(torch.uint8).reshape(height, width, 3).numpy()
        return thumbnail(pixels, max_side_px)

    def _estimate(self, trajectory: Trajectory) -> torch.Tensor:
        """The predicted x_0, float32 (1, C, h, w) on the CPU.

        For epsilon prediction: DDIM (Song et al., 2021), formula 12; for v prediction: Salimans
        and Ho, 2022, section 2.4. Both need the variance-preserving sample, which the scaled model
        input is for every noise scheduler in the config.
        """
        if trajectory.model_input is None or trajectory.model_output is None:
            return trajectory.latents.float().cpu()
        sample = trajectory.model_input.float().cpu()
        output = trajectory.model_output.float().cpu()
        alpha = self._alpha(trajectory.predicted_at)
        if self._prediction_type == "v_prediction":
            return alpha.sqrt() * sample - (1 - alpha).sqrt() * output
        if self._prediction_type == "sample":
            return output
        return (sample - (1 - alpha).sqrt() * output) / alpha.sqrt().clamp(min=1e-3)

    def _alpha(self, timestep: float) -> torch.Tensor:
        return self._alphas_cumprod[round(min(max(timestep, 0.0), len(self._alphas_cumprod) - 1))]


def _fit(
    decode: Callable[[torch.Tensor], torch.Tensor], channels: int, like: torch.Tensor
) -> torch.Tensor:
    """The linear map, float32 (channels + 1, 3) on the CPU; its last row is the constant."""
    generator = torch.Generator("cpu").manual_seed(0)
    coarse = torch.randn((_FIT_PICTURES, channels, 3, 3), generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, (_FIT_SIDE, _FIT_SIDE), mode="bilinear")
    pictures = torch.cat([decode(each) for each in smooth.to(like).split(1)]).float().cpu()
    small = torch.nn.functional.adaptive_avg_pool2d(pictures, (_FIT_SIDE, _FIT_SIDE))
    inputs = smooth.permute(0, 2, 3, 1).reshape(-1, channels)
    inputs = torch.cat([inputs, torch.ones(len(inputs), 1)], dim=1)
    targets = small.permute(0, 2, 3, 1).reshape(-1, 3)
    solution: torch.Tensor = torch.linalg.lstsq(inputs, targets, driver="gelsd").solution
    return solution
