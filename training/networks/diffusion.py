"""The diffusion side of training: noise levels, targets and weights."""

import torch
from diffusers import DDIMScheduler
from torch import Tensor

HIGH_NOISE_BIAS = 1.9


class Diffusion:
    """v-prediction (arXiv:2202.00512) with the betas of a noise scheduler. Timesteps t are
    0..999."""

    def __init__(self, scheduler: DDIMScheduler, device: str = "cpu") -> None:
        kept = scheduler.alphas_cumprod.float().to(device)
        self.signal = kept.sqrt()
        self.noise = (1 - kept).sqrt()
        snr = kept / (1 - kept)
        self.weight = torch.clamp(5.0 / snr.clamp(min=1e-8), max=1.0)

    def timesteps(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """Return random timesteps, int64 (count,), more of the noisy ones, where the text matters
        most."""
        u = torch.rand(count, generator=generator, device=self.signal.device)
        return ((1 - (1 - u) ** HIGH_NOISE_BIAS) * 1000).long().clamp(max=999)

    def noised(self, clean: Tensor, noise: Tensor, t: Tensor) -> Tensor:
        """Return x_t, the latents (n, c, h, w) with noise at the timesteps t (n,)."""
        return self.signal[t].view(-1, 1, 1, 1) * clean + self.noise[t].view(-1, 1, 1, 1) * noise

    def velocity(self, clean: Tensor, noise: Tensor, t: Tensor) -> Tensor:
        """Return the target v = signal * noise - noise level * clean, (n, c, h, w)."""
        return self.signal[t].view(-1, 1, 1, 1) * noise - self.noise[t].view(-1, 1, 1, 1) * clean

    def clean(self, noisy: Tensor, velocity: Tensor, t: Tensor) -> Tensor:
        """Return x_0, computed from x_t and the velocity."""
        return self.signal[t].view(-1, 1, 1, 1) * noisy - self.noise[t].view(-1, 1, 1, 1) * velocity

    def loss(self, predicted: Tensor, target: Tensor, t: Tensor) -> Tensor:
        """Return the mean square error, weighted by min(1, 5 / signal-to-noise ratio),
        the Min-SNR weight of noise prediction (arXiv:2303.09556)."""
        each = (predicted - target).square().mean((1, 2, 3))
        return (each * self.weight[t]).mean()
