"""Small pictures of the current estimate, without a decoder pass."""

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
    """Latents to RGB by one linear map per latent pixel, fitted to this very VAE by least squares
    on a few smooth random latents: no table of known models, and any number of channels.

    `like` gives dtype and device. Fitting decodes a few small latents once, at construction.
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
        """JPEG of the estimated picture after the last evaluation, longer side as given."""
        latents = self._estimate(trajectory)[0]
        flat = latents.flatten(1).T
        rgb = torch.cat([flat, torch.ones(len(flat), 1)], dim=1) @ self._to_rgb
        unit = (rgb / 2 + 0.5).clamp(0, 1).nan_to_num(0.5)
        height, width = latents.shape[-2:]
        pixels = (unit * 255).round().to(torch.uint8).reshape(height, width, 3).numpy()
        return thumbnail(pixels, max_side_px)

    def _estimate(self, trajectory: Trajectory) -> torch.Tensor:
        """Predicted x_0, (1, C, h, w) float32 on the CPU: DDIM (Song et al., 2021), formula 12,
        for epsilon; Salimans and Ho, 2022, section 2.4, for v. The scaled model input is the
        variance-preserving sample for every noise scheduler we allow."""
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
    """(channels + 1, 3) float32 on the CPU, the last row the constant."""
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
