"""Latents in closed form: a linear code of 16x16 patches of the half-size picture.

A picture of 512 px has latents of (24, 16, 16). The code is a PCA, which is fitted in seconds. The
autoencoder's encoder is trained to give the same latents (``training.autoencoder``).
"""

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor

from training.cache import Cache, load_state, save_state

PATCH_PX = 16
CHANNELS = 24
FILE = "code.pt"


class LatentCode:
    """``mean`` (768,), ``project`` (24, 768), ``restore`` (768, 24), float32 on one device."""

    def __init__(self, mean: Tensor, project: Tensor, restore: Tensor) -> None:
        self.mean, self.project, self.restore = mean, project, restore
        self._offset = project @ mean

    @classmethod
    def fit(cls, pictures: Iterable[Tensor], channels: int = CHANNELS) -> "LatentCode":
        """Fit on batches of half-size pictures (n, 3, 16h, 16w), 0..255; each direction is scaled
        by sd^-1/2, the whole to sd 1."""
        total, square, count = torch.zeros(()), torch.zeros(()), 0
        for batch in pictures:
            rows = F.unfold(batch, PATCH_PX, stride=PATCH_PX).transpose(1, 2).flatten(0, 1)
            total, square = total.to(rows) + rows.sum(0), square.to(rows) + rows.T @ rows
            count += len(rows)
        mean = total.double() / count
        spread = (square.double() / count - mean[:, None] * mean[None]).cpu()
        values, vectors = torch.linalg.eigh(spread)
        sd = values[-channels:].flip(0).clamp(min=1e-6).sqrt()
        top = vectors[:, -channels:].flip(1).T
        gain = (sd.rsqrt() / sd.mean().sqrt())[:, None]
        parts = mean.cpu(), top * gain, (top / gain).T
        device = total.device
        return cls(*(part.float().to(device).contiguous() for part in parts))

    @classmethod
    def load(cls, cache: Cache, device: str) -> "LatentCode":
        """Read the code of the cache. Raises FileNotFoundError if there is none."""
        state = load_state(cache.file(FILE))
        if state is None:
            raise FileNotFoundError(cache.file(FILE))
        return cls(*(state[name].to(device) for name in ("mean", "project", "restore")))

    def save(self, cache: Cache) -> None:
        """Write it into the cache."""
        save_state(
            cache.file(FILE),
            {
                "mean": self.mean.cpu(),
                "project": self.project.cpu(),
                "restore": self.restore.cpu(),
            },
        )

    def encode(self, half: Tensor) -> Tensor:
        """Return the latents (n, 24, h, w), channels last in memory, of half-size pictures
        (n, 3, 16h, 16w), 0..255."""
        count, _, height, width = half.shape
        grid = count, 3, height // PATCH_PX, PATCH_PX, width // PATCH_PX, PATCH_PX
        with torch.autocast(half.device.type, enabled=False):
            patches = half.float().reshape(grid).permute(0, 2, 4, 1, 3, 5).flatten(3)
            made = patches @ self.project.T - self._offset
        return made.permute(0, 3, 1, 2)

    def decode(self, latents: Tensor) -> Tensor:
        """Return the half-size pictures, 0..255: the best linear reconstruction."""
        height, width = (PATCH_PX * side for side in latents.shape[2:])
        rows = latents.flatten(2).transpose(1, 2) @ self.restore.T + self.mean
        made = F.fold(rows.transpose(1, 2), (height, width), PATCH_PX, stride=PATCH_PX)
        return made.clamp(0, 255)
