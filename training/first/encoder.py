"""Stage 3b: train the encoder, pixels to latents. ``python -m training.first.encoder``.

The latent code is a linear projection (``training.first.latents``), so the right latents of any
picture are known, and the encoder learns them by their squared error. Training pictures are crops
of the decoder's stage; half of them are recolored, mixed and made noisy, so that the encoder
also works for pictures that this model does not draw, such as a photograph to start from. On a
CPU the minutes are CPU time, as for the decoder.
"""

import argparse
import math
import time
from pathlib import Path

import cv2
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from training.cache import Cache, load_state
from training.first.decoder import Pictures, averaged
from training.first.latents import CHANNELS, PATCH_PX, Basis
from training.first.networks import build_vae
from training.running.loop import Loop, RunningMean, loop_parser
from training.running.precision import laid_out, mixed_precision
from training.running.schedule import TimeBudget

ENCODER = "encoder.pt"
CELL_PX = 2 * PATCH_PX
"""Side of the square in the picture that a latent cell stands for, which is a patch of the
half-size picture."""
SCALE = 3.0
"""Latents of the code divided by those of the encoder (``scaling_factor`` of the autoencoder)."""


class LinearCode(nn.Module):
    """The latent code as one convolution, for batches of pictures."""

    def __init__(self, basis: Basis) -> None:
        super().__init__()
        part = torch.from_numpy(basis.project).reshape(CHANNELS, PATCH_PX, PATCH_PX, 3)
        whole = part.permute(0, 3, 1, 2).repeat_interleave(2, 2).repeat_interleave(2, 3) / 4
        self.weight = nn.Buffer(whole * 127.5)
        gray = 127.5 * part.sum((1, 2, 3))
        self.bias = nn.Buffer(gray - torch.from_numpy(basis.offset).flatten())

    def forward(self, pixels: Tensor) -> Tensor:
        """Return latents (n, 12, h, w) of pixels (n, 3, 32h, 32w) in -1..1."""
        return F.conv2d(pixels, self.weight, self.bias, stride=CELL_PX)


class Encoder(nn.Module):
    """The autoencoder's encoder, to latents of the code."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = build_vae().encoder.layers

    def forward(self, pixels: Tensor) -> Tensor:
        """Return latents (n, 12, h, w) of pixels (n, 3, 32h, 32w) in -1..1."""
        made: Tensor = self.layers(pixels.add(1).div(2))
        return made * SCALE


def varied(pixels: Tensor) -> Tensor:
    """Return pixels of the same shape (n, 3, h, w), -1..1, of which the second half differs: each
    picture is blended with a neighbor, gets other gains and offsets per channel, and noise."""
    kept, changed = pixels.split([len(pixels) - len(pixels) // 2, len(pixels) // 2])
    if not len(changed):
        return pixels
    each, device = (len(changed), 1, 1, 1), pixels.device
    blend = torch.rand(each, device=device) * 0.5
    gain = 0.3 + torch.rand(len(changed), 3, 1, 1, device=device)
    offset = torch.randn(len(changed), 3, 1, 1, device=device)
    noise = torch.randn_like(changed) * (0.3 * torch.rand(each, device=device).square())
    changed = changed.lerp(changed.roll(1, 0).flip(3), blend) * gain + 0.3 * offset + noise
    return torch.cat([kept, changed.clamp(-1, 1)])


def learn(
    cache: Cache, minutes: float, peak: float, batch: int, seed: int, device: str = "cpu"
) -> Encoder:
    """Train until the budget is used up (CPU time on a CPU); continues from the checkpoint. Returns
    the encoder with the mean weights."""
    model, error = laid_out(Encoder()).to(device), RunningMean(1)
    code = LinearCode(Basis.load(cache)).to(device)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=peak, betas=(0.9, 0.99), weight_decay=1e-5, fused=True
    )
    mean = averaged(model)
    loop = Loop(
        *("encoder", cache.file(ENCODER), model, optimizer, TimeBudget(minutes * 60), peak),
        hold=0.3,
        keep_every=100,
        beside={"mean": mean},
        clock=time.process_time if device == "cpu" else time.monotonic,
        after=lambda: mean.update_parameters(model),
    )
    pictures = Pictures(cache, seed + 900_000 + loop.step)

    def loss() -> Tensor:
        pixels = varied(pictures.crops(batch)[1].to(device))
        with mixed_precision(device):
            made = model(pixels).float()
        off = (made - code(pixels)).square().mean()
        error.add(off.item())
        return off

    loop.run(loss, lambda: f"{-10 * math.log10(error.value):.1f} dB below latents of sd 1")
    return _of(mean)


def _of(mean: AveragedModel) -> Encoder:
    learned = mean.module
    assert isinstance(learned, Encoder)
    return learned


def load_encoder(cache: Cache) -> Encoder | None:
    """Return the cache's encoder with the mean weights; None before this stage."""
    state = load_state(cache.file(ENCODER))
    if state is None:
        return None
    mean = averaged(Encoder())
    mean.load_state_dict(state["mean"])
    return _of(mean)


def put_into(folder: Path, encoder: Encoder) -> None:
    """Replace the encoder of the model's folder; its decoder and other files stay as they are."""
    path = folder / "vae" / "diffusion_pytorch_model.safetensors"
    weights = load_file(path)
    for name, value in encoder.layers.state_dict().items():
        weights[f"encoder.layers.{name}"] = value.half().cpu().contiguous()
    save_file(weights, path, metadata={"format": "pt"})


def main() -> None:
    """Train, then write the encoder into the folder of `--into`, if given."""
    made = loop_parser(__doc__, minutes=12, batch=16)
    made.add_argument("--into", type=Path, help="folder of the model that gets the encoder")
    args: argparse.Namespace = made.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    torch.manual_seed(args.seed)
    options = args.minutes, args.peak, args.batch, args.seed, args.device
    encoder = learn(Cache(args.cache), *options)
    if args.into is not None:
        put_into(args.into, encoder)


if __name__ == "__main__":
    main()
