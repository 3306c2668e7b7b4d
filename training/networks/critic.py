"""The critic of the decoder's second stage, which separates patches of 30 px of drawn pictures from
those of decoded ones."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

WIDTHS = (32, 64, 96)


class Critic(nn.Module):
    """A patch critic (PatchGAN, arXiv:1611.07004) with spectral norm (arXiv:1802.05957)."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 3
        for width in WIDTHS:
            layers += [spectral_norm(nn.Conv2d(before, width, 4, 2, 1)), nn.LeakyReLU(0.2)]
            before = width
        self.layers = nn.Sequential(*layers, spectral_norm(nn.Conv2d(before, 1, 3, 1, 1)))

    def forward(self, pixels: Tensor) -> Tensor:
        """Return scores (n, 1, h / 8, w / 8) of pixels (n, 3, h, w) in -1..1: drawn is high."""
        scores: Tensor = self.layers(pixels)
        return scores


def critic_loss(drawn: Tensor, decoded: Tensor) -> Tensor:
    """Return the hinge loss of a critic's scores: drawn above 1, decoded below -1."""
    return F.relu(1 - drawn).mean() + F.relu(1 + decoded).mean()


class Duel:
    """A critic with its optimizer. It is trained with each batch, and gives the decoder's
    adversarial loss."""

    def __init__(self, rate: float, device: str = "cpu") -> None:
        self.critic = Critic().to(device)
        self.optimizer = torch.optim.AdamW(
            self.critic.parameters(), lr=rate, betas=(0.5, 0.99), weight_decay=0
        )

    def learn(self, target: Tensor, made: Tensor) -> Tensor:
        """Train the critic for one step with drawn and decoded pictures. Returns its loss, a scalar
        on the device."""
        self.critic.requires_grad_(True)
        scores = self.critic(torch.cat([target, made.detach()]))
        loss = critic_loss(*scores.chunk(2))
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def owed(self, made: Tensor) -> Tensor:
        """Return the adversarial loss of the decoder. It is lower if its pictures look more like
        drawn ones."""
        self.critic.requires_grad_(False)
        score: Tensor = self.critic(made)
        return -score.mean()
